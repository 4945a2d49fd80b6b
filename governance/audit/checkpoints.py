"""Signed checkpoints: how many entries a chain had, and the Merkle root over them.

Whoever keeps a checkpoint outside can later show that an entry it covers was altered or removed. A
checkpoint carries the last head it saw of the other plane's chain, so that neither can be rewritten
without the other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance.audit.merkle import Frontier
from governance.canonical import canonical_json
from governance.errors import LedgerError
from governance.signing import (
    Envelope,
    PublicKey,
    SignatureRefusedError,
    Signer,
    check_signed,
    sign_envelope,
)

_HIGHEST_SIZE: Final = 999_999_999_999
"""Entries have numbers of at most twelve digits."""
CHECKPOINT_TYPE: Final = "application/vnd.data-enclave.checkpoint+json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A chain at one size.

    Attributes:
        chain: Which chain: `enclave` or `governance`, and the deployment.
        size: Entries covered.
        root: Merkle root over the raw hashes of those entries, hex.
        head: Hash of the last of them, hex.
        at: UTC.
        edge: Roots of the complete subtrees, largest first, hex: lets the next checkpoint be made
            without reading the chain from its start.
        other_head: Last head seen of the other plane's chain, or empty.
    """

    chain: str
    size: int
    root: str
    head: str
    at: datetime
    edge: tuple[str, ...] = ()
    other_head: str = ""

    def frontier(self) -> Frontier:
        """The tree's right edge, from which it can grow.

        Raises:
            LedgerError: The edge does not give the root.
        """
        try:
            frontier = Frontier(self.size, [bytes.fromhex(node) for node in self.edge])
        except ValueError:
            raise LedgerError("A checkpoint's edge is malformed.", size=self.size) from None
        if frontier.root().hex() != self.root:
            raise LedgerError("A checkpoint's edge does not give its root.", size=self.size)
        return frontier


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> Envelope:
    """Sign a checkpoint by ES256."""
    payload = {
        "chain": checkpoint.chain,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "head": checkpoint.head,
        "at": checkpoint.at.isoformat(timespec="microseconds"),
        "edge": list(checkpoint.edge),
        "other_head": checkpoint.other_head,
    }
    return sign_envelope(CHECKPOINT_TYPE, canonical_json(payload), (signer,))


def verify_checkpoint(envelope: Envelope, keys: Mapping[str, PublicKey]) -> Checkpoint:
    """The checkpoint, once its signature verifies.

    Raises:
        SignatureRefusedError: Not signed by one of `keys`, or no checkpoint.
    """
    payload = check_signed(envelope, payload_type=CHECKPOINT_TYPE, keys=keys)
    try:
        raw = json.loads(payload)
        if type(raw["size"]) is not int or not 1 <= raw["size"] <= _HIGHEST_SIZE:
            raise SignatureRefusedError("A checkpoint's size is no number of entries.")
        return Checkpoint(
            chain=str(raw["chain"]),
            size=raw["size"],
            root=str(raw["root"]),
            head=str(raw["head"]),
            at=datetime.fromisoformat(raw["at"]),
            edge=tuple(str(node) for node in raw["edge"]),
            other_head=str(raw["other_head"]),
        )
    except (ValueError, KeyError, TypeError):
        raise SignatureRefusedError("The signed document is no checkpoint.") from None
