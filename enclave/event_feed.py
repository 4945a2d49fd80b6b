"""Publishes what happened in the data plane as signed, row-free batches in the policy zone.

The feed is made of the ledger and of nothing else, so that a crash loses nothing: a batch covers
the entries since the batch before. Layout, beside the ledger's own objects:

| zone | key | holds |
|---|---|---|
| ledger | `feed/{n}.json` | batch n as signed; created with "only if nothing lies there" |
| ledger | `feed/latest.json` | the number of the newest batch, a hint only |
| policy | `feed/enclave/{n}.json` | the same bytes, for the control plane |
| policy | `feed/enclave/current.json` | the newest batch again |

Order of steps, each of which may be the last before a crash:

1. Tell the newest batch and check that the ledger continues it.
2. Make the next batch of the entries that follow, sign it, and create it in the ledger zone.
   Whoever loses against another publisher reads the winner's and goes on.
3. Copy into the policy zone every batch that is missing there, oldest first, then `current.json`.

What lies in the policy zone is a copy: another content there is replaced by ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from enclave.ledger import Ledger
from governance.audit import GENESIS, Entry, Tag
from governance.calendar import legal_date
from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.errors import LedgerError, ObjectNotFoundError, PreconditionFailedError
from governance.event_feed.model import (
    CURRENT_KEY,
    FEED_TYPE,
    MAX_EVENTS,
    EventBatch,
    FeedEvent,
    QueryCount,
    batch_key,
    parse_batch,
    publishable,
)
from governance.event_feed.published import COUNTED
from governance.event_feed.reading import START, FeedReading, read_feed
from governance.objects import ObjectStore
from governance.signing import (
    Envelope,
    PublicKey,
    SignatureRefusedError,
    check_signed,
    sign_envelope,
)
from governance.stored_ledger import parse_object

_LATEST: Final = "feed/latest.json"
_HEARTBEAT: Final = timedelta(hours=20)
"""A daily publisher says that it lives when the newest batch is older."""
_KNOWN: Final = frozenset(tag.value for tag in Tag)
UNKNOWN_PROJECT: Final = "unknown"


@dataclass(frozen=True, slots=True)
class PublishedFeed:
    """What one publication did.

    Attributes:
        number: Newest batch; 0: none yet.
        through: Last entry of the ledger that is covered.
        made: Batches made.
        copied: Batches copied into the policy zone, mended ones included.
    """

    number: int
    through: int
    made: int
    copied: int

    def to_dict(self) -> dict[str, int]:
        """For `--json` and XCom."""
        return {
            "batch": self.number,
            "through": self.through,
            "made": self.made,
            "copied": self.copied,
        }


class EventFeed:
    """Publishes and verifies the feed of one deployment. Safe for many processes at once."""

    def __init__(self, ledger: Ledger, kept: ObjectStore, policy: ObjectStore) -> None:
        """Take the ledger, its zone and the policy zone."""
        self._ledger = ledger
        self._kept = kept
        self._policy = policy

    def publish(
        self, now: datetime, *, heartbeat: bool = False, mend: bool = False
    ) -> PublishedFeed:
        """Publish what the ledger holds beyond the newest batch.

        Args:
            now: UTC.
            heartbeat: Whether to publish an empty batch when the newest one is old.
            mend: Whether to compare every batch in the policy zone with ours.

        Raises:
            LedgerError: The ledger does not continue the newest batch, or an entry's facts are not
                those it committed to.
        """
        newest = self._newest()
        made = 0
        while (batch := self._next(newest, now, heartbeat=heartbeat)) is not None:
            if self._keep(batch):
                made += 1
            newest = self._read(batch.number)
        copied = self._copy(0 if newest is None else newest.number, mend=mend)
        if newest is None:
            return PublishedFeed(0, 0, made, copied)
        return PublishedFeed(newest.number, newest.through, made, copied)

    def verify(self, keys: Mapping[str, PublicKey]) -> FeedReading:
        """Read the policy zone's feed from its start, as the control plane does."""
        return read_feed(self._policy, keys, START, at_most=1 << 31)

    def _next(
        self, newest: EventBatch | None, now: datetime, *, heartbeat: bool
    ) -> EventBatch | None:
        """Steps 1 and 2: the batch that follows, unsigned; None when there is nothing to say."""
        head = self._ledger.head()
        through = 0 if newest is None else newest.through
        self._check_continued(newest, head)
        if head is None:
            return None
        if head.seq == through:
            is_old = newest is not None and now - newest.at > _HEARTBEAT
            if not (heartbeat and is_old):
                return None
        last = min(head.seq, through + MAX_EVENTS)
        events, queries, end = self._told(through, last)
        return EventBatch(
            number=1 if newest is None else newest.number + 1,
            previous=GENESIS if newest is None else self._digest(newest.number),
            after=through,
            through=last,
            ledger_head=end or (newest.ledger_head if newest else GENESIS),
            at=now if newest is None else max(now, newest.at),
            events=events,
            queries=queries,
        )

    def _check_continued(self, newest: EventBatch | None, head: Entry | None) -> None:
        """Step 1.

        Raises:
            LedgerError: The entry the newest batch ended with is gone or another.
        """
        if newest is None or newest.through == 0:
            return
        if head is None or head.seq < newest.through:
            stands = None
        else:
            stands = self._ledger.entry(newest.through)
        if stands is None or stands.hash != newest.ledger_head:
            raise LedgerError(
                "The ledger does not continue the published feed; verify it.", seq=newest.through
            )

    def _told(
        self, after: int, last: int
    ) -> tuple[tuple[FeedEvent, ...], tuple[QueryCount, ...], str]:
        """Events and counts of entries `after + 1` to `last`, and the hash of the last one."""
        events: list[FeedEvent] = []
        counts: dict[tuple[str, str], dict[str, int]] = {}
        end = ""
        for entry in self._entries(after, last):
            end = entry.hash
            if entry.tag not in _KNOWN:
                continue  # of a newer version: it says nothing here
            tag = Tag(entry.tag)
            if tag in COUNTED:
                on = legal_date(entry.at).isoformat()
                of_project = counts.setdefault((_project(entry.subject), on), {})
                of_project[COUNTED[tag]] = of_project.get(COUNTED[tag], 0) + 1
            elif event := self._event(entry, tag):
                events.append(event)
        queries = tuple(
            QueryCount(project=project, on=on, **numbers)
            for (project, on), numbers in sorted(counts.items())
        )
        return tuple(events), queries, end

    def _event(self, entry: Entry, tag: Tag) -> FeedEvent | None:
        if publishable(tag, {}) is None:
            return None
        told = publishable(tag, self._ledger.facts(entry))
        if told is None:
            return None
        facts, withheld = told
        return FeedEvent(
            seq=entry.seq,
            hash=entry.hash,
            at=entry.at,
            tag=tag,
            subject=entry.subject,
            facts=facts,
            withheld=withheld,
        )

    def _entries(self, after: int, last: int) -> Iterator[Entry]:
        for seq in range(after + 1, last + 1):
            yield self._ledger.entry(seq)

    def _keep(self, batch: EventBatch) -> bool:
        """Step 2: create the batch in the ledger zone; False when somebody else was first."""
        payload = canonical_json(batch.model_dump(mode="json"))
        sealed = sign_envelope(FEED_TYPE, payload, (self._ledger.signer,)).to_json()
        try:
            self._kept.put(_kept_key(batch.number), sealed, if_none_match=True)
        except PreconditionFailedError:
            return False
        self._kept.put(_LATEST, canonical_json({"number": batch.number}))
        return True

    def _newest(self) -> EventBatch | None:
        """The newest batch kept: from the hint on, while there is a next one."""
        number = self._hint()
        while self._kept.stat(_kept_key(number + 1)) is not None:
            number += 1
        return self._read(number) if number else None

    def _hint(self) -> int:
        try:
            number = parse_object(self._kept.read(_LATEST)).get("number")
        except (ObjectNotFoundError, LedgerError):
            return 0
        is_usable = type(number) is int and number > 0
        if is_usable and self._kept.stat(_kept_key(int(str(number)))) is not None:
            return int(str(number))
        return 0

    def _payload(self, number: int) -> bytes:
        envelope = Envelope.from_json(self._kept.read(_kept_key(number)))
        return check_signed(envelope, payload_type=FEED_TYPE, keys=self._ledger.keys)

    def _read(self, number: int) -> EventBatch:
        return parse_batch(self._payload(number))

    def _digest(self, number: int) -> str:
        return sha256_of(self._payload(number))

    def _copy(self, newest: int, *, mend: bool) -> int:
        """Step 3: how many were copied."""
        missing = list(self._missing(newest, mend=mend))
        for number in reversed(missing):
            self._policy.put(batch_key(number), self._kept.read(_kept_key(number)))
        if newest:
            self._make_current(newest)
        return len(missing)

    def _make_current(self, newest: int) -> None:
        """`current.json` names the batch, unless another publisher named a later one meanwhile."""
        data = self._kept.read(_kept_key(newest))
        while True:
            info = self._policy.stat(CURRENT_KEY)
            if not self._is_behind(newest):
                return
            try:
                if info is None:
                    self._policy.put(CURRENT_KEY, data, if_none_match=True)
                else:
                    self._policy.put(CURRENT_KEY, data, if_match=info.etag)
            except PreconditionFailedError:
                continue
            return

    def _missing(self, newest: int, *, mend: bool) -> Iterator[int]:
        """Numbers that are not in the policy zone as they are here, newest first.

        Batches are copied in their order, so the first one found there is the end of what a crash
        left undone; only mending looks at them all.
        """
        for number in range(newest, 0, -1):
            if mend:
                if self._lies_there(number) != self._kept.read(_kept_key(number)):
                    yield number
            elif self._policy.stat(batch_key(number)) is None:
                yield number
            else:
                return

    def _lies_there(self, number: int) -> bytes | None:
        try:
            return self._policy.read(batch_key(number))
        except ObjectNotFoundError:
            return None

    def _is_behind(self, newest: int) -> bool:
        """Whether `current.json` is neither this batch nor a later one of ours."""
        try:
            data = self._policy.read(CURRENT_KEY)
            payload = check_signed(
                Envelope.from_json(data), payload_type=FEED_TYPE, keys=self._ledger.keys
            )
            number = parse_batch(payload).number
            return number < newest or data != self._kept.read(_kept_key(number))
        except (ObjectNotFoundError, SignatureRefusedError, LedgerError):
            return True


def _kept_key(number: int) -> str:
    return f"feed/{number:012d}.json"


def _project(subject: str) -> str:
    return subject.partition("/")[2] or UNKNOWN_PROJECT
