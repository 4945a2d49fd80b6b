"""The programme's profile: what ships, what is refused."""

from pathlib import Path

import pytest

from governance.agreements import load_agreements
from governance.contracts import load_contracts
from governance.errors import DocumentError
from governance.profile import AgencyKind, load_profile

ROOT = Path(__file__).parents[3]
PUBLISHED = "SDE, CSCU, DOL, UConn, CCIC, OEC, CTECS, DOC, DCF, DMHAS, DSS, OHE, OWS, CCEH, JB-CSSD"


def test_the_fifteen_agencies_ship() -> None:
    profile = load_profile()
    assert [a.code for a in profile.participating] == (PUBLISHED.split(", "))
    assert [a.code for a in profile.agencies if not a.state_body] == ["CCIC", "CCEH"]
    assert {a.kind for a in profile.agencies} == set(AgencyKind)


def test_every_agency_of_datasets_and_agreements_is_known() -> None:
    profile = load_profile()
    feeds = {c.agency for c in load_contracts(ROOT / "schemas" / "datasets").values()}
    parties = {
        p.agency for a in load_agreements(ROOT / "schemas" / "agreements").values()
        for p in a.parties
    }  # fmt: skip
    assert {a.id for a in profile.agencies} >= feeds | parties


def test_an_agency_signs_under_its_id_and_is_written_in_full() -> None:
    profile = load_profile()
    court = profile.agency("jb_cssd")
    assert court is not None
    assert court.party.casefold() == court.id
    assert "JB-CSSD" in profile.party_name(court.party)
    assert profile.party_name("Example University") == "Example University"
    assert (profile.agency_code("nowhere"), profile.agency_name("nowhere")) == (
        "NOWHERE", "NOWHERE",
    )  # fmt: skip


def test_contacts_that_ship_are_placeholders() -> None:
    """No address of a real office; every domain is reserved (RFC 2606)."""
    profile = load_profile()
    assert profile.placeholder
    assert profile.office.email.endswith("@example.org")
    assert profile.tag_authority.endswith("example.org")
    assert all(a.records.email is None for a in profile.agencies)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{id: oec, code: OEC", "{id: sde, code: OEC"),
        ("{id: oec, code: OEC", "{id: oec, code: sde"),
        ("hours_agencies: [ccic]", "hours_agencies: [nowhere]"),
        ("jurisdiction:", "juristiction:"),
        ("meeting_minutes:", 'papers: {nda: "NDA-{nowhere}"}\nmeeting_minutes:'),
        ("meeting_minutes:", 'papers: {nda: "NDA {number}"}\nmeeting_minutes:'),
    ],
)
def test_mistakes_are_refused(tmp_path: Path, old: str, new: str) -> None:
    text = (ROOT / "schemas" / "programme" / "programme.yaml").read_text()
    changed = tmp_path / "profile.yaml"
    changed.write_text(text.replace(old, new, 1))
    with pytest.raises(DocumentError):
        load_profile(changed)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        load_profile(tmp_path / "nowhere.yaml")
