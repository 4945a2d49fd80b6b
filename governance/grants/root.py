"""The root of trust: made offline, pinned by the data plane, rotated by a successor.

Steps of an update follow The Update Framework (specification 1.0, §5.3): one version at a time
(5.3.3), signed by a threshold of the old root's keys and by a threshold of the new root's own
(5.3.4), version exactly one higher (5.3.5); only the last one must not be expired (5.3.10).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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


def draft_root(
    *,
    version: int,
    expires_at: datetime,
    root_keys: Sequence[PublicKey],
    signer_keys: Sequence[PublicKey],
    root_threshold: int = 1,
    signer_threshold: int = 1,
) -> Envelope:
    """Make a root document, signed by nobody yet.

    Args:
        version: 1, or one more than the root it replaces.
        expires_at: UTC.
        root_keys: Keys of those who hold the root.
        signer_keys: Keys that may sign grants and the people mapping.
        root_threshold: Root keys that must sign this root and the next.
        signer_threshold: Signer keys that must sign a grant.

    Raises:
        BundleRefusedError: What was asked for contradicts itself.
    """
    try:
        document = RootDocument(
            version=version,
            expires_at=expires_at,
            keys={
                key.key_id: RootKey.model_validate(key.to_dict())
                for key in (*root_keys, *signer_keys)
            },
            roles={
                "root": Role(key_ids=tuple(k.key_id for k in root_keys), threshold=root_threshold),
                "signer": Role(
                    key_ids=tuple(k.key_id for k in signer_keys), threshold=signer_threshold
                ),
            },
        )
    except ValidationError as error:
        raise BundleRefusedError(
            "root.malformed", describe(error), "Correct the root that is asked for."
        ) from None
    return Envelope(ROOT_TYPE, canonical_json(document.model_dump(mode="json")), ())


def cosign_root(envelope: Envelope, *signers: Signer) -> Envelope:
    """The same root with further signatures; one that is there already is not added again.

    Raises:
        BundleRefusedError: It is no root.
    """
    _parse(envelope)
    there = {signature.key_id for signature in envelope.signatures}
    new = tuple(s for s in signers if s.public_key.key_id not in there)
    signed = sign_envelope(envelope.payload_type, envelope.payload, new)
    return replace(envelope, signatures=(*envelope.signatures, *signed.signatures))


@dataclass(frozen=True, slots=True)
class Signatures:
    """How many of a root's keys have signed a document.

    Attributes:
        by: Whose keys: `this root` or `the root before it`.
        signed: Distinct keys that signed.
        needed: How many must.
        waiting: Ids of keys that have not.
    """

    by: str
    signed: int
    needed: int
    waiting: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether the threshold is met."""
        return self.signed >= self.needed


def count_signatures(envelope: Envelope, before: Root | None = None) -> tuple[Signatures, ...]:
    """Who has signed a root so far, by its own role and by that of the root it replaces.

    Raises:
        BundleRefusedError: It is no root, or a signature on it does not verify.
    """
    document = _parse(envelope)
    roles = [("this root", document)]
    if before is not None:
        roles.append(("the root before it", before.document))
    return tuple(_count(envelope, by, role) for by, role in roles)


def _count(envelope: Envelope, by: str, document: RootDocument) -> Signatures:
    keys = _keys(document, "root")
    signed = {s.key_id for s in envelope.signatures if s.key_id in keys}
    for key_id in signed:
        one = replace(
            envelope, signatures=tuple(s for s in envelope.signatures if s.key_id == key_id)
        )
        try:
            check_signed(one, payload_type=ROOT_TYPE, keys=keys)
        except SignatureRefusedError as error:
            raise BundleRefusedError(
                "root.signature", error.message, "That holder signs it again."
            ) from None
    needed = document.roles["root"].threshold
    return Signatures(by, len(signed), needed, tuple(sorted(set(keys) - signed)))


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
    """Make and sign a root document, where all its holders are at hand.

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
    drafted = draft_root(
        version=version,
        expires_at=expires_at,
        root_keys=[s.public_key for s in root_signers],
        signer_keys=signer_keys,
        root_threshold=root_threshold,
        signer_threshold=signer_threshold,
    )
    signers = {s.public_key.key_id: s for s in (*root_signers, *previous)}
    return cosign_root(drafted, *signers.values())


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
