"""ES256 signatures in an envelope: what was signed is carried as bytes, beside its signatures.

The envelope is shaped like DSSE (https://github.com/secure-systems-lab/dsse, v1.0.0): the payload
type is signed with the payload, so that a checkpoint can never pass for a grant. Every signature
names its algorithm, and one that is not in `ALGORITHMS` is refused, so that a weaker one cannot be
slipped in. ES256 because Azure Key Vault has no Ed25519; signatures are the 64 raw bytes `r || s`
of RFC 7518 §3.4, which is what Key Vault returns.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.canonical import base64url, canonical_json
from governance.digests import sha256_of
from governance.errors import ExitCode, ProgrammeError

ES256: Final = "ES256"
ALGORITHMS: Final = frozenset({ES256})
_COORDINATE_BYTES: Final = 32
_MAX_ENVELOPE_BYTES: Final = 16 << 20
_CURVE: Final = ec.SECP256R1()
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of the curve's base point (NIST SP 800-186 §3.2.1.3)."""


class SignatureRefusedError(ProgrammeError):
    """A signed document is malformed, or is not signed as it must be."""

    code: ClassVar[str] = "signature.refused"
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A P-256 public key, as an elliptic-curve JSON Web Key.

    Attributes:
        x, y: Coordinates, base64url without padding.
    """

    x: str
    y: str

    @property
    def key_id(self) -> str:
        """Thumbprint of the key (RFC 7638), lower-case hex."""
        return sha256_of(canonical_json(self.to_dict()))

    def to_dict(self) -> dict[str, str]:
        """The key's required JWK members."""
        return {"crv": "P-256", "kty": "EC", "x": self.x, "y": self.y}

    @classmethod
    def from_dict(cls, jwk: Mapping[str, object]) -> "PublicKey":
        """Read a JWK.

        Raises:
            SignatureRefusedError: It is no P-256 key.
        """
        x, y = jwk.get("x"), jwk.get("y")
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
            raise SignatureRefusedError("The key is no P-256 key.")
        if not isinstance(x, str) or not isinstance(y, str):
            raise SignatureRefusedError("The key lacks its coordinates.")
        return cls(x, y)

    def check(self, message: bytes, signature: bytes) -> None:
        """Raise unless `signature` (64 bytes) is this key's over `message`.

        Raises:
            SignatureRefusedError: It is not, or the key is no point of the curve.
        """
        if len(signature) != 2 * _COORDINATE_BYTES:
            raise SignatureRefusedError("The signature is not 64 bytes long.")
        r = int.from_bytes(signature[:_COORDINATE_BYTES])
        s = int.from_bytes(signature[_COORDINATE_BYTES:])
        try:
            numbers = ec.EllipticCurvePublicNumbers(
                _b64url_int(self.x), _b64url_int(self.y), _CURVE
            )
            numbers.public_key().verify(
                encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256())
            )
        except (InvalidSignature, ValueError):
            raise SignatureRefusedError(
                "The signature does not verify.", key_id=self.key_id
            ) from None


