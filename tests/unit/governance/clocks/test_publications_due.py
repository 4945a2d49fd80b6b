"""Who is told of a publication on its way, day by day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from governance.clocks import due_today
from governance.clocks.model import PublicationLife
from governance.mail.notices import Notice, NoticeKind
from governance.profile import PublicationReview
from governance.register.proposals import Proposal, ProposedPublication, Seen
from tests.lib.clocks import build_state, noon
from tests.lib.notices import PROFILE
from tests.lib.requests import RULES, Life

K = NoticeKind
AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DUE = date(2026, 4, 1)
OFFICE = {"p-office"}
PROJECT = {"p-ruiz", "p-chen"}


def build_proposal(seen: Mapping[str, Seen] | None = None, **changes: Any) -> Proposal:
    facts = ProposedPublication(
        publication="pub-1", request="Q0001", title="Zzyxqua", kind="report", venue="Zzyxqua",
        planned_on=date(2026, 5, 1), agencies=("dol", "sde"), due_on=DUE,
    )  # fmt: skip
    return replace(Proposal(facts, "p-ruiz", AT, seen or {}), **changes)


def told(proposal: Proposal, day: date, **review: Any) -> set[tuple[NoticeKind, str, str]]:
    life = Life()
    life.submit()
    assert life.request is not None
    state = build_state(publications=(PublicationLife(proposal, life.request),))
    rule = PublicationReview(**review)
    profile = PROFILE.model_copy(update={"publication_review": rule})
    found = [n for n in due_today(state, noon(day), RULES, profile) if isinstance(n, Notice)]
    assert "Zzyxqua" not in str(found)
    assert {n.path for n in found} <= {"/requests/Q0001/publications/pub-1"}
    return {(n.kind, n.office, n.to) for n in found}


SEEN = Seen("p-sde", AT)
BOTH = {"sde": SEEN, "dol": SEEN}
WAITING = {(K.PUBLICATION_TO_SEE, a.upper(), f"p-{a}") for a in ("dol", "sde")}
CLEARED = {(K.PUBLICATION_CLEARED, "", who) for who in PROJECT} | {
    (K.PUBLICATION_TO_RECORD, "", who) for who in OFFICE
}


@pytest.mark.parametrize(
    ("seen", "after_days", "silence", "expected"),
    [
        ({}, -20, "refuses", WAITING),
        ({"sde": SEEN}, -20, "refuses", {(K.PUBLICATION_TO_SEE, "DOL", "p-dol")}),
        ({}, 0, "refuses", WAITING),
        ({"sde": SEEN}, 1, "refuses",
         {(K.PUBLICATION_OVERDUE, "DOL", "p-dol"), (K.PUBLICATION_OVERDUE, "DOL", "p-office")}),
        ({"sde": SEEN}, 1, "permits", CLEARED),
        (BOTH, -20, "refuses", CLEARED),
        (BOTH, 40, "refuses", CLEARED),
    ],
)  # fmt: skip
def test_who_is_told(
    seen: Mapping[str, Seen], after_days: int, silence: str, expected: set[Any]
) -> None:
    found = told(build_proposal(seen), DUE + timedelta(days=after_days), silence=silence)
    assert found == expected


def test_each_is_told_once_reminded_twice_and_then_every_week() -> None:
    life = Life()
    life.submit()
    assert life.request is not None
    waiting = PublicationLife(build_proposal({"sde": SEEN}), life.request)
    state = build_state(publications=(waiting,))
    marks: dict[str, set[str]] = {}
    for before in range(30, -22, -1):
        for n in due_today(state, noon(DUE - timedelta(days=before)), RULES, PROFILE):
            if isinstance(n, Notice) and n.to == "p-dol":
                marks.setdefault(n.kind.value, set()).add(n.once)
    assert {kind: len(found) for kind, found in marks.items()} == {
        "publication_to_see": 3, "publication_overdue": 3,
    }  # fmt: skip
