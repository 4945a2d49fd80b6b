"""A small data plane's ledger and feed in memory, and batches by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from enclave.event_feed import EventFeed
from enclave.ledger import Ledger
from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.event_feed import FEED_TYPE, EventBatch, batch_key
from governance.signing import LocalSigner, PublicKey, sign_envelope
from tests.lib.memory_store import MemoryStore

SIGNER = LocalSigner.derive(b"\x0e" * 32)
KEYS: Mapping[str, PublicKey] = {SIGNER.public_key.key_id: SIGNER.public_key}
NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)


class Plane:
    """Ledger zone, policy zone, ledger and feed; a clock that moves a minute a publication."""

    def __init__(self) -> None:
        self.kept = MemoryStore("ledger")
        self.policy = MemoryStore("policy")
        self.now = NOW
        self.reopen()

    def reopen(self) -> None:
        """As a new process after a crash."""
        self.ledger = Ledger(self.kept, SIGNER)
        self.feed = EventFeed(self.ledger, self.kept, self.policy)

    def record(self, tag: str, subject: str, **facts: Any) -> None:
        self.ledger.append(tag, subject, facts, at=self.now)

    def receive(self, name: str = "a1", **facts: Any) -> None:
        known = {"agency": "sde", "dataset": "enrollment", "period": "2026", "revision": 1}
        self.record("submission:received", f"submission/{name}", **(known | facts))

    def publish(self, **how: Any) -> int:
        """The newest batch."""
        self.now += timedelta(minutes=1)
        return self.feed.publish(self.now, **how).number


def put_batch(store: MemoryStore, batch: EventBatch, signer: LocalSigner = SIGNER) -> str:
    """Sign a batch made by hand and put it where it belongs; digest of its payload."""
    payload = canonical_json(batch.model_dump(mode="json"))
    store.put(batch_key(batch.number), sign_envelope(FEED_TYPE, payload, (signer,)).to_json())
    return sha256_of(payload)
