import itertools
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from governance.canonical import canonical_json
from governance.grants import BundleRefusedError, create_root, pin_root, update_root
from governance.grants.model import ROOT_TYPE
from governance.signing import Envelope, LocalSigner, sign_envelope
from tests.lib.grants import NOW, Keys

OLD = Keys()
NEXT = LocalSigner.derive(b"n" * 32)
STRANGER = LocalSigner.derive(b"x" * 32)


def build_successor(version: int = 2, **changes: object) -> Envelope:
    return OLD.envelope(
        version, **({"root_signers": [NEXT], "previous": [OLD.root_signer]} | changes)
    )


def test_a_root_signed_by_old_and_new_replaces_the_old() -> None:
    new_signer = LocalSigner.derive(b"m" * 32)
    root = update_root(OLD.root(), [build_successor(signer_keys=[new_signer.public_key])], NOW)
    assert root.document.version == 2
    assert set(root.keys("signer")) == {new_signer.public_key.key_id}
    assert set(root.keys("root")) == {NEXT.public_key.key_id}
    third = create_root(
        version=3,
        expires_at=OLD.expires_at,
        root_signers=[NEXT],
        signer_keys=[OLD.signer.public_key],
    )
    assert update_root(root, [third], NOW).document.version == 3
    assert update_root(OLD.root(), [], NOW) == OLD.root()


@pytest.mark.parametrize(
    ("successor", "rule"),
    [
        (build_successor(previous=[]), "root.signature"),
        (OLD.envelope(2, root_signers=[STRANGER]), "root.signature"),
        (
            replace(build_successor(), signatures=build_successor().signatures[1:]),
            "root.signature",
        ),
        (build_successor(3), "root.version"),
        (build_successor(1), "root.version"),
        (sign_envelope("application/json", b"{}", (OLD.root_signer,)), "root.malformed"),
        (sign_envelope(ROOT_TYPE, b"{}", (OLD.root_signer,)), "root.malformed"),
        (build_successor(expires_at=NOW), "root.expired"),
    ],
)
def test_any_other_successor_is_refused(successor: Envelope, rule: str) -> None:
    with pytest.raises(BundleRefusedError) as caught:
        update_root(OLD.root(), [successor], NOW)
    assert caught.value.rule == rule


def test_an_expired_root_may_be_a_step_but_not_the_last() -> None:
    expired = Keys(expires_at=NOW - timedelta(days=1))
    assert update_root(expired.root(), [build_successor()], NOW).document.version == 2
    with pytest.raises(BundleRefusedError, match="expired"):
        update_root(expired.root(), [], NOW)


def test_a_root_needs_its_own_threshold() -> None:
    two = OLD.envelope(root_signers=[OLD.root_signer, NEXT], root_threshold=2)
    assert pin_root(two).threshold("root") == 2
    with pytest.raises(BundleRefusedError, match="1 of the 2"):
        pin_root(replace(two, signatures=two.signatures[:1]))
    with pytest.raises(BundleRefusedError, match="threshold"):
        OLD.envelope(root_threshold=2)


@pytest.mark.parametrize(
    "spoil",
    [
        {"roles": {"root": {"key_ids": ["a"], "threshold": 1}}},
        {
            "roles": {
                "root": {"key_ids": ["a"], "threshold": 1},
                "signer": {"key_ids": ["a"], "threshold": 1},
            }
        },
        {"surprise": 1},
    ],
)
def test_a_root_that_contradicts_itself_is_refused(spoil: dict[str, object]) -> None:
    raw = json.loads(OLD.envelope().payload) | spoil
    forged = sign_envelope(ROOT_TYPE, canonical_json(raw), (OLD.root_signer,))
    with pytest.raises(BundleRefusedError) as caught:
        pin_root(forged)
    assert caught.value.rule == "root.malformed"


def test_a_loop_of_roots_ends() -> None:
    forever = (OLD.envelope(version) for version in itertools.count(2))
    with pytest.raises(BundleRefusedError, match="Too many"):
        update_root(OLD.root(), forever, NOW)
