"""A request is revoked while an amendment's agreement is out: nothing of it goes on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from governance.audit.tags import Tag
from governance.clocks import due_today
from governance.clocks.gathering import gather
from governance.mail.notices import Notice, NoticeKind
from governance.papers.destruction import Destroyed
from governance.requests.events import Moved
from governance.requests.states import Act, Status
from governance.services.destruction import Told, certify_destruction, draft_certificate
from governance.services.ledger import verify
from governance.services.office import Queue, list_waiting
from governance.services.public_records import public_records
from governance.services.request_lists import ListQuery, list_requests
from tests.lib.amended import amended, statuses
from tests.lib.signing import Desk

REASON = "The terms were broken."
K = NoticeKind


@pytest.fixture
def desk(database_of_office: str | None, tmp_path: Path) -> Iterator[Desk]:
    """A programme on each database."""
    made = Desk(tmp_path, database_of_office)
    yield made
    made.office.programme.close()


def revoked_of_one(desk: Desk, number: str) -> None:
    """As older software recorded it: of the newest version alone."""
    event = Moved(
        tag=Tag.DATA_REQUEST_REVOKED, subject=number, at=desk.office.clock(), by="p-office",
        version=2, status=Status.REVOKED, on=desk.today(), reason=REASON,
    )  # fmt: skip
    with desk.office.programme.store.begin() as unit:
        unit.append("request", number, (event,), based_on=None, actor="p-office")


@pytest.mark.parametrize("told_of_one", [False, True])
def test_the_revocation_is_of_every_version_everywhere(desk: Desk, *, told_of_one: bool) -> None:
    number, p = amended(desk), desk.office.programme
    office = desk.office.actor("p-office")
    if told_of_one:
        revoked_of_one(desk, number)
    else:
        desk.do(number, "p-office", Act.REVOKE, version=2, reason=REASON)
    tags = desk.tags()
    assert tags.count("data_request:revoked") == (1 if told_of_one else 2)
    desk.sign()
    assert desk.bundle().revoked is not None

    # Status words, the register, the lists.
    assert statuses(desk, number) == {Status.REVOKED}
    (row,) = public_records(p).rows
    assert {row.status, *(v.status for v in row.versions)} == {Status.REVOKED}
    (listed,) = list_requests(p, office, ListQuery()).items
    assert (listed.status, listed.live_version) == ("revoked", None)
    destruction = [w for w in list_waiting(p, office) if w.queue is Queue.DESTRUCTION]
    assert [w.number for w in destruction] == [number]

    # The clocks: no notice of a grant, nothing to publish anew; destruction, asked for once.
    desk.to(desk.office.clock.now + timedelta(days=31))
    desk.sign()
    for days in (0, 300):
        desk.to(desk.office.clock.now + timedelta(days=days))
        due = due_today(gather(p), desk.office.clock.now, p.rules, p.profile)
        told = [d for d in due if isinstance(d, Notice)]
        assert len(told) == len(due), "no command, nothing to publish anew"
        assert {n.kind for n in told} == {K.DESTRUCTION_OVERDUE}
        assert len({n.to for n in told}) == len(told)

    # One certificate, of everything that was received; then it is closed as a whole.
    gone = Destroyed("Two files", "The enclave", "Overwritten", desk.today())
    told_of = Told((gone,), (), "authorized representative")
    ruiz = desk.office.actor("p-ruiz")
    paper = draft_certificate(p, ruiz, number, told_of)
    assert draft_certificate(p, ruiz, number, told_of, version=1).digest == paper.digest
    certify_destruction(p, ruiz, number, told_of, digest=paper.digest)
    assert statuses(desk, number) == {Status.DESTRUCTION_CERTIFIED}
    assert not [w for w in list_waiting(p, office) if w.queue is Queue.DESTRUCTION]
    desk.do(number, "p-office", Act.CLOSE, reason="Checked.")
    assert statuses(desk, number) == {Status.CLOSED}
    assert not verify(p).problems
