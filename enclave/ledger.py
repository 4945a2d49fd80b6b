"""The data plane's ledger: a hash chain of objects in the ledger zone, for many appenders at once.

Layout of the zone:

| key | holds |
|---|---|
| `entries/{seq}.json` | one entry; created with "only if nothing lies there", never written again |
| `payloads/{commitment}.json` | salt and row-free facts of an entry; may be erased |
| `once/{digest}.json` | from which number on to look for the entry of an idempotency key |
| `checkpoints/{size}.json` | a signed Merkle checkpoint of the first `size` entries |
| `checkpoints/latest.json` | the size of the newest checkpoint, a hint only |

Order of steps of an append, each of which may be the last before a crash:

1. Tell the chain's head (before step 2, see `_Once`).
2. With an idempotency key: look for its entry; found, it is returned and nothing is written.
3. Write the facts under their commitment. A crash here leaves facts no entry names.
4. Create the entry under the next number; whoever loses reads the winner and tries the next.
5. At every `checkpoint_every`-th entry sign a checkpoint. A crash here leaves it to the next.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from governance.audit import (
    Checkpoint,
    Entry,
    LedgerReport,
    Tag,
    commit_facts,
    is_entry_number,
    link,
    new_salt,
    sign_checkpoint,
    verify_checkpoint,
)
from governance.audit.erasures import ErasureReason
from governance.audit.merkle import Frontier
from governance.canonical import Json, canonical_json
from governance.digests import sha256_of
from governance.errors import LedgerError, ObjectNotFoundError, PreconditionFailedError
from governance.objects import ObjectStore
from governance.signing import Envelope, PublicKey, SignatureRefusedError, Signer
from governance.stored_ledger import (
    LATEST_CHECKPOINT,
    checkpoint_key,
    entry_key,
    erasure_key,
    parse_object,
    payload_key,
    read_facts,
    verify_stored,
)

CHECKPOINT_EVERY: Final = 256
"""Entries between two signed checkpoints; a rewrite of fewer since the last is not shown."""


class Ledger:
    """Appends to and verifies one chain. Safe for many threads, processes and machines."""

    def __init__(
        self,
        store: ObjectStore,
        signer: Signer,
        *,
        chain: str = "enclave",
        checkpoint_every: int = CHECKPOINT_EVERY,
        earlier_keys: Iterable[PublicKey] = (),
    ) -> None:
        """Open the chain in `store` (the ledger zone).

        Args:
            store: The ledger zone.
            signer: Signs checkpoints.
            chain: The chain's name, part of each checkpoint.
            checkpoint_every: Entries between two checkpoints.
            earlier_keys: Keys that signed earlier checkpoints, before a rotation.
        """
        self._store = store
        self._signer = signer
        self._chain = chain
        self._every = checkpoint_every
        self._keys = {k.key_id: k for k in (signer.public_key, *earlier_keys)}
        self._head: Entry | None = None
        self._lock = threading.Lock()

    def append(
        self,
        tag: Tag | str,
        subject: str,
        facts: Mapping[str, Json],
        *,
        once: str | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """Append one event.

        Args:
            tag: One of `governance.audit.Tag`.
            subject: Internal id of what it is about.
            facts: Row-free facts: names, counts, ids, positions.
            once: Idempotency key: a second append with the same key, by anybody and at any time,
                returns the first entry and writes nothing.
            at: UTC; now by default.

        Returns:
            The entry as it stands in the chain.

        Raises:
            LedgerError: The tag is not in the table, or the time names no zone.
        """
        try:
            known = Tag(tag)
        except ValueError:
            raise LedgerError("The tag is not in governance.audit.tags.") from None
        instant = at or datetime.now(UTC)
        if instant.tzinfo is None:
            raise LedgerError("The time of an entry names its zone.")
        with self._lock:
            head = self.head()  # step 1
            mark = "" if once is None else sha256_of(once.encode())
            if mark and (found := self._find_once(mark, head)):  # step 2
                self._head = max(head or found, found, key=lambda e: e.seq)
                return found
            salt = new_salt()
            commitment = commit_facts(facts, salt)
            self._store.put(  # step 3
                payload_key(commitment),
                canonical_json({"salt": salt.hex(), "facts": facts}),
            )
            entry = self._create(
                head, at=instant, tag=known, subject=subject, commitment=commitment, once=mark
            )
            if entry.commitment != commitment:
                self._store.delete(payload_key(commitment))
        if entry.seq % self._every == 0:
            self.checkpoint()  # step 5
        return entry

    def head(self) -> Entry | None:
        """The last entry, or None for an empty chain.

        Numbers have no gaps, so from any known entry the head is found by doubling steps and
        halving back: O(log n) looks.
        """
        low = self._head.seq if self._head else self._checkpoint_hint()
        step = 1
        while self._exists(low + step):
            low, step = low + step, step * 2
        high = low + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._exists(middle) else (low, middle)
        if low and (self._head is None or self._head.seq != low):
            self._head = self._read(low)
        return self._head

    def entries(self) -> Iterator[Entry]:
        """Every entry in the order of its object keys.

        Raises:
            LedgerError: An object is no entry.
        """
        for info in self._store.list("entries/"):
            yield Entry.from_dict(parse_object(self._store.read(info.key)))

    def facts(self, entry: Entry) -> Mapping[str, Json] | None:
        """The facts of an entry, or None when they were erased.

        Raises:
            LedgerError: What lies there is not what the entry committed to.
        """
        return read_facts(self._store, entry)

    def erase(self, entry: Entry, *, reason: ErasureReason) -> Entry:
        """Erase the facts of an entry; the chain stays whole and says that, and why by a code.

        Returns:
            The entry that records it.
        """
        self._store.delete(payload_key(entry.commitment))
        return self.append(
            Tag.PAYLOAD_ERASED,
            entry.subject,
            {"seq": entry.seq, "reason": reason.value},
            once=erasure_key(entry.seq),
        )

    def checkpoint(self, *, other_head: str = "") -> Checkpoint | None:
        """Sign a checkpoint over the chain as it is; None for an empty chain.

        Raises:
            LedgerError: The chain does not continue the newest checkpoint.
        """
        head = self.head()
        if head is None:
            return None
        known = self._read_checkpoint(head.seq)
        latest = known or self._read_checkpoint(self._checkpoint_hint())
        if latest is not None and self._read(latest.size).hash != latest.head:
            raise LedgerError(
                "The ledger does not continue its newest checkpoint; verify it.", size=latest.size
            )
        if known is not None:
            return known
        frontier = latest.frontier() if latest else Frontier()
        for seq in range(frontier.size + 1, head.seq + 1):
            frontier.append(bytes.fromhex(self._read(seq).hash))
        checkpoint = Checkpoint(
            chain=self._chain,
            size=head.seq,
            root=frontier.root().hex(),
            head=head.hash,
            at=datetime.now(UTC),
            edge=tuple(node.hex() for node in frontier.nodes),
            other_head=other_head,
        )
        envelope = sign_checkpoint(checkpoint, self._signer).to_json()
        try:
            self._store.put(checkpoint_key(head.seq), envelope, if_none_match=True)
        except PreconditionFailedError:
            return self._read_checkpoint(head.seq)
        self._store.put(LATEST_CHECKPOINT, canonical_json({"size": head.seq}))
        return checkpoint

    def sealed_checkpoint(self) -> bytes | None:
        """A signed checkpoint of the chain as it is, to be kept outside; None for an empty chain.

        Raises:
            LedgerError: The chain does not continue the newest checkpoint.
        """
        made = self.checkpoint()
        return None if made is None else self._store.read(checkpoint_key(made.size))

    def open_checkpoint(self, sealed: bytes) -> Checkpoint:
        """A checkpoint that was kept outside, once its signature verifies: an anchor of `verify`.

        Raises:
            SignatureRefusedError: It is not signed by a key of this ledger, or is of another chain.
        """
        checkpoint = verify_checkpoint(Envelope.from_json(sealed), self._keys)
        if checkpoint.chain != self._chain:
            raise SignatureRefusedError("The checkpoint is of another chain.")
        return checkpoint

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies this ledger's checkpoints."""
        return self._signer.public_key

    @property
    def signer(self) -> Signer:
        """Signs what is made of this ledger."""
        return self._signer

    @property
    def keys(self) -> Mapping[str, PublicKey]:
        """Keys that may have signed, earlier ones included, by id."""
        return self._keys

    def entry(self, seq: int) -> Entry:
        """One entry.

        Raises:
            ObjectNotFoundError: The chain is not that long.
            LedgerError: What lies there is no entry.
        """
        return self._read(seq)

    def verify(
        self, *, anchors: Iterable[Checkpoint] = (), with_payloads: bool = True
    ) -> LedgerReport:
        """Verify the whole chain, its checkpoints and the facts beside it.

        Args:
            anchors: Checkpoints kept outside, already verified: what they cover cannot have been
                rewritten unnoticed.
            with_payloads: Whether to compare the facts too (one more read an entry).

        Returns:
            The report; each problem names its entry.
        """
        return verify_stored(
            self._store,
            self._keys,
            anchors=anchors,
            with_payloads=with_payloads,
            chain=self._chain,
        )

    def _create(
        self,
        head: Entry | None,
        *,
        at: datetime,
        tag: Tag,
        subject: str,
        commitment: str,
        once: str,
    ) -> Entry:
        """Step 4: create the entry after `head`, or after whoever came first."""
        while True:
            entry = link(
                head, at=at, tag=tag.value, subject=subject, commitment=commitment, once=once
            )
            try:
                self._store.put(
                    entry_key(entry.seq), canonical_json(entry.to_dict()), if_none_match=True
                )
            except PreconditionFailedError:
                head = self._read(entry.seq)
                if once and head.once == once:
                    entry = head
                    break
            else:
                break
        self._head = entry
        return entry

    def _find_once(self, mark: str, head: Entry | None) -> Entry | None:
        """The entry of an idempotency key, or None; marks the key before anybody can append it.

        The marker holds a lower bound of the entry's number and is created once, before the entry.
        `head` was told before the marker is looked for: an entry of this key up to `head` has
        its marker by then, and one after `head` is met by `_create`, which walks every number
        from `head` on. So the entry is never written twice.
        """
        key = f"once/{mark}.json"
        last = head.seq if head else 0
        try:
            self._store.put(key, canonical_json({"from": last + 1}), if_none_match=True)
        except PreconditionFailedError:
            first = parse_object(self._store.read(key)).get("from")
            if not is_entry_number(first):
                raise LedgerError("An idempotency marker is malformed.") from None
            for seq in range(first, last + 1):
                entry = self._read(seq)
                if entry.once == mark:
                    return entry
        return None

    def _checkpoint_hint(self) -> int:
        """Size of the newest checkpoint, as far as the hint can be believed; 0 otherwise.

        Only where to begin looking: a wrong hint costs looks, and where it hides that entries are
        gone, `verify` tells.
        """
        try:
            size = parse_object(self._store.read(LATEST_CHECKPOINT)).get("size")
        except (ObjectNotFoundError, LedgerError):
            return 0
        return size if is_entry_number(size) and self._exists(size) else 0

    def _exists(self, seq: int) -> bool:
        return self._store.stat(entry_key(seq)) is not None

    def _read(self, seq: int) -> Entry:
        return Entry.from_dict(parse_object(self._store.read(entry_key(seq))))

    def _read_checkpoint(self, size: int) -> Checkpoint | None:
        if size == 0:
            return None
        try:
            data = self._store.read(checkpoint_key(size))
        except ObjectNotFoundError:
            return None
        return self.open_checkpoint(data)
