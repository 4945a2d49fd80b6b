"""The sharing agreement: everything in it comes from the facts, and what is new is told."""

import io
from dataclasses import replace
from datetime import date

import pytest
from pypdf import PdfReader

from governance.errors import LedgerError
from governance.papers import (
    NdaSource,
    Paper,
    draft_nda,
    draft_sharing_agreement,
    render_pdf,
    sharing_parties,
    what_is_new,
)
from governance.papers.model import Definitions, Items, Prose, Section, Table
from governance.requests.model import RequestedDataset
from tests.lib.papers import PROFILE, build_sharing_source, with_content
from tests.lib.requests import CHEN, RUIZ, build_content


def words_of(paper: Paper) -> str:
    """All it says."""
    return paper.stored().decode()


def test_it_says_everything_the_approval_was_about() -> None:
    source = build_sharing_source()
    paper = draft_sharing_agreement(source)
    text = words_of(paper)
    content = source.request.versions[0].submitted
    assert content is not None
    for part in content.datasets:
        assert part.dataset in text
        assert all(variable in text for variable in part.variables)
    for person in content.people:
        assert text.count(person.name) >= 3  # persons, acknowledgement, statement
    for agreement in source.agreements.values():
        if agreement.agency in content.agencies:
            assert agreement.id in text
            assert all(clause.text in text for clause in agreement.clauses)
    assert "No count of fewer than 11 people" in text  # the strictest rule of both
    assert "January 31, 2027" in text  # destruction
    assert "5 business days" in text  # matching files
    assert [e.letter for e in paper.exhibits] == ["A", "B", "C", "D", "E"]
    assert paper.id == "DSA-Q0042-v1"


def test_the_same_facts_give_the_same_digest() -> None:
    assert (
        draft_sharing_agreement(build_sharing_source()).digest
        == draft_sharing_agreement(build_sharing_source()).digest
    )


def test_its_pdf_carries_clauses_conditions_and_signature_lines() -> None:
    source = build_sharing_source()
    version = source.request.versions[0]
    assert version.decided is not None
    decided = version.decided.model_copy(update={"conditions": {"C1": "Show the tables first."}})
    request = replace(source.request, versions=(replace(version, decided=decided),))
    paper = draft_sharing_agreement(replace(source, request=request))
    reader = PdfReader(io.BytesIO(render_pdf(paper)))
    text = " ".join(" ".join(p.extract_text() for p in reader.pages).split())
    for words in ("Show the tables first.", "State Department of Education (SDE)", paper.digest):
        assert words in text


def test_a_ccic_institution_s_data_shortens_the_clock() -> None:
    ccic = RequestedDataset(dataset="ccic/enrollment", variables=("award_type",))
    content = build_content(datasets=(*build_content().datasets, ccic))
    text = words_of(draft_sharing_agreement(with_content(content)))
    assert "destroyed within 24 hours of the stewards' confirmation, since data of CCIC" in text


def test_persons_who_may_not_have_a_dataset_are_named_with_the_clause() -> None:
    text = words_of(draft_sharing_agreement(build_sharing_source()))
    assert "may not have dol/quarterly_wages" in text
    assert "20 CFR Part 603" in text


def test_parties_proposed() -> None:
    assert sharing_parties(build_content(), PROFILE) == ("DOL", "SDE", "Example University")
    own = build_content(requestor_agency="oec", organization="Office of Early Childhood")
    assert sharing_parties(own, PROFILE) == ("DOL", "SDE", "OEC")


@pytest.mark.parametrize("typed", ["Office of Early Childhood", " oec ", "OEC"])
def test_a_recipient_that_calls_itself_an_agency_has_to_sign_as_that_agency(typed: str) -> None:
    """Else nobody would sign for the recipient: the agency's name alone took it off the list."""
    content = build_content(organization=typed)
    assert sharing_parties(content, PROFILE) == ("DOL", "SDE", "OEC")
    contributing = build_content(organization="Department of Labor")
    assert sharing_parties(contributing, PROFILE) == ("DOL", "SDE")


def test_a_version_never_submitted_has_no_agreement() -> None:
    with pytest.raises(LedgerError, match="never submitted"):
        draft_sharing_agreement(build_sharing_source(version=2))


def test_reacceptance_shows_what_is_new_and_the_text_keeps_its_digest() -> None:
    first = draft_sharing_agreement(build_sharing_source())
    content = build_content()
    wider = build_content(
        datasets=(
            content.datasets[0].model_copy(update={"variables": ("grade", "year", "disability")}),
            content.datasets[1],
        ),
        people=(RUIZ, CHEN),
        destruction_on=date(2027, 2, 28),
    )
    second = draft_sharing_agreement(with_content(wider, earlier=first))
    news = "\n".join(second.news)
    for words in ("added: “disability", "removed: “town", "“January 31, 2027” became “February 28"):
        assert words in news
    assert "Ada Okafor" in news
    assert second.digest == draft_sharing_agreement(with_content(wider)).digest
    again = draft_sharing_agreement(build_sharing_source(earlier=first))
    assert again.news == ("Nothing but the document's number.",)


def test_what_is_new_reads_structure() -> None:
    def paper(*sections: Section, title: str = "T") -> Paper:
        return Paper(id="P-1", kind="k", title=title, programme="p", issued_by="o",
                     sections=sections)  # fmt: skip

    prose = "Outputs are shown to the agencies two weeks before they are published."
    table = Table(caption="c", head=("Name", "Count"), rows=(("a", "1"), ("b", "2")))
    old = paper(
        Section(key="one", title="One", blocks=(Prose(text=prose), table)),
        Section(key="gone", title="Gone"),
    )
    new_table = table.model_copy(update={"rows": (("a", "3"), ("c", "9"))})
    new = paper(
        Section(
            key="one",
            title="One",
            blocks=(
                Prose(text=prose.replace("two", "four")),
                new_table,
                Definitions(items=(("Term", "now here"),)),
                Items(items=("an item",)),
            ),
        ),
        Section(key="fresh", title="Fresh"),
        title="U",
    )
    assert what_is_new(old, new) == (
        "Title: “T” became “U”",
        f"One: “{prose}” became “{prose.replace('two', 'four')}”",
        "One, a: “1” became “3”",
        "One: added: “c: 9”",
        "One: added: “Term: now here”",
        "One: added: “an item”",
        "One: removed: “b: 2”",
        "New section: Fresh",
        "Section removed: Gone",
    )
    assert what_is_new(old, old) == ()


def test_a_statement_for_each_person_cites_the_agreement() -> None:
    agreement = draft_sharing_agreement(build_sharing_source())
    statement = draft_nda(
        NdaSource(PROFILE, "Q0042", "Attendance", RUIZ, agreement.id, agreement.digest,
                  date(2026, 3, 20))
    )  # fmt: skip
    assert statement.id == "NDA-Q0042-p-ruiz"
    assert agreement.digest in words_of(statement)
    assert "Dana Ruiz" in words_of(statement)
