import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from governance.canonical import canonical_json
from governance.signing import (
    Envelope,
    LocalSigner,
    PublicKey,
    Signature,
    SignatureRefusedError,
    check_signed,
    sign_envelope,
    signed_bytes,
)

KIND = "application/x-test"
ONE, TWO, STRANGER = (LocalSigner.derive(bytes([n]) * 32) for n in (1, 2, 3))
KEYS = {s.public_key.key_id: s.public_key for s in (ONE, TWO)}


def test_what_was_signed_is_read_back() -> None:
    envelope = Envelope.from_json(sign_envelope(KIND, b"{}", (ONE, TWO)).to_json())
    assert check_signed(envelope, payload_type=KIND, keys=KEYS, threshold=2) == b"{}"


def test_the_published_encoding_of_dsse() -> None:
    # The example of DSSE's protocol text.
    encoded = signed_bytes("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda e: replace(e, payload=b"[]"), "does not verify"),
        (lambda e: replace(e, payload_type="application/x-other"), "not of the type"),
        (lambda e: replace(e, signatures=()), "0 of the 1"),
        (
            lambda e: replace(e, signatures=(replace(e.signatures[0], algorithm="none"),)),
            "not ES256",
        ),
        (
            lambda e: replace(e, signatures=(replace(e.signatures[0], algorithm="HS256"),)),
            "not ES256",
        ),
        (lambda e: replace(e, signatures=(replace(e.signatures[0], value=b"x"),)), "64 bytes"),
        (
            lambda e: replace(e, signatures=(replace(e.signatures[0], value=bytes(64)),)),
            "does not verify",
        ),
    ],
)
def test_a_spoiled_envelope_is_refused(spoil: Callable[[Envelope], Envelope], reason: str) -> None:
    with pytest.raises(SignatureRefusedError, match=reason):
        check_signed(spoil(sign_envelope(KIND, b"{}", (ONE,))), payload_type=KIND, keys=KEYS)


def test_an_unknown_key_counts_for_nothing() -> None:
    with pytest.raises(SignatureRefusedError, match="0 of the 1"):
        check_signed(sign_envelope(KIND, b"{}", (STRANGER,)), payload_type=KIND, keys=KEYS)
    both = sign_envelope(KIND, b"{}", (STRANGER, ONE))
    assert check_signed(both, payload_type=KIND, keys=KEYS) == b"{}"


def test_one_key_signing_twice_is_one_signature() -> None:
    envelope = sign_envelope(KIND, b"{}", (ONE, ONE))
    with pytest.raises(SignatureRefusedError, match="1 of the 2"):
        check_signed(envelope, payload_type=KIND, keys=KEYS, threshold=2)


def test_a_key_listed_under_another_id_is_refused() -> None:
    envelope = sign_envelope(KIND, b"{}", (ONE,))
    forged = {ONE.public_key.key_id: STRANGER.public_key}
    with pytest.raises(SignatureRefusedError, match="not its own"):
        check_signed(envelope, payload_type=KIND, keys=forged)


def test_a_threshold_of_zero_is_one() -> None:
    with pytest.raises(SignatureRefusedError):
        check_signed(sign_envelope(KIND, b"{}", ()), payload_type=KIND, keys=KEYS, threshold=0)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"payloadType":1}', b"\xff", b"[" * 5000])
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(SignatureRefusedError):
        Envelope.from_json(data)
    raw = json.loads(sign_envelope(KIND, b"{}", (ONE,)).to_json())
    raw["payload"] = base64.b64encode(b"{}").decode() + "!"
    with pytest.raises(SignatureRefusedError):
        Envelope.from_json(canonical_json(raw))


def test_a_key_file_needs_its_passphrase() -> None:
    pem = ONE.to_pem(b"open sesame")
    assert LocalSigner.from_pem(pem, b"open sesame").public_key == ONE.public_key
    assert LocalSigner.from_pem(ONE.to_pem()).public_key == ONE.public_key
    for wrong in (None, b"closed"):
        with pytest.raises(SignatureRefusedError, match="passphrase"):
            LocalSigner.from_pem(pem, wrong)
    with pytest.raises(SignatureRefusedError, match="P-256"):
        LocalSigner(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(SignatureRefusedError, match="32 bytes"):
        LocalSigner.derive(b"short")


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "RSA", "crv": "P-256", "x": "", "y": ""},
        {"kty": "EC", "crv": "P-384", "x": "", "y": ""},
        {"kty": "EC", "crv": "P-256", "x": 1, "y": ""},
    ],
)
def test_what_is_no_key_is_refused(jwk: dict[str, object]) -> None:
    with pytest.raises(SignatureRefusedError):
        PublicKey.from_dict(jwk)
    assert PublicKey.from_dict(ONE.public_key.to_dict()) == ONE.public_key


def test_a_point_off_the_curve_is_refused() -> None:
    off = PublicKey(ONE.public_key.x, TWO.public_key.y)
    short = PublicKey("AA", "AA")
    for key in (off, short):
        with pytest.raises(SignatureRefusedError):
            key.check(b"", ONE.sign(b""))
    assert Signature("a", "ES256", b"").algorithm == "ES256"
