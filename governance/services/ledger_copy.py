"""The ledger's copy outside the database: entries, public facts and signed checkpoints.

It lies in the policy zone under `ledger/governance/`, in the layout of `governance.stored_ledger`,
so that anybody with a copy verifies it (`governance ledger verify FOLDER`). Steps of a checkpoint,
each of which may be the last before a crash and is safe to repeat:

1. Compare with the newest checkpoint outside: the database must continue it.
2. Write the entries that are not there yet, each only if nothing lies there, and the facts of those
   that are public; remove facts that were erased.
3. Sign the Merkle root over all of them, with the last head seen of the data plane's chain.
4. Note in the database how far the copy goes: a hint only.
"""

from collections.abc import Iterator
from typing import Final

from governance.audit import (
    Checkpoint,
    Entry,
    LedgerProblem,
    ProblemKind,
    Tag,
    sign_checkpoint,
    verify_checkpoint,
)
from governance.audit.merkle import Frontier
from governance.audit.tags import CONFIDENTIAL_FACTS
from governance.canonical import canonical_json
from governance.errors import LedgerError, ObjectNotFoundError, PreconditionFailedError
from governance.objects import ObjectStore
from governance.objects.prefixed import PrefixedStore
from governance.services.programme import Programme
from governance.signing import Envelope, PublicKey, SignatureRefusedError
from governance.store import UnitOfWork
from governance.store import chain_rows as rows
from governance.store.feed import last_enclave_head
from governance.stored_ledger import (
    LATEST_CHECKPOINT,
    checkpoint_key,
    entry_key,
    parse_object,
    payload_key,
)

CHAIN: Final = "governance"
FOLDER: Final = "ledger/governance"
_KEYS_FOLDER: Final = "ledger/keys"


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
        LedgerError: The database does not continue the copy: verify it, and ask who changed it.
    """
    store = copy_store(p)
    latest = newest_checkpoint(p)
    with p.store.read() as unit:
        head = rows.read_head(unit)
        if head.seq == 0:
            return None
        frontier = _continue(unit, latest, head)  # step 1
        start = min(head.exported, latest.size if latest else 0)
        _export(store, unit, start, head.seq)  # step 2
        if latest is not None and latest.size == head.seq:
            return latest
        for own in rows.read_hashes(unit, frontier.size, head.seq):
            frontier.append(own)
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
    return checkpoint


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
    if latest is None:
        return Frontier()
    entry = rows.read_entry(unit, latest.size)
    if head.seq < latest.size or entry is None or entry.hash != latest.head:
        raise LedgerError(
            "The database does not continue the newest checkpoint outside; verify it and ask who "
            "changed it. After a backup was restored, what came after it is in the copy outside.",
            size=latest.size,
        )
    return latest.frontier()


def _export(store: ObjectStore, unit: UnitOfWork, after: int, through: int) -> None:
    for entry, salt, facts in rows.stream_with_payloads(unit, after, through):
        if salt is not None and facts is not None and entry.tag not in CONFIDENTIAL_FACTS:
            document = b'{"facts":' + facts.encode() + b',"salt":"' + salt.encode() + b'"}'
            store.put(payload_key(entry.commitment), document)
        _write_entry(store, entry)
        if entry.tag == Tag.PAYLOAD_ERASED and facts is not None:
            _forget(store, unit, facts)


def _write_entry(store: ObjectStore, entry: Entry) -> None:
    key, document = entry_key(entry.seq), canonical_json(entry.to_dict())
    try:
        store.put(key, document, if_none_match=True)
    except PreconditionFailedError:
        if store.read(key) != document:
            message = "The copy outside holds another entry under that number; verify the database."
            raise LedgerError(message, seq=entry.seq) from None


def _forget(store: ObjectStore, unit: UnitOfWork, facts: str) -> None:
    told = parse_object(facts.encode()).get("facts")
    seq = told.get("seq") if isinstance(told, dict) else None
    erased = rows.read_entry(unit, seq) if isinstance(seq, int) else None
    if erased is not None:
        store.delete(payload_key(erased.commitment))


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
