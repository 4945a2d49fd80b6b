"""A revocation is of the whole request, whichever version it is given on or was recorded of."""

from datetime import date, timedelta
from typing import Any

import pytest

from governance.audit.tags import Tag
from governance.requests import commands as c
from governance.requests import events as ev
from governance.requests.state import DataRequest, replay
from governance.requests.states import Role, Status
from tests.lib.requests import DIGEST, NUMBER, Life, build_content, build_vote_on

ON = date(2026, 6, 1)
WHY: dict[str, Any] = {"on": ON, "reason": "Terms were broken."}
WIDER = build_content(funder="A foundation")


def amended(steps: int) -> Life:
    """Version 1 is granted; version 2 went so many steps: draft, submitted, vote, approved, out."""
    life = Life()
    life.to_grant()
    life.do(c.Amend, Role.REQUESTOR, content=WIDER)
    further = (
        lambda: life.do(c.Submit, Role.REQUESTOR, version=2),
        lambda: life.do(c.AcceptComplete, Role.OPERATOR, version=2),
        lambda: life.do(
            c.RecordVote, Role.OPERATOR, version=2, motion=build_vote_on(WIDER, id="M-2")
        ),
        lambda: life.send(2),
        lambda: life.sign_all(2),
    )
    for step in further[:steps]:
        step()
    return life


def told_of(life: Life) -> list[int]:
    return [e.version for e in life.events if e.tag is Tag.DATA_REQUEST_REVOKED]


def statuses(request: DataRequest | None) -> list[Status]:
    assert request is not None
    return [v.status for v in request.versions]


def revoked_event(version: int, life: Life) -> ev.Moved:
    at = life.at + timedelta(hours=1)
    return ev.Moved(
        tag=Tag.DATA_REQUEST_REVOKED, subject=NUMBER, at=at, by="p-office", version=version,
        status=Status.REVOKED, **WHY,
    )  # fmt: skip


@pytest.mark.parametrize("given_on", [1, 2])
def test_every_version_in_force_or_out_is_revoked_at_once(given_on: int) -> None:
    life = amended(5)
    request = life.do(c.Revoke, Role.OPERATOR, version=given_on, **WHY)
    assert told_of(life) == [given_on, 3 - given_on]
    assert statuses(request) == [Status.REVOKED, Status.REVOKED]
    assert [v.revoked.version for v in request.versions if v.revoked is not None] == [1, 2]
    assert replay(life.events) == request


@pytest.mark.parametrize("steps", range(5))
def test_a_version_under_way_is_over_with_the_revocation(steps: int) -> None:
    life = amended(steps)
    assert life.request is not None
    before = life.request.latest.status
    request = life.do(c.Revoke, Role.OPERATOR, version=1, **WHY)
    assert told_of(life) == ([1, 2] if before is Status.AGREEMENTS_OUT else [1])
    assert statuses(request) == [Status.REVOKED, Status.REVOKED]
    assert [v.number for v in request.versions if request.is_told_of(v)] == [1]
    onward = life.refuse(c.Submit, Role.REQUESTOR, version=2)
    assert [d.rule for d in onward.denials] == ["request.revoked"]
    request = life.do(c.CertifyDestruction, Role.REQUESTOR, digest=DIGEST, survives="nothing")
    assert statuses(request) == [Status.DESTRUCTION_CERTIFIED] * 2
    request = life.do(c.Close, Role.OPERATOR, version=2, **WHY)
    assert statuses(request) == [Status.CLOSED] * 2
    assert replay(life.events) == request


@pytest.mark.parametrize("of", [1, 2])
def test_a_ledger_that_tells_it_of_one_version_means_the_request(of: int) -> None:
    life = amended(5)
    request = life.take([revoked_event(of, life)])
    assert statuses(request) == [Status.REVOKED, Status.REVOKED]
    assert request.live is None
    assert all(v.revoked is not None and v.revoked.on == ON for v in request.versions)
    request = life.do(c.CertifyDestruction, Role.REQUESTOR, digest=DIGEST, survives="nothing")
    assert statuses(request) == [Status.DESTRUCTION_CERTIFIED] * 2


def test_what_an_older_ledger_did_to_the_other_version_still_follows() -> None:
    """Version 2 was revoked alone; the clock went on with version 1."""
    life = amended(5)
    life.take([revoked_event(2, life)])

    def moved(tag: Any, status: Status) -> list[Status]:
        event = revoked_event(1, life).model_copy(update={"tag": tag, "status": status})
        return statuses(life.take([event]))

    revoked = Status.REVOKED
    assert moved(Tag.DATA_REQUEST_EXPIRING, Status.EXPIRING) == [revoked, revoked]
    assert life.request is not None
    assert life.request.versions[0].walked is Status.EXPIRING
    assert moved(Tag.DATA_REQUEST_ENDED, Status.ENDED) == [Status.ENDED, revoked]
    life.do(c.CertifyDestruction, Role.REQUESTOR, digest=DIGEST, survives="nothing")
    assert statuses(life.request) == [Status.DESTRUCTION_CERTIFIED] * 2
    assert replay(life.events) == life.request