class Signer(Protocol):
    """Whoever holds a private key: a file on one machine, Key Vault in production."""

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signs."""

    def sign(self, message: bytes) -> bytes:
        """ES256 over `message`: 64 bytes, `r || s`."""


class LocalSigner:
    """Signs with a private key held in this process."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        """Take a P-256 private key.

        Raises:
            SignatureRefusedError: The key lies on another curve.
        """
        if not isinstance(private_key.curve, ec.SECP256R1):
            raise SignatureRefusedError("ES256 needs a P-256 key.")
        self._private_key = private_key
        numbers = private_key.public_key().public_numbers()
        self._public_key = PublicKey(_int_b64url(numbers.x), _int_b64url(numbers.y))

    @classmethod
    def generate(cls) -> "LocalSigner":
        """A signer with a new random key."""
        return cls(ec.generate_private_key(_CURVE))

    @classmethod
    def derive(cls, material: bytes) -> "LocalSigner":
        """The signer whose private key is derived from 32 secret bytes of a key ring (HKDF).

        Raises:
            SignatureRefusedError: Fewer than 32 bytes.
        """
        if len(material) < _COORDINATE_BYTES:
            raise SignatureRefusedError("A signing key needs 32 bytes of key material.")
        wide = HKDF(hashes.SHA256(), 48, None, b"data-enclave es256 v1").derive(material)
        return cls(ec.derive_private_key(int.from_bytes(wide) % (_P256_ORDER - 1) + 1, _CURVE))

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes | None = None) -> "LocalSigner":
        """Read a PKCS #8 key file.

        Raises:
            SignatureRefusedError: It is no P-256 private key, or the passphrase is wrong.
        """
        try:
            key = serialization.load_pem_private_key(pem, passphrase)
        except (ValueError, TypeError):
            raise SignatureRefusedError(
                "The key file cannot be read; check the file and its passphrase."
            ) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise SignatureRefusedError("ES256 needs an elliptic-curve key.")
        return cls(key)

    def to_pem(self, passphrase: bytes | None = None) -> bytes:
        """The private key as PKCS #8, encrypted when a passphrase is given."""
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            protection = serialization.BestAvailableEncryption(passphrase)
        return self._private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
        )

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signs."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """ES256 over `message`: 64 bytes, `r || s`."""
        r, s = decode_dss_signature(self._private_key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope."""

    key_id: str
    algorithm: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A signed document, **not yet verified**: `payload` may only be read through `check_signed`.

    Attributes:
        payload_type: Media type of the payload; part of what is signed.
        payload: The document, exactly the bytes that were signed.
        signatures: Who signed.
    """

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def to_json(self) -> bytes:
        """The envelope as it is stored."""
        return canonical_json(
            {
                "payloadType": self.payload_type,
                "payload": base64.b64encode(self.payload).decode(),
                "signatures": [
                    {
                        "keyid": s.key_id,
                        "alg": s.algorithm,
                        "sig": base64.b64encode(s.value).decode(),
                    }
                    for s in self.signatures
                ],
            }
        )

    @classmethod
    def from_json(cls, data: bytes) -> "Envelope":
        """Read a stored envelope; nothing is verified.

        Raises:
            SignatureRefusedError: It is no envelope.
        """
        if len(data) > _MAX_ENVELOPE_BYTES:
            raise SignatureRefusedError("The envelope is too large.", size_bytes=len(data))
        try:
            raw = json.loads(data)
            return cls(
                payload_type=_text(raw["payloadType"]),
                payload=base64.b64decode(_text(raw["payload"]), validate=True),
                signatures=tuple(
                    Signature(
                        _text(s["keyid"]),
                        _text(s["alg"]),
                        base64.b64decode(_text(s["sig"]), validate=True),
                    )
                    for s in raw["signatures"]
                ),
            )
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
            raise SignatureRefusedError("The document is no signed envelope.") from None


def sign_envelope(payload_type: str, payload: bytes, signers: tuple[Signer, ...]) -> Envelope:
    """Sign a document by every signer."""
    message = signed_bytes(payload_type, payload)
    return Envelope(
        payload_type,
        payload,
        tuple(Signature(s.public_key.key_id, ES256, s.sign(message)) for s in signers),
    )


def check_signed(
    envelope: Envelope, *, payload_type: str, keys: Mapping[str, PublicKey], threshold: int = 1
) -> bytes:
    """The payload, once enough distinct known keys have signed it.

    A signature by a key that is not in `keys` counts for nothing; one of another algorithm, or one
    that names a known key and does not verify, refuses the whole envelope.

    Args:
        envelope: What was read.
        payload_type: What it must be.
        keys: Keys that may sign, by key id.
        threshold: Distinct keys of them that must have signed, at least one.

    Raises:
        SignatureRefusedError: Wrong type, wrong algorithm, bad signature, too few known keys.
    """
    if envelope.payload_type != payload_type:
        raise SignatureRefusedError(f"The document is not of the type {payload_type}.")
    message = signed_bytes(envelope.payload_type, envelope.payload)
    signed_by: set[str] = set()
    for signature in envelope.signatures:
        if signature.algorithm not in ALGORITHMS:
            raise SignatureRefusedError("A signature is not ES256.")
        key = keys.get(signature.key_id)
        if key is None:
            continue
        if key.key_id != signature.key_id:
            raise SignatureRefusedError("A key is listed under an id that is not its own.")
        key.check(message, signature.value)
        signed_by.add(signature.key_id)
    if len(signed_by) < max(threshold, 1):
        raise SignatureRefusedError(
            f"Signed by {len(signed_by)} of the {max(threshold, 1)} known keys that must sign.",
            signed=len(signed_by),
            threshold=max(threshold, 1),
        )
    return envelope.payload


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """What a signature covers: DSSE v1's pre-authentication encoding of type and payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _int_b64url(number: int) -> str:
    return base64url(number.to_bytes(_COORDINATE_BYTES))


def _b64url_int(text: str) -> int:
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(raw) != _COORDINATE_BYTES:
        raise ValueError
    return int.from_bytes(raw)
