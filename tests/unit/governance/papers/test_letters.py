"""Destruction certificates and the public-records helper."""

from datetime import date
from pathlib import Path

import pytest

from governance.contracts import load_contracts
from governance.papers import (
    Destroyed,
    DestructionSource,
    RecordsRequest,
    Survivor,
    draft_destruction_certificate,
    render_pdf,
    route_records_request,
    survives_words,
)
from governance.profile import RecordsOffice
from tests.lib.papers import PROFILE, approved_request
from tests.lib.requests import TODAY

CONTRACTS = load_contracts(Path(__file__).parents[4] / "schemas" / "datasets")
BACKUPS = Survivor("Backups", "the enclave", "2027-03-01", "encrypted; restored by two people only")


def test_a_certificate_says_what_survives_where_and_until_when() -> None:
    gone = Destroyed("Result tables", "project folder", "overwritten", date(2027, 1, 5))
    source = DestructionSource(
        PROFILE, approved_request(), 1, (gone,), (BACKUPS,), "Dana Ruiz", "Requestor",
        date(2027, 1, 6),
    )  # fmt: skip
    paper = draft_destruction_certificate(source)
    text = paper.stored().decode()
    for words in ("Result tables", "overwritten", "the enclave", "2027-03-01", "DSA-0042",
                  "January 31, 2027"):  # fmt: skip
        assert words in text
    assert paper.id == "DESTRUCTION-Q0042-v1"
    assert render_pdf(paper).startswith(b"%PDF")


def test_what_survives_as_the_ledger_keeps_it() -> None:
    assert survives_words(()) == "nothing"
    assert survives_words((BACKUPS,)).startswith("Backups in the enclave until 2027-03-01")


@pytest.mark.parametrize(
    ("asks_for", "agencies"),
    [
        ("Quarterly wage records of 2024", ["DOL"]),
        ("Everything of the Department of Labor and of CSCU", ["CSCU", "DOL"]),
        ("Student enrollment by school district", ["SDE"]),
        ("Juvenile files of the Court Support Services Division", ["JB-CSSD"]),
        ("Letters of the Office of Policy and Management about DCF placements", ["DCF"]),
        ("Traffic stops in Hartford", ["OPM"]),
        ("A doc about data", []),
        ("Something else", []),
    ],
)
def test_a_request_goes_to_the_originating_agency(asks_for: str, agencies: list[str]) -> None:
    asked = RecordsRequest("FOI-1", asks_for, TODAY)
    routed = route_records_request(PROFILE, asked, CONTRACTS)
    assert [a.code for a in routed.agencies] == agencies
    assert len(routed.because) == len(agencies)
    text = routed.letter.stored().decode()
    assert "C.G.S. § 4-67dd" in text
    assert ("Please name the agency" in text) is (not agencies)


def test_the_dataset_or_the_agency_known_by_the_office_decides() -> None:
    by_dataset = RecordsRequest("FOI-1", "DOL data", TODAY, dataset="ccic/enrollment")
    routed = route_records_request(PROFILE, by_dataset)
    assert [a.code for a in routed.agencies] == ["CCIC"]
    assert "no body of the state" in routed.letter.stored().decode()
    by_agency = RecordsRequest("FOI-1", "DOL data", TODAY, agency="oec", requester="Lee Example")
    routed = route_records_request(PROFILE, by_agency)
    assert [a.code for a in routed.agencies] == ["OEC"]
    assert "Dear Lee Example," in routed.letter.stored().decode()


def test_the_letter_says_who_was_written_to_and_whom_the_office_writes_to() -> None:
    office = RecordsOffice(title="Records Officer", email="records@dol.example.org")
    known = tuple(
        a.model_copy(update={"records": office}) if a.id == "dol" else a for a in PROFILE.agencies
    )
    profile = PROFILE.model_copy(update={"agencies": known})
    for asks_for, written, by_hand in (
        ("Files of the Department of Labor", ["dol"], []),
        ("Files of CSCU", [], ["cscu"]),
        ("Files of CSCU and DOL", ["dol"], ["cscu"]),
        ("Something else", [], []),
    ):
        routed = route_records_request(profile, RecordsRequest("FOI-1", asks_for, TODAY))
        assert [a.id for a in routed.written_to] == written
        assert [a.id for a in routed.by_hand] == by_hand
        text = routed.letter.stored().decode()
        assert ("We have written to" in text) is bool(written)
        assert ("forwards your request" in text) is bool(by_hand)


def test_the_answer_is_due_in_business_days() -> None:
    """Four, counted without the weekend (C.G.S. § 1-206(a))."""
    routed = route_records_request(PROFILE, RecordsRequest("FOI-1", "x", date(2026, 3, 19)))
    assert routed.answer_by == date(2026, 3, 25)


def test_any_reference_gives_a_letter() -> None:
    routed = route_records_request(PROFILE, RecordsRequest("FOI 2026/7", "x", TODAY))
    assert routed.letter.id == "RECORDS-FOI-2026-7"
