"""Read the feed from where one stands: every batch is verified, and what does not verify stops it.

Steps for each next number, repeated at their code:

1. It lies there; a batch that is missing while later ones exist is a gap.
2. A pinned key of the enclave signed exactly these bytes, as a batch of events.
3. The payload is a batch this version knows, with nothing in it that is not published.
4. Its number is the one it lies under (not another batch replayed).
5. It names the batch before by digest, goes on at the entry where that one ended, and is no older.

What was verified before a stop is kept; nothing after it is read until somebody looks into it. What
this cannot show: batches withheld altogether. Against that stands `FeedReading.silent_since`: the
data plane publishes at least once a day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from governance.audit.chain import GENESIS
from governance.digests import sha256_of
from governance.errors import LedgerError, ObjectNotFoundError
from governance.event_feed.model import (
    CURRENT_KEY,
    FEED_FOLDER,
    FEED_TYPE,
    EventBatch,
    batch_key,
    parse_batch,
)
from governance.objects import ObjectStore
from governance.signing import Envelope, PublicKey, SignatureRefusedError, check_signed

SILENT_AFTER: Final = timedelta(hours=36)
"""A feed without a batch for longer is silent: the daily one and half a day of grace."""


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """How far the feed was read and verified.

    Attributes:
        number: Newest batch; 0: none yet.
        digest: Of its payload.
        through: Last entry of the enclave's ledger it covers.
        ledger_head: Hash of that entry.
        at: When it was made; None for none.
    """

    number: int = 0
    digest: str = GENESIS
    through: int = 0
    ledger_head: str = GENESIS
    at: datetime | None = None


START: Final = FeedPosition()


@dataclass(frozen=True, slots=True)
class FeedStop:
    """Why the feed is not believed from some batch on; entered into the ledger as `feed:stopped`.

    Attributes:
        number: Of the batch.
        rule: `feed.gap`, `feed.signature`, `feed.malformed`, `feed.number`, `feed.chain`,
            `feed.rolled_back`.
        reason, remedy: For people.
    """

    number: int
    rule: str
    reason: str
    remedy: str = (
        "Compare with the data plane's own copy (`enclave feed verify`); what was verified stays."
    )

    def to_facts(self) -> dict[str, str | int]:
        """For the ledger and `--json`."""
        return {"position": self.number, "rule": self.rule, "why": self.reason}


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What one reading gave.

    Attributes:
        batches: New ones, verified, in order.
        position: Where the next reading goes on.
        stop: Why it ended before the feed did, or None.
        digests: Of each batch's payload, in order.
    """

    batches: tuple[EventBatch, ...]
    position: FeedPosition
    stop: FeedStop | None = None
    digests: tuple[str, ...] = ()

    def silent_since(self, now: datetime) -> datetime | None:
        """Instant of the newest batch when it is too old, else None; `now` is UTC."""
        at = self.position.at
        return at if at is not None and now - at > SILENT_AFTER else None


def read_feed(
    store: ObjectStore,
    keys: Mapping[str, PublicKey],
    since: FeedPosition = START,
    *,
    at_most: int = 10_000,
) -> FeedReading:
    """Read and verify what was published since a position.

    Args:
        store: The policy zone.
        keys: Pinned keys of the enclave, by id.
        since: Where the last reading ended, from the reader's own memory.
        at_most: Batches; the rest is left to the next reading.

    Returns:
        The new batches, the new position, and why it stopped, if it did.
    """
    position = since
    batches: list[EventBatch] = []
    digests: list[str] = []

    def ended(stop: FeedStop | None = None) -> FeedReading:
        return FeedReading(tuple(batches), position, stop, tuple(digests))

    while len(batches) < at_most:
        number = position.number + 1
        try:
            data = store.read(batch_key(number))  # step 1
        except ObjectNotFoundError:
            return ended(_judge_end(store, keys, position))
        found = _verify(data, keys, position)
        if isinstance(found, FeedStop):
            return ended(found)
        batch, position = found
        batches.append(batch)
        digests.append(position.digest)
    return ended()


def _verify(
    data: bytes, keys: Mapping[str, PublicKey], before: FeedPosition
) -> tuple[EventBatch, FeedPosition] | FeedStop:
    number = before.number + 1
    try:
        payload = check_signed(  # step 2
            Envelope.from_json(data), payload_type=FEED_TYPE, keys=keys
        )
    except SignatureRefusedError as error:
        reason = f"Batch {number} is not signed by the data plane: {error.message}"
        return FeedStop(number, "feed.signature", reason)
    try:
        batch = parse_batch(payload)  # step 3
    except LedgerError as error:
        return FeedStop(number, "feed.malformed", f"Batch {number}: {error.message}")
    if batch.number != number:  # step 4
        reason = f"Under the number {number} lies batch {batch.number}."
        return FeedStop(number, "feed.number", reason)
    if stop := _judge_link(batch, before):  # step 5
        return stop
    after = FeedPosition(number, sha256_of(payload), batch.through, batch.ledger_head, batch.at)
    return batch, after


def _judge_link(batch: EventBatch, before: FeedPosition) -> FeedStop | None:
    number, rule = batch.number, "feed.chain"
    if batch.previous != before.digest:
        reason = f"Batch {number} does not follow the batch {before.number} that was read."
        return FeedStop(number, rule, reason)
    if batch.after != before.through:
        reason = (
            f"Batch {number} goes on after entry {batch.after}, the one before ended with "
            f"{before.through}."
        )
        return FeedStop(number, rule, reason)
    if before.at is not None and batch.at < before.at:
        return FeedStop(number, rule, f"Batch {number} is dated before the one before it.")
    if batch.through == batch.after and batch.ledger_head != before.ledger_head:
        reason = f"Batch {number} covers no entry and names another head of the ledger."
        return FeedStop(number, rule, reason)
    return None


def _judge_end(
    store: ObjectStore, keys: Mapping[str, PublicKey], position: FeedPosition
) -> FeedStop | None:
    """No next batch: either this is the end, or batches in between are missing."""
    newest = _newest(store, keys)
    if newest > position.number:
        number = position.number + 1
        reason = f"Batch {number} is missing, and batch {newest} exists."
        return FeedStop(number, "feed.gap", reason)
    if position.number and store.stat(batch_key(position.number)) is None:
        reason = f"Batch {position.number} was read before and is gone: the feed was rolled back."
        return FeedStop(position.number, "feed.rolled_back", reason)
    return None


def _newest(store: ObjectStore, keys: Mapping[str, PublicKey]) -> int:
    """Highest number that lies there: by `current.json` when it verifies, else by the list."""
    try:
        envelope = Envelope.from_json(store.read(CURRENT_KEY))
        return parse_batch(check_signed(envelope, payload_type=FEED_TYPE, keys=keys)).number
    except (ObjectNotFoundError, SignatureRefusedError, LedgerError):
        numbers = [
            int(name)
            for info in store.list(f"{FEED_FOLDER}/")
            if (name := info.key.rsplit("/", 1)[-1].removesuffix(".json")).isdecimal()
        ]
        return max(numbers, default=0)
