"""Which statement counts for which version, and which training may be recorded."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from governance.audit.tags import Tag
from governance.grants.model import Comparison
from governance.requests import commands as c
from governance.requests.events import AgreementSent, Decided, parse_event
from governance.requests.model import RequestContent, RequestedDataset
from governance.requests.state import DataRequest, PersonChain, Statement, Training, Version, replay
from governance.requests.statements import (
    acceptance,
    has_accepted,
    statements_waiting,
    training_until,
    version_to_accept,
)
from governance.requests.states import Role, Status
from governance.requests.terms import scope_terms, terms_key
from governance.requests.training import decide_training
from tests.lib.requests import (
    CHEN,
    DIGEST,
    NUMBER,
    OKAFOR,
    RUIZ,
    RULES,
    Life,
    build_content,
    build_request_person,
)

OTHER = "cd" * 32
DAY = date(2026, 3, 17)
GRADES, WAGES = build_content().datasets


def sent(digest: str = DIGEST, terms: str | None = "ef" * 32, version: int = 1) -> AgreementSent:
    return AgreementSent(
        subject=NUMBER, at=datetime(2026, 3, 15, tzinfo=UTC), by="p-office", version=version,
        status=Status.AGREEMENTS_OUT, agreement=f"DSA-{version}", digest=digest,
        parties=("SDE", "DOL"), effective_on=DAY, ends_on=date(2027, 3, 14), terms=terms,
    )  # fmt: skip


def version_of(
    content: RequestContent,
    number: int = 1,
    agreement: AgreementSent | None = None,
    *,
    status: Status = Status.AGREEMENTS_OUT,
    conditions: tuple[str, ...] = (),
) -> Version:
    decided = Decided(
        tag=Tag.DATA_REQUEST_APPROVED, subject=NUMBER, at=datetime(2026, 3, 12, tzinfo=UTC),
        by="p-office", version=number, status=Status.APPROVED, motion="M-1", decided_on=DAY,
        conditions={f"C{n}": text for n, text in enumerate(conditions)},
    )  # fmt: skip
    out = agreement or sent(version=number)
    made = Version(number, status, content, submitted=content, decided=decided, agreement=out)
    return replace(made, terms=terms_key(made, out))


def signed_for(version: Version, digest: str | None = OTHER, on: date = DAY) -> Statement:
    out = version.agreement
    assert out is not None
    return Statement(version.number, on, version.terms, out.digest, out.terms, digest)


def request_of(*versions: Version, statements: tuple[Statement, ...]) -> DataRequest:
    people = {"p-ruiz": PersonChain(statements=statements)}
    return DataRequest(NUMBER, "p-ruiz", versions=versions, people=people)


def part(**changes: Any) -> dict[str, Any]:
    """The content with its first dataset changed."""
    return {"datasets": (GRADES.model_copy(update=changes), WAGES)}


NEW_TERMS: dict[str, dict[str, Any]] = {
    "a variable more": part(variables=("grade", "year", "town", "gender")),
    "a variable less": part(variables=("grade", "year")),
    "another year": part(years=(2024,)),
    "less of it": part(totals_only=("grade",)),
    "other rows": part(row_filter=(Comparison(column="grade", operator="in", values=("9",)),)),
    "a dataset more": {
        "datasets": (
            GRADES, WAGES, RequestedDataset(dataset="oec/centers", variables=("sector",)),
        )
    },
    "a dataset less": {"datasets": (GRADES,)},
    "the purpose": {"purpose": "Something else."},
    "a purpose relied on": {"purposes": {"sde": "compliance", "dol": "Evaluation"}},
    "the legal basis": {"legal_basis": "34 CFR 99.31"},
    "the basis for education records": {"ferpa_basis": "compliance"},
    "the environment": {"secure_environment": "A room."},
    "the analysis": {"analysis_plan": "Medians."},
    "the dissemination": {"dissemination_plan": "A book."},
    "the last day of use": {"ends_on": date(2027, 6, 30)},
    "the destruction date": {"destruction_on": date(2027, 9, 30)},
}  # fmt: skip
SAME_TERMS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a person more": {"people": (RUIZ, CHEN, OKAFOR, build_request_person(id="p-new"))},
    "a person less": {"people": (RUIZ, CHEN)},
    "another role": {"people": (RUIZ, CHEN, OKAFOR.model_copy(update={"role": "requestor"}))},
    "the title": {"title": "Another title"},
    "who asks": {"organization": "Another University", "requestor_agency": "dol"},
    "who pays": {"funder": "A foundation"},
    "what it teaches": {"learning_agenda": "Question 4."},
    "the order of variables": part(variables=("year", "town", "grade")),
    "the order of datasets": {"datasets": (WAGES, GRADES)},
}


@pytest.mark.parametrize(
    ("changes", "again"),
    [pytest.param(x, True, id=k) for k, x in NEW_TERMS.items()]
    + [pytest.param(x, False, id=k) for k, x in SAME_TERMS.items()],
)
@pytest.mark.parametrize("digest", [OTHER, None], ids=["typed", "on paper"])
def test_an_amendment_asks_for_a_new_signature_exactly_when_it_changes_a_term(
    changes: dict[str, Any], again: bool, digest: str | None
) -> None:
    first = version_of(build_content(), status=Status.GRANTED)
    second = version_of(build_content(**changes), 2)
    request = request_of(first, second, statements=(signed_for(first, digest),))
    assert acceptance(request, first, "p-ruiz").signed_on == DAY
    standing = acceptance(request, second, "p-ruiz")
    assert standing.again is again
    assert standing.signed_on == (None if again else DAY)
    assert version_to_accept(request) is second
    assert has_accepted(request, "p-ruiz") is not again
    assert statements_waiting(request).get("p-ruiz") == ("again" if again else None)
    assert statements_waiting(request)["p-chen"] == "missing"


A, B = sent(), sent(OTHER, "12" * 32, 2)
OLD_A, OLD_B = sent(terms=None), sent(OTHER, None, 2)
RULE = "Show the tables first."
COUNTS = [
    # what went out first and then, conditions then, whether the first signature still counts
    (A, sent(OTHER, A.terms, 2), (), True),  # another paper, the same terms: other persons, dates
    (A, B, (), False),  # a clause or the disclosure rule is another
    (A, sent(OTHER, A.terms, 2), (RULE,), False),  # a condition more
    (OLD_A, OLD_B, (), False),  # of old papers only the digest is known
    (OLD_A, sent(OLD_A.digest, None, 2), (), True),
    (OLD_A, sent(OTHER, A.terms, 2), (), False),
]


@pytest.mark.parametrize(("before", "after", "conditions", "counts"), COUNTS)
def test_what_went_out_decides_with_the_conditions(
    before: AgreementSent, after: AgreementSent, conditions: tuple[str, ...], counts: bool
) -> None:
    first = version_of(build_content(), 1, before)
    second = version_of(build_content(), 2, after, conditions=conditions)
    request = request_of(first, second, statements=(signed_for(first),))
    assert (acceptance(request, second, "p-ruiz").accepted is not None) is counts
    # An agreement that is sent anew within its version is judged alike.
    anew = version_of(build_content(), 1, after, conditions=conditions)
    request = request_of(anew, statements=(signed_for(first),))
    assert (acceptance(request, anew, "p-ruiz").accepted is not None) is counts


def test_whoever_writes_the_digest_cannot_hide_a_change_of_the_request() -> None:
    first = version_of(build_content(), 1, A)
    wider = version_of(build_content(**NEW_TERMS["a variable more"]), 2, sent(DIGEST, A.terms, 2))
    request = request_of(first, wider, statements=(signed_for(first),))
    assert acceptance(request, wider, "p-ruiz").again


def test_a_signature_for_a_later_version_or_for_nothing_does_not_count() -> None:
    first, second = version_of(build_content()), version_of(build_content(), 2)
    later = request_of(first, second, statements=(signed_for(second),))
    assert acceptance(later, first, "p-ruiz").accepted is None
    assert not acceptance(later, first, "p-ruiz").again
    unknown = replace(signed_for(first), terms="")
    assert acceptance(request_of(first, statements=(unknown,)), first, "p-ruiz").accepted is None
    draft = Version(2, Status.DRAFT, build_content())
    request = request_of(first, draft, statements=(signed_for(first),))
    assert acceptance(request, draft, "p-ruiz") == acceptance(request, draft, "p-nobody")
    assert version_to_accept(request) is first


def test_terms_that_come_back_are_accepted_already_and_the_first_day_stands() -> None:
    first = version_of(build_content(), status=Status.SUPERSEDED)
    second = version_of(build_content(purpose="Else."), 2, status=Status.GRANTED)
    third = version_of(build_content(), 3)
    statements = (signed_for(first), signed_for(second), signed_for(third, on=date(2026, 9, 1)))
    request = request_of(first, second, third, statements=statements)
    assert acceptance(request, third, "p-ruiz").signed_on == DAY


def test_who_left_and_a_request_that_is_over_are_waited_for_by_nobody() -> None:
    version = version_of(build_content())
    gone = {"p-ruiz": PersonChain(left_on=DAY)}
    request = DataRequest(NUMBER, "p-ruiz", versions=(version,), people=gone)
    assert statements_waiting(request) == {"p-chen": "missing", "p-okafor": "missing"}
    over = replace(request, versions=(replace(version, status=Status.ENDED),))
    assert statements_waiting(over) == {}


def test_events_from_before_terms_were_recorded_replay_and_count_by_the_papers_digest() -> None:
    life = Life()
    life.to_grant()
    life.do(c.SignNda, Role.PERSON, person="p-ruiz", signed_on=DAY, by="p-ruiz")
    life.do(c.RecordTraining, Role.OPERATOR, person="p-ruiz", valid_until=date(2026, 12, 1))
    stored = [json.loads(e.model_dump_json()) for e in life.events]
    for event in stored:
        assert event.pop("terms", None) is None
        event.pop("completed_on", None)
    request = replay(parse_event(e) for e in stored)
    assert request == life.request
    assert request is not None
    (statement,) = request.people["p-ruiz"].statements
    assert statement.terms == request.latest.terms
    assert (statement.agreement, statement.terms_digest) == (DIGEST, None)
    assert has_accepted(request, "p-ruiz")
    assert scope_terms(request.latest).by_title()["Datasets"].values == (
        "dol/quarterly_wages",
        "sde/enrollment",
    )


TODAY = date(2026, 3, 20)
TRAININGS = [
    # valid until, completed on, the rules that refuse it
    (date(2027, 3, 20), None, set()),
    (date(2027, 3, 21), None, {"training.longest"}),
    (date(2027, 3, 1), date(2026, 3, 1), set()),
    (date(2027, 3, 2), date(2026, 3, 1), {"training.longest"}),
    (date(2026, 3, 20), date(2025, 3, 20), set()),
    (date(2026, 3, 19), date(2025, 3, 20), {"training.current"}),
    (date(2026, 3, 19), None, {"training.current"}),
    (date(2027, 3, 21), date(2026, 3, 21), {"training.completed"}),
    (date(9999, 1, 1), None, {"training.longest"}),
    (date(1900, 1, 1), None, {"training.current"}),
]


@pytest.mark.parametrize(("until", "completed", "refused"), TRAININGS)
def test_a_training_is_current_and_no_longer_than_the_rules_allow(
    until: date, completed: date | None, refused: set[str]
) -> None:
    decision = decide_training(until, completed, TODAY, RULES)
    assert {d.rule for d in decision.denials} == refused
    for denial in decision.denials:
        assert denial.clause == RULES.training_clause
        assert denial.remedy


def test_how_long_a_training_counts_is_configuration() -> None:
    two_years = RULES.model_copy(update={"longest_training_months": 24})
    assert decide_training(date(2028, 3, 20), None, TODAY, two_years).permitted
    # What an older entry said longer counts no longer than the rules allow today.
    long = PersonChain(training=Training(date(2029, 1, 1), date(2024, 2, 29)))
    request = DataRequest(NUMBER, "p-ruiz", people={"p-ruiz": long})
    assert training_until(request, "p-ruiz", RULES) == date(2025, 2, 28)
    assert training_until(request, "p-ruiz", two_years) == date(2026, 2, 28)
    assert training_until(request, "p-chen", RULES) is None


def test_the_command_is_judged_by_the_same_rule() -> None:
    life = Life()
    life.to_agreement()
    refused = life.refuse(
        c.RecordTraining, Role.OPERATOR, person="p-ruiz", valid_until=date(2027, 3, 1)
    )
    assert [d.rule for d in refused.denials] == ["training.longest"]
