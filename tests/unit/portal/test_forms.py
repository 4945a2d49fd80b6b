"""Forms: paths beside fields, what was typed kept, plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from governance.errors import DocumentError
from governance.portal.forms import Field, FormSpec, nest, say_problem
from governance.requests.model import RequestContent

FORM = FormSpec(
    (
        Field("title", "Title"),
        Field("organization", "Organization", when_empty=None),
        Field("ends_on", "Last day", "day"),
        Field("count", "Count", "number"),
        Field("agencies", "Agencies", "checkboxes", choices={"sde": "SDE", "dol": "DOL"}),
        Field("agree", "I agree", "checkbox"),
        Field("people.0.name", "Name of the first person"),
        Field("people.1.name", "Name of the second person"),
        Field("paper", "Paper", "file"),
    )
)


def test_a_form_reads_as_the_facts_it_fills() -> None:
    sent = FormData(
        [
            ("title", "  Outcomes\r\nof students "), ("organization", " "), ("ends_on", ""),
            ("count", "12"), ("agencies", "sde"), ("agencies", "dol"), ("agree", "yes"),
            ("people.0.name", "Ana"), ("people.1.name", "Bo"), ("unknown", "x"),
            ("based_on", "7"), ("once", "token"),
        ]
    )  # fmt: skip
    form = FORM.read(sent)
    assert form.content() == {
        "title": "Outcomes\nof students",
        "organization": None,
        "ends_on": None,
        "count": 12,
        "agencies": ["sde", "dol"],
        "agree": True,
        "people": [{"name": "Ana"}, {"name": "Bo"}],
    }
    assert (form.based_on, form.token) == (7, "token")
    assert form.once not in {"", "token"}  # shown again, it may be sent again
    assert form["title"].value == "  Outcomes\nof students "  # kept as typed


def test_nothing_sent_is_nothing_filled() -> None:
    content = FORM.read(FormData()).content()
    assert content["agencies"] == []
    assert content["agree"] is False
    assert content["count"] is None


@pytest.mark.parametrize("sent", ["x", "-1", "1.5", "9" * 40, ""])
def test_a_position_that_is_none_is_none(sent: str) -> None:
    assert FORM.read({"based_on": sent}).based_on is None


def test_a_number_that_is_none_stays_text_for_the_service_to_refuse() -> None:
    assert FORM.read({"count": "a dozen"}).content()["count"] == "a dozen"


def test_values_are_shown_again_as_they_were_kept() -> None:
    kept = {"title": "T", "people": [{"name": "Ana"}], "agencies": ["dol"], "agree": True}
    form = FORM.bind(kept, based_on=3)
    assert form["people.0.name"].value == "Ana"
    assert form["people.1.name"].value == ""
    assert form["agencies"].values == ("dol",)
    assert form["agree"].value == "yes"
    assert FORM.read({b.field.name: list(b.values) for b in form.fields.values()}).content() == {
        **FORM.read(FormData()).content(), "title": "T", "agencies": ["dol"], "agree": True,
        "people": [{"name": "Ana"}, {"name": ""}],
    }  # fmt: skip


def test_problems_stand_beside_their_fields_and_at_the_top() -> None:
    problems = (
        "title: Field required",
        "title: Field required",
        "people.1.name.first: String should have at least 1 character",
        "agencies: Tuple should have at least 1 item after validation, not 0",
        "content.end: Input should be a valid date or datetime, input is too short",
        "The request is complete only with a purpose",
        "datasets.0: nothing is named",
    )
    refused = FORM.read({"title": ""}).refused(
        DocumentError("x", problems=problems), paths={"content.end": "ends_on"}
    )
    assert refused["title"].errors == ("Fill this in.",)
    assert refused["people.1.name"].errors == ("Fill this in.",)
    assert refused["ends_on"].errors == ("Enter a date.",)
    assert refused["agencies"].errors == ("Choose at least 1.",)
    assert [(s.target, s.message) for s in refused.summary] == [
        ("#field-title", "Title: Fill this in."),
        ("#field-ends_on", "Last day: Enter a date."),
        ("#field-agencies-0", "Agencies: Choose at least 1."),
        ("#field-people-1-name", "Name of the second person: Fill this in."),
        ("", "The request is complete only with a purpose."),
        ("", "Datasets.0: nothing is named."),
    ]


def test_a_refusal_without_problems_is_still_said() -> None:
    refused = FORM.bind().refused(DocumentError("The form is empty"))
    assert refused.summary[0].message == "The form is empty."


def test_pydantic_itself_speaks_plainly() -> None:
    """Words of the library that is installed, not of the one this was written against."""
    from governance.facts import facts_of

    wrong = {"title": "x" * 20_001, "ends_on": "soon", "type": "other", "more": 1, "people": [{}]}
    with pytest.raises(DocumentError) as caught:
        facts_of(RequestContent, wrong, "The form")
    said = {p.partition(": ")[0]: say_problem(p.partition(": ")[2]) for p in caught.value.problems}
    assert said["title"] == "Shorten this to 20000 characters."
    assert said["ends_on"] == "Enter a date."
    assert said["type"] == "Choose one of the options."
    assert said["more"] == "This is not asked here."
    assert said["people.0.name"] == "Fill this in."


@given(
    st.dictionaries(
        st.lists(st.sampled_from(["a", "b", "0", "1", "7"]), min_size=1, max_size=1).map(".".join),
        st.text(),
    )
)
def test_flat_names_nest_to_themselves(flat: dict[str, str]) -> None:
    assert nest(flat) == flat


def test_gaps_in_a_repeated_group_close() -> None:
    assert nest({"p.10.n": "c", "p.2.n": "b", "p.0.n": "a"}) == {
        "p": [{"n": "a"}, {"n": "b"}, {"n": "c"}]
    }


def test_a_field_left_empty_is_not_asked_for_another_form() -> None:
    spec = FormSpec((Field("agency", "Agency", "select"), Field("person", "Person")))
    problem = "String should match pattern '^[a-z]+$'"
    for typed, said in (("", "Fill this in."), ("A B", "Use the form that the hint describes.")):
        form = spec.bind({"agency": typed, "person": typed})
        refused = form.with_problems((f"agency: {problem}", f"person: {problem}"))
        assert [b.errors for b in refused.fields.values()] == [(said,), (said,)]
