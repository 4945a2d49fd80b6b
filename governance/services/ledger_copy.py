"""The ledger's copy outside the database: entries, public facts and signed checkpoints.

It lies in the policy zone under `ledger/governance/`, in the layout of `governance.stored_ledger`,
so that anybody with a copy verifies it (`governance ledger verify FOLDER`). Steps of a checkpoint,
each of which may be the last before a crash and is safe to repeat:

1. Compare with the newest checkpoint outside: the database must continue it, link by link.
2. Write the entries that are not there yet, and the facts of those that are public
   (`governance.services.ledger_export`).
3. Sign the Merkle root over all of them, with the last head seen of the data plane's chain.
4. Note in the database how far the copy goes: a hint only.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from governance.audit import (
    Checkpoint,
    LedgerProblem,
    ProblemKind,
    follows,
    sign_checkpoint,
    verify_checkpoint,
)
from governance.audit.merkle import Frontier
from governance.canonical import canonical_json
from governance.errors import LedgerError, ObjectNotFoundError, PreconditionFailedError
from governance.objects import ObjectStore
from governance.objects.prefixed import PrefixedStore
from governance.services.ledger_export import (
    export_entries,
    forget_erased_since,
    forget_facts,
)
from governance.services.programme import Programme
from governance.signing import Envelope, PublicKey, SignatureRefusedError
from governance.store import UnitOfWork
from governance.store import chain_rows as rows
from governance.store.feed import last_enclave_head
from governance.stored_ledger import (
    LATEST_CHECKPOINT,
    checkpoint_key,
    parse_object,
)

CHAIN: Final = "governance"
FOLDER: Final = "ledger/governance"
_KEYS_FOLDER: Final = "ledger/keys"
_ATTEMPTS: Final = 5


def copy_store(p: Programme) -> ObjectStore:
    """Where the copy lies."""
    return PrefixedStore(p.policy, FOLDER)


def known_keys(p: Programme) -> dict[str, PublicKey]:
    """Keys that may have signed a checkpoint, by id: today's and the earlier ones of the settings.

    Raises:
        SignatureRefusedError: A file of the settings is no public key.
    """
    earlier = p.settings.ledger_earlier_keys
    keys = [PublicKey.from_dict(parse_object(path.read_bytes())) for path in earlier]
    return {key.key_id: key for key in (p.signer.public_key, *keys)}


def make_checkpoint(p: Programme) -> Checkpoint | None:
    """Bring the copy up to date and sign a checkpoint; None for an empty chain.

    Raises:
        LedgerError: The database does not continue the copy, or its own entries do not follow from
            each other: verify it, and ask who changed it.
    """
    for _ in range(_ATTEMPTS):
        made, done = _make(p)
        if done:
            return made
    raise LedgerError(
        "The public copy goes further than the database; verify it. After a backup was restored, "
        "what came after it is in the copy outside."
    )


def _make(p: Programme) -> tuple[Checkpoint | None, bool]:
    """One attempt; False when another export is ahead of what was read."""
    store = copy_store(p)
    latest = newest_checkpoint(p)
    with p.store.read() as unit:
        head = rows.read_head(unit)
        if head.seq == 0:
            return None, True
        frontier = _continue(unit, latest, head)  # step 1
        start = min(head.exported, latest.size if latest else 0)
        if not export_entries(store, unit, start, head.seq):  # step 2
            return None, False
        if latest is not None and latest.size == head.seq:
            return latest, True
        checkpoint = Checkpoint(
            chain=CHAIN,
            size=head.seq,
            root=frontier.root().hex(),
            head=head.hash,
            at=p.clock(),
            edge=tuple(node.hex() for node in frontier.nodes),
            other_head=last_enclave_head(unit),
        )
    checkpoint = _store(p, store, checkpoint)  # step 3
    with p.store.aside() as unit:  # step 4
        rows.note_exported(unit, checkpoint.size, checkpoint.size)
    with p.store.read() as unit:
        forget_erased_since(store, unit, head.seq)
    return checkpoint, True


def forget_outside(p: Programme, seqs: Sequence[int]) -> None:
    """Take facts that were erased out of the copy now; the next export does it in any case."""
    with p.store.read() as unit:
        forget_facts(copy_store(p), unit, seqs)


def sealed_checkpoint(p: Programme, size: int) -> bytes:
    """The signed checkpoint over that many entries, to be kept elsewhere.

    Raises:
        ObjectNotFoundError: There is none.
    """
    return copy_store(p).read(checkpoint_key(size))


def checkpoint_due(p: Programme) -> bool:
    """Whether so many entries were appended since the last checkpoint that one is due."""
    with p.store.read() as unit:
        head = rows.read_head(unit)
    return head.seq - head.checkpointed >= p.settings.checkpoint_every


def newest_checkpoint(p: Programme) -> Checkpoint | None:
    """The newest checkpoint outside, verified; None when there is none.

    Raises:
        SignatureRefusedError: It is not signed by a known key.
    """
    store = copy_store(p)
    size = _hint(store)
    sizes = [size] if size else sorted(_sizes(store))
    if not sizes:
        return None
    return verify_checkpoint(
        Envelope.from_json(store.read(checkpoint_key(sizes[-1]))), known_keys(p)
    )


def stored_checkpoints(p: Programme) -> tuple[list[Checkpoint], list[LedgerProblem]]:
    """Every checkpoint outside whose signature verifies, and a problem for each that does not."""
    store, keys = copy_store(p), known_keys(p)
    found, refused = [], []
    for size in _sizes(store):
        try:
            envelope = Envelope.from_json(store.read(checkpoint_key(size)))
            found.append(verify_checkpoint(envelope, keys))
        except SignatureRefusedError as error:
            kind = ProblemKind.CHECKPOINT_REFUSED
            refused.append(LedgerProblem(kind, size, error.message))
    return found, refused


def _continue(unit: UnitOfWork, latest: Checkpoint | None, head: rows.Head) -> Frontier:
    """The tree over the whole chain: the newest checkpoint's, and what followed it without a break.

    Raises:
        LedgerError: Something was altered or removed: nothing is signed over it.
    """
    frontier, last = Frontier(), None
    if latest is not None:
        frontier, last = latest.frontier(), rows.read_entry(unit, latest.size)
        if head.seq < latest.size or last is None or last.hash != latest.head:
            raise LedgerError(
                "The database does not continue the newest checkpoint outside; verify it and ask "
                "who changed it. After a backup was restored, what came after it is in the copy "
                "outside.",
                size=latest.size,
            )
    for row in rows.stream_rows(unit, frontier.size):
        entry = rows.entry_of(row)
        if not follows(last, entry):
            message = "An entry does not continue the one before it; verify the database."
            raise LedgerError(message, seq=entry.seq)
        frontier.append(bytes.fromhex(entry.hash))
        last = entry
    if frontier.size != head.seq:
        message = (
            "The chain does not end with the entry that the database calls its last; verify it."
        )
        raise LedgerError(message, seq=frontier.size)
    return frontier


def _store(p: Programme, store: ObjectStore, checkpoint: Checkpoint) -> Checkpoint:
    key = checkpoint_key(checkpoint.size)
    envelope = sign_checkpoint(checkpoint, p.signer).to_json()
    try:
        store.put(key, envelope, if_none_match=True)
    except PreconditionFailedError:  # another process was first
        checkpoint = verify_checkpoint(Envelope.from_json(store.read(key)), known_keys(p))
    store.put(LATEST_CHECKPOINT, canonical_json({"size": checkpoint.size}))
    jwk = canonical_json(p.signer.public_key.to_dict())
    p.policy.put(f"{_KEYS_FOLDER}/{p.signer.public_key.key_id}.json", jwk)
    return checkpoint


def _hint(store: ObjectStore) -> int:
    """The size the hint names, if such a checkpoint lies there and none is newer by name."""
    try:
        size = parse_object(store.read(LATEST_CHECKPOINT)).get("size")
    except (ObjectNotFoundError, LedgerError):
        return 0
    return size if type(size) is int and size > 0 and store.stat(checkpoint_key(size)) else 0


def _sizes(store: ObjectStore) -> Iterator[int]:
    for info in store.list("checkpoints/"):
        name = info.key.rsplit("/", 1)[-1].removesuffix(".json")
        if name.isascii() and name.isdigit():
            yield int(name)
