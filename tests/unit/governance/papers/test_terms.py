"""What of an agreement binds a person, and what is told when it changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.papers import SharingSource, binding_terms, what_is_new_in_terms
from governance.requests.model import RequestedDataset
from governance.requests.terms import Terms, Topic, parse_terms
from tests.lib.papers import PROFILE, build_sharing_source, with_content
from tests.lib.requests import TODAY, build_agreements, build_content, build_request_person

SOURCE = build_sharing_source()
TERMS = binding_terms(SOURCE)
GRADES, WAGES = build_content().datasets


def test_they_say_everything_that_binds() -> None:
    said = TERMS.by_title()
    assert said["Variables of sde/enrollment"].values == ("grade", "town", "year")
    assert said["Purpose"].values == (build_content().purpose,)
    assert said["Smallest count shown"].values == ("11",)  # the strictest of both
    assert said["Destruction by"].values == ("2027-01-31",)
    for agreement in SOURCE.agreements.values():
        if agreement.agency in build_content().agencies:
            for clause in agreement.clauses:
                assert any(clause.text in t.values for t in TERMS.topics)
    assert "I keep confidential" in said["What the statement declares"].values[0]
    assert parse_terms(TERMS.stored(), "Terms") == TERMS


def clauses_changed() -> dict[str, Any]:
    agreements = build_agreements()
    mou = agreements["MOU-SDE"]
    first, *others = mou.clauses
    changed = replace(mou, clauses=(replace(first, text="Another duty."), *others))
    return agreements | {"MOU-SDE": changed}


def renewed() -> dict[str, Any]:
    """The same text under another number, version and title."""
    return {
        f"{key}-2": replace(a, id=f"{key}-2", version="2.0", title="Renewed")
        for key, a in build_agreements().items()
    }


def described_otherwise() -> dict[str, Any]:
    contracts = SOURCE.contracts
    return {k: replace(c, title="Another title", version="9.0.0") for k, c in contracts.items()}


SAME: dict[str, Callable[[], SharingSource]] = {
    "other parties": lambda: replace(SOURCE, parties=("SDE", "DOL", "Elsewhere")),
    "another day of drafting": lambda: replace(SOURCE, drafted_on=TODAY + timedelta(days=1)),
    "another term of the paper": lambda: replace(
        SOURCE, effective_on=TODAY + timedelta(days=9), ends_on=TODAY + timedelta(days=99)
    ),
    "a review board": lambda: replace(SOURCE, irb="Approved."),
    "other persons": lambda: with_content(
        build_content(people=(*build_content().people, build_request_person(id="p-new")))
    ),
    "a renewed agreement of a feed": lambda: replace(SOURCE, agreements=renewed()),
    "other titles": lambda: replace(SOURCE, contracts=described_otherwise()),
}
OTHERS: dict[str, tuple[Callable[[], SharingSource], str]] = {
    "a variable": (
        lambda: with_content(
            build_content(
                datasets=(GRADES.model_copy(update={"variables": ("grade", "gender")}), WAGES)
            )
        ),
        "Variables of sde/enrollment: added “gender”; removed “town”, “year”",
    ),
    "a year": (
        lambda: with_content(
            build_content(datasets=(GRADES.model_copy(update={"years": (2024,)}), WAGES))
        ),
        "Years of sde/enrollment: added “2024”; removed “all years”",
    ),
    "a dataset": (
        lambda: with_content(
            build_content(
                datasets=(
                    GRADES, WAGES, RequestedDataset(dataset="oec/centers", variables=("sector",)),
                )
            )
        ),
        "Datasets: added “oec/centers”",
    ),
    "the purpose": (
        lambda: with_content(build_content(purpose="To know.")),
        f"Purpose: “{build_content().purpose}” became “To know.”",
    ),
    "a date": (
        lambda: with_content(build_content(destruction_on=None)),
        "Destruction by: “2027-01-31” was removed",
    ),
    "a clause": (lambda: replace(SOURCE, agreements=clauses_changed()), "became “Another duty.”"),
    "the hours a leaver is told in": (
        lambda: replace(SOURCE, profile=PROFILE.model_copy(update={"leaver_notice_hours": 12})),
        "Clause on persons: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("made", SAME.values(), ids=SAME)
def test_what_binds_nobody_is_no_term(made: Callable[[], SharingSource]) -> None:
    terms = binding_terms(made())
    assert terms.digest == TERMS.digest
    assert what_is_new_in_terms(TERMS, terms) == ()


@pytest.mark.parametrize(("made", "words"), OTHERS.values(), ids=OTHERS)
def test_what_is_new_is_said(made: Callable[[], SharingSource], words: str) -> None:
    terms = binding_terms(made())
    assert terms.digest != TERMS.digest
    told = what_is_new_in_terms(TERMS, terms)
    assert any(words in line for line in told), told


WORDS = st.sampled_from(["a", "b", "c", "d"])


@st.composite
def some_terms(draw: st.DrawFn) -> Terms:
    titles = draw(st.lists(st.sampled_from(["One", "Two", "Three"]), unique=True))
    return Terms(
        topics=tuple(
            Topic(
                title=title,
                values=tuple(draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))),
                listed=draw(st.booleans()),
            )
            for title in titles
        )
    )


@given(some_terms(), some_terms())
def test_something_is_told_exactly_when_the_digest_is_another(old: Terms, new: Terms) -> None:
    told = what_is_new_in_terms(old, new)
    assert bool(told) == (old.digest != new.digest)
    assert what_is_new_in_terms(old, old) == ()
    for line in told:
        assert "became" in line or "now" in line or "added" in line or "removed" in line
