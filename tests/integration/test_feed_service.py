"""The control plane follows the data plane's feed: kept once, shown to whom it may be."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from enclave.event_feed import EventFeed
from enclave.ledger import Ledger
from governance.clocks.due import due_today
from governance.clocks.gathering import gather
from governance.decisions import AccessDeniedError
from governance.event_feed import batch_key
from governance.mail.notices import Notice
from governance.objects.local import LocalFolderStore
from governance.services.feed import (
    follow_feed,
    read_agency_feed,
    read_project_queries,
    read_whole_feed,
)
from tests.lib.feed import SIGNER
from tests.lib.signing import PROJECT, Desk


class Sides:
    """A data plane's ledger and a control plane on one policy zone."""

    def __init__(self, home: Path, url: str | None) -> None:
        key = home / "enclave-key.json"
        key.write_text(json.dumps(SIGNER.public_key.to_dict()))
        self.desk = Desk(home, url, enclave_event_keys=key)
        self.p = self.desk.office.programme
        kept = LocalFolderStore(home / "enclave-ledger", "ledger")
        self.ledger = Ledger(kept, SIGNER)
        self.feed = EventFeed(self.ledger, kept, self.p.policy)

    def record(self, tag: str, subject: str, **facts: Any) -> None:
        self.ledger.append(tag, subject, facts, at=self.desk.office.clock.now)

    def deliver(self, agency: str, name: str) -> None:
        facts = {"agency": agency, "dataset": "enrollment", "period": "2026", "revision": 1}
        self.record("submission:received", f"submission/{name}", **facts)
        self.record("submission:rejected", f"submission/{name}", **facts, rows_read=10,
                    rows_failed=4)  # fmt: skip

    def publish(self) -> None:
        self.feed.publish(self.desk.office.clock.now)


@pytest.fixture
def sides(database_of_office: str | None, tmp_path: Path) -> Iterator[Sides]:
    made = Sides(tmp_path, database_of_office)
    yield made
    made.p.close()


def test_the_feed_is_kept_once_and_shown_to_whom_it_may_be(sides: Sides) -> None:
    number = sides.desk.journey.submit()
    sides.deliver("sde", "s1")
    sides.deliver("dol", "d1")
    sides.record("query:answered", f"project/{PROJECT}")
    sides.record("query:denied", f"project/{PROJECT}")
    sides.publish()
    first = follow_feed(sides.p)
    assert first is not None
    assert (first.batches, first.read, first.stop) == (1, 1, None)
    again = follow_feed(sides.p)
    assert again is not None
    assert (again.batches, again.read) == (1, 0)

    assert [r.id for r in gather(sides.p).rejected] == ["s1", "d1"]
    now = sides.desk.office.clock.now
    due = due_today(gather(sides.p), now, sides.p.rules, sides.p.profile)
    told = [d.about for d in due if isinstance(d, Notice) and d.dataset == "enrollment"]
    assert set(told) == {"s1", "d1"}

    actor = sides.desk.office.actor
    own = read_agency_feed(sides.p, actor("p-sde"), "sde")
    assert [s.id for s in own.submissions.values()] == ["s1"]
    assert own.health()[0].trend == (("2026", 40.0),)
    with pytest.raises(AccessDeniedError):
        read_agency_feed(sides.p, actor("p-sde"), "dol")
    assert len(read_whole_feed(sides.p, actor("p-office")).submissions) == 2
    with pytest.raises(AccessDeniedError):
        read_whole_feed(sides.p, actor("p-ruiz"))
    (queries,) = read_project_queries(sides.p, actor("p-ruiz"), number)
    assert (queries.answered, queries.denied) == (1, 1)
    with pytest.raises(AccessDeniedError):
        read_project_queries(sides.p, actor("p-holder"), number)

    sides.deliver("sde", "s2")
    sides.publish()
    follow_feed(sides.p)
    assert len(read_whole_feed(sides.p, actor("p-audit")).submissions) == 3


def test_a_stop_is_an_entry_once_and_what_was_verified_stays(sides: Sides) -> None:
    for name in ("s1", "s2", "s3"):
        sides.deliver("sde", name)
        sides.publish()
    good = sides.p.policy.read(batch_key(2))
    sides.p.policy.put(batch_key(2), sides.p.policy.read(batch_key(3)))
    for _ in range(2):
        state = follow_feed(sides.p)
        assert state is not None
        assert state.stop is not None
        assert (state.batches, state.stop.rule) == (1, "feed.number")
    assert sides.desk.tags().count("feed:stopped") == 1
    assert len(read_whole_feed(sides.p, sides.desk.office.actor("p-office")).submissions) == 1
    sides.p.policy.put(batch_key(2), good)
    mended = follow_feed(sides.p)
    assert mended is not None
    assert (mended.batches, mended.stop) == (3, None)
    sides.desk.to(sides.desk.office.clock.now + timedelta(days=3))
    silent = follow_feed(sides.p)
    assert silent is not None
    assert silent.silent_since is not None


def test_without_a_pinned_key_no_feed_is_believed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert follow_feed(desk.office.programme) is None
    desk.office.programme.close()
