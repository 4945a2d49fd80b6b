"""The root of trust: made offline, pinned by the data plane, rotated by a successor.

Steps of an update follow The Update Framework (specification 1.0, §5.3): one version at a time
(5.3.3), signed by a threshold of the old root's keys and by a threshold of the new root's own
(5.3.4), version exactly one higher (5.3.5); only the last one must not be expired (5.3.10).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import ValidationError

from governance.canonical import canonical_json, names_a_key_twice
from governance.digests import sha256_of
from governance.grants.errors import BundleRefusedError, describe
from governance.grants.model import ROOT_TYPE, Role, RootDocument, RootKey, instant_text
from governance.signing import (
    Envelope,
    PublicKey,
    SignatureRefusedError,
    Signer,
    check_signed,
    sign_envelope,
)

MAX_ROTATIONS: Final = 256
"""Roots read in one update; more is a loop, not a history."""


@dataclass(frozen=True, slots=True)
class Root:
    """A root whose signatures were verified, or that was pinned when the deployment was made.

    Attributes:
        document: What it says.
        digest: SHA-256 of its payload.
    """

    document: RootDocument
    digest: str

    def keys(self, role: Literal["root", "signer"]) -> Mapping[str, PublicKey]:
        """Keys that may act in the role, by id.

        Raises:
            SignatureRefusedError: A key is malformed.
        """
        return _keys(self.document, role)

    def threshold(self, role: Literal["root", "signer"]) -> int:
        """How many of them must."""
        return self.document.roles[role].threshold

    def check_current(self, now: datetime) -> None:
        """Raise when the root has expired.

        Raises:
            BundleRefusedError: It has.
        """
        if now >= self.document.expires_at:
            raise BundleRefusedError(
                "root.expired",
                f"The root document expired at {instant_text(self.document.expires_at)}.",
                "The programme's key holders publish a new root.",
            )


def create_root(
    *,
    version: int,
    expires_at: datetime,
    root_signers: Sequence[Signer],
    signer_keys: Sequence[PublicKey],
    root_threshold: int = 1,
    signer_threshold: int = 1,
    previous: Sequence[Signer] = (),
) -> Envelope:
    """Make and sign a root document.

    Args:
        version: 1, or one more than the root it replaces.
        expires_at: UTC.
        root_signers: Holders of the root keys; each signs.
        signer_keys: Keys that may sign grants and the people mapping.
        root_threshold: Root keys that must sign the next root.
        signer_threshold: Signer keys that must sign a grant.
        previous: Root signers of the root it replaces, who sign too.

    Raises:
        BundleRefusedError: What was asked for contradicts itself.
    """
    roots = [s.public_key for s in root_signers]
    try:
        document = RootDocument(
            version=version,
            expires_at=expires_at,
            keys={
                key.key_id: RootKey.model_validate(key.to_dict()) for key in (*roots, *signer_keys)
            },
            roles={
                "root": Role(key_ids=tuple(k.key_id for k in roots), threshold=root_threshold),
                "signer": Role(
                    key_ids=tuple(k.key_id for k in signer_keys), threshold=signer_threshold
                ),
            },
        )
    except ValidationError as error:
        raise BundleRefusedError(
            "root.malformed", describe(error), "Correct the root that is asked for."
        ) from None
    signers = {s.public_key.key_id: s for s in (*root_signers, *previous)}
    payload = canonical_json(document.model_dump(mode="json"))
    return sign_envelope(ROOT_TYPE, payload, tuple(signers.values()))


def pin_root(envelope: Envelope) -> Root:
    """Take a root as the anchor: trusted because of how it came here, and signed by its own keys.

    Raises:
        BundleRefusedError: It is no root, or its own keys did not sign it.
    """
    document = _parse(envelope)
    _check_signatures(envelope, document, "its own root keys")
    return Root(document, sha256_of(envelope.payload))


def update_root(trusted: Root, successors: Iterable[Envelope], now: datetime) -> Root:
    """Follow the successors of a trusted root, oldest first.

    Args:
        trusted: The root this data plane trusts so far.
        successors: Roots of the following versions, in order.
        now: UTC.

    Returns:
        The newest root.

    Raises:
        BundleRefusedError: A successor is not the next version, is not signed by both, or the last
            one has expired.
    """
    current = trusted
    for turn, envelope in enumerate(successors):
        if turn >= MAX_ROTATIONS:
            raise BundleRefusedError("root.loop", "Too many roots.", "Clear the policy zone.")
        document = _parse(envelope)
        _check_signatures(envelope, current.document, "the root before it")
        _check_signatures(envelope, document, "its own root keys")
        if document.version != current.document.version + 1:
            raise BundleRefusedError(
                "root.version",
                f"Root {document.version} does not follow root {current.document.version}.",
                "Publish every root in turn.",
            )
        current = Root(document, sha256_of(envelope.payload))
    current.check_current(now)
    return current


def _parse(envelope: Envelope) -> RootDocument:
    if envelope.payload_type != ROOT_TYPE:
        raise BundleRefusedError("root.malformed", "The document is no root.", "Hand in a root.")
    try:
        document = RootDocument.model_validate_json(envelope.payload)
    except ValidationError as error:
        raise BundleRefusedError(
            "root.malformed", describe(error), "Hand in a root this version knows."
        ) from None
    if names_a_key_twice(envelope.payload):
        raise BundleRefusedError("root.malformed", "A field is named twice.", "Hand in a root.")
    return document


def _check_signatures(envelope: Envelope, by: RootDocument, who: str) -> None:
    try:
        check_signed(
            envelope,
            payload_type=ROOT_TYPE,
            keys=_keys(by, "root"),
            threshold=by.roles["root"].threshold,
        )
    except SignatureRefusedError as error:
        raise BundleRefusedError(
            "root.signature",
            f"The root is not signed by {who}: {error.message}",
            "The programme's key holders sign it.",
        ) from None


def _keys(document: RootDocument, role: Literal["root", "signer"]) -> dict[str, PublicKey]:
    keys = document.keys
    return {
        key_id: PublicKey(keys[key_id].x, keys[key_id].y) for key_id in document.roles[role].key_ids
    }
