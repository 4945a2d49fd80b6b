"""Sign and verify grant bundles and the people mapping.

Steps of verification, numbered again at their code:

1. The root is current.
2. A threshold of the signer role's keys signed exactly these bytes, by ES256.
3. The payload is a document this version knows, every field of it, none named twice.
4. It is about the project that was asked for.
5. It is no older than the newest this data plane has seen (rollback).
6. It was issued, and is not past its freshness.

Only then is there a `VerifiedBundle`; whether a person may ask is `governance.grants.access`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from pydantic import ValidationError

from governance.canonical import canonical_json, names_a_key_twice
from governance.digests import sha256_of
from governance.grants.errors import BundleRefusedError, describe
from governance.grants.model import (
    GRANT_TYPE,
    PEOPLE_TYPE,
    GrantBundle,
    PeopleMapping,
    Strict,
    instant_text,
)
from governance.grants.root import Root
from governance.signing import (
    Envelope,
    SignatureRefusedError,
    Signer,
    check_signed,
    sign_envelope,
)

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the signer's clock may be ahead of the data plane's."""
_OPERATOR: Final = "The operator publishes a bundle the programme's signer has signed."

_Document = TypeVar("_Document", bound=Strict)


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """A bundle that passed every step of `verify_bundle`; nothing else may make one.

    Attributes:
        bundle: What it says.
        digest: SHA-256 of the signed payload, for receipts.
        root_version: Root by which it was verified.
        signed_by: Ids of the root's signer keys whose signatures verified, each once; a signature
            by any other key counts for nothing and is not told.
    """

    bundle: GrantBundle
    digest: str
    root_version: int
    signed_by: tuple[str, ...]


def parse_bundle(data: bytes) -> GrantBundle:
    """Read a bundle's JSON; not a verification.

    Raises:
        BundleRefusedError: It is no bundle, or holds a field this version does not know.
    """
    return _parse(GrantBundle, data, "bundle.malformed")


def sign_bundle(bundle: GrantBundle, *signers: Signer) -> Envelope:
    """Sign a bundle."""
    return sign_envelope(GRANT_TYPE, canonical_json(bundle.model_dump(mode="json")), signers)


def verify_bundle(
    envelope: Envelope,
    root: Root,
    now: datetime,
    last_seen_version: int = 0,
    *,
    project: str | None = None,
    last_seen_digest: str | None = None,
) -> VerifiedBundle:
    """Verify a bundle as the module says.

    Args:
        envelope: What was read from the policy zone.
        root: The root this data plane trusts.
        now: UTC.
        last_seen_version: Newest version of the project's bundle seen so far; 0 for none.
        project: The project that was asked for.
        last_seen_digest: Digest of that newest version: the same number must be the same bundle.

    Raises:
        BundleRefusedError: A step failed; its `rule` names it.
    """
    payload = _check_signed(envelope, root, now, GRANT_TYPE)
    bundle = parse_bundle(payload)  # step 3
    digest = sha256_of(payload)
    if project is not None and bundle.project != project:  # step 4
        raise BundleRefusedError(
            "bundle.project", f"The bundle is not about the project {project}.", _OPERATOR
        )
    _check_version(bundle.version, digest, last_seen_version, last_seen_digest)
    _check_fresh(bundle.issued_at, bundle.expires_at, now)
    known = root.keys("signer")  # each of theirs was verified in step 2
    signed_by = dict.fromkeys(s.key_id for s in envelope.signatures if s.key_id in known)
    return VerifiedBundle(bundle, digest, root.document.version, tuple(signed_by))


def sign_people(people: PeopleMapping, *signers: Signer) -> Envelope:
    """Sign a people mapping."""
    return sign_envelope(PEOPLE_TYPE, canonical_json(people.model_dump(mode="json")), signers)


def parse_people(data: bytes) -> PeopleMapping:
    """Read a people mapping's JSON; not a verification.

    Raises:
        BundleRefusedError: It is none, or holds a field this version does not know.
    """
    return _parse(PeopleMapping, data, "bundle.malformed")


def verify_people(
    envelope: Envelope,
    root: Root,
    now: datetime,
    last_seen_version: int = 0,
    *,
    last_seen_digest: str | None = None,
) -> PeopleMapping:
    """Verify a people mapping by the same steps (there is no project).

    Raises:
        BundleRefusedError: A step failed; its `rule` names it.
    """
    payload = _check_signed(envelope, root, now, PEOPLE_TYPE)
    people = parse_people(payload)
    _check_version(people.version, sha256_of(payload), last_seen_version, last_seen_digest)
    _check_fresh(people.issued_at, people.expires_at, now)
    return people


def _check_signed(envelope: Envelope, root: Root, now: datetime, kind: str) -> bytes:
    root.check_current(now)  # step 1
    try:
        return check_signed(  # step 2
            envelope,
            payload_type=kind,
            keys=root.keys("signer"),
            threshold=root.threshold("signer"),
        )
    except SignatureRefusedError as error:
        raise BundleRefusedError("bundle.signature", error.message, _OPERATOR) from None


def _parse(model: type[_Document], data: bytes, rule: str) -> _Document:
    try:
        document = model.model_validate_json(data)
    except ValidationError as error:
        raise BundleRefusedError(
            rule, describe(error), "Correct the document and sign it again."
        ) from None
    if names_a_key_twice(data):
        raise BundleRefusedError(rule, "A field is named twice.", "Name it once and sign again.")
    return document


def _check_version(version: int, digest: str, seen: int, seen_digest: str | None) -> None:
    if version < seen:  # step 5
        raise BundleRefusedError(
            "bundle.rollback",
            f"Version {version} is older than version {seen}, seen before.",
            _OPERATOR,
        )
    if version == seen and seen_digest is not None and digest != seen_digest:
        raise BundleRefusedError(
            "bundle.equivocation",
            f"Two different documents are signed as version {version}.",
            "The programme's key holders look into it before anything else.",
        )


def _check_fresh(issued_at: datetime, expires_at: datetime, now: datetime) -> None:
    if now + CLOCK_SKEW < issued_at:  # step 6
        raise BundleRefusedError(
            "bundle.issued",
            f"It is issued only at {instant_text(issued_at)}.",
            "Check the clocks of the signer and of this machine.",
        )
    if now >= expires_at:
        raise BundleRefusedError(
            "bundle.fresh", f"It has been stale since {instant_text(expires_at)}.", _OPERATOR
        )
