import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from governance.audit import Checkpoint, sign_checkpoint, verify_checkpoint
from governance.audit.checkpoints import CHECKPOINT_TYPE
from governance.audit.merkle import Frontier
from governance.errors import LedgerError
from governance.signing import LocalSigner, SignatureRefusedError, sign_envelope

SIGNER = LocalSigner.derive(b"c" * 32)
KEYS = {SIGNER.public_key.key_id: SIGNER.public_key}


def build_checkpoint(size: int = 5) -> Checkpoint:
    frontier = Frontier()
    for n in range(size):
        frontier.append(bytes([n]))
    return Checkpoint(
        chain="enclave",
        size=size,
        root=frontier.root().hex(),
        head="ab" * 32,
        at=datetime(2026, 3, 2, tzinfo=UTC),
        edge=tuple(node.hex() for node in frontier.nodes),
        other_head="cd" * 32,
    )


def test_a_signed_checkpoint_is_read_back_and_grows() -> None:
    read = verify_checkpoint(sign_checkpoint(build_checkpoint(), SIGNER), KEYS)
    assert read == build_checkpoint()
    frontier = read.frontier()
    frontier.append(bytes([5]))
    assert frontier.root().hex() == build_checkpoint(6).root


def test_a_checkpoint_of_nobody_known_is_refused() -> None:
    with pytest.raises(SignatureRefusedError):
        verify_checkpoint(sign_checkpoint(build_checkpoint(), LocalSigner.generate()), KEYS)
    with pytest.raises(SignatureRefusedError, match="no checkpoint"):
        verify_checkpoint(sign_envelope(CHECKPOINT_TYPE, b"{}", (SIGNER,)), KEYS)
    with pytest.raises(SignatureRefusedError, match="not of the type"):
        verify_checkpoint(sign_envelope("application/other", b"{}", (SIGNER,)), KEYS)


@pytest.mark.parametrize("edge", [("zz",), ("ab",), ("ab" * 32, "cd" * 32)])
def test_an_edge_that_does_not_give_the_root_is_refused(edge: tuple[str, ...]) -> None:
    with pytest.raises(LedgerError, match="edge"):
        replace(build_checkpoint(), edge=edge).frontier()


@pytest.mark.parametrize("size", [0, -1, True, 5.0, "5", 10**12])
def test_a_size_that_is_no_number_of_entries_is_refused(size: object) -> None:
    envelope = sign_checkpoint(build_checkpoint(), SIGNER)
    raw = {**json.loads(envelope.payload), "size": size}

    with pytest.raises(SignatureRefusedError):
        verify_checkpoint(sign_envelope(CHECKPOINT_TYPE, json.dumps(raw).encode(), (SIGNER,)), KEYS)
