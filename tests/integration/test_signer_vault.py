"""The signer's key in Key Vault: the real client against a small https server."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from governance.errors import ConfigurationError
from governance.grants import create_root, pin_root, sign_bundle, verify_bundle
from governance.signer.vault import VaultSigner, VaultSigningError
from governance.signing import LocalSigner, SignatureRefusedError
from tests.lib.fake_key_vault import FakeKeyVault, run_key_vault
from tests.lib.grants import NOW, Keys, build_grant


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class SigningVault(FakeKeyVault):
    """A vault with a P-256 key that signs digests.

    Attributes:
        wrong: Whether it signs with another key.
    """

    kind: str = "EC-HSM"
    operations: tuple[str, ...] = ("sign", "verify")
    curve: str = "P-256"
    wrong: bool = False
    pairs: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)

    def rotate(self) -> str:
        version = f"{len(self.pairs):032x}"
        self.pairs[version] = ec.generate_private_key(ec.SECP256R1())
        return version

    def answer(self, method: str, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.requests.append(f"{method} {path}")
        if self.fail_with is not None:
            return self.fail_with, {"error": {"code": "Forbidden", "message": "secret details"}}
        parts = path.strip("/").split("/")
        version = parts[2] if len(parts) > 2 and parts[2] else list(self.pairs)[-1]
        key, key_id = self.pairs[version], f"{self.key_id}/{version}"
        if method == "GET":
            numbers = key.public_key().public_numbers()
            shown = {
                "kid": key_id, "kty": self.kind, "crv": self.curve, "key_ops": [*self.operations],
                "x": _text(numbers.x.to_bytes(32)), "y": _text(numbers.y.to_bytes(32)),
            }  # fmt: skip
            return 200, {"key": shown, "attributes": {"enabled": True}}
        assert (parts[3], body["alg"]) == ("sign", "ES256")
        digest = base64.urlsafe_b64decode(body["value"] + "==")
        signer = ec.generate_private_key(ec.SECP256R1()) if self.wrong else key
        r, s = decode_dss_signature(signer.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))
        return 200, {"kid": key_id, "value": _text(r.to_bytes(32) + s.to_bytes(32))}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[SigningVault]:
    made = SigningVault()
    with run_key_vault(tmp_path, made):
        yield made


def open_signer(vault: SigningVault, version: str = "") -> VaultSigner:
    key_id = f"{vault.key_id}/{version}" if version else vault.key_id
    return VaultSigner(key_id, vault.credential, client_options=vault.client_options)


def test_a_grant_signed_in_the_vault_verifies_and_the_version_is_pinned(
    vault: SigningVault,
) -> None:
    signer = open_signer(vault)
    envelope = create_root(
        version=1, expires_at=Keys().expires_at, root_signers=[LocalSigner.generate()],
        signer_keys=[signer.public_key],
    )  # fmt: skip
    vault.rotate()
    grant = sign_bundle(build_grant(), signer)
    assert verify_bundle(grant, pin_root(envelope), NOW).bundle.version == 1
    assert any(request.endswith("/sign") for request in vault.requests)
    assert open_signer(vault).public_key != signer.public_key
    assert open_signer(vault, next(iter(vault.pairs))).public_key == signer.public_key


def test_a_signature_that_is_not_the_keys_is_never_used(vault: SigningVault) -> None:
    signer = open_signer(vault)
    vault.wrong = True
    with pytest.raises(SignatureRefusedError):
        signer.sign(b"a grant")


def test_a_vault_that_refuses_says_so_without_its_details(vault: SigningVault) -> None:
    signer = open_signer(vault)
    vault.fail_with = 403
    with pytest.raises(VaultSigningError, match="status 403") as caught:
        signer.sign(b"a grant")
    assert "secret" not in str(caught.value)
    with pytest.raises(VaultSigningError, match="find"):
        open_signer(vault)


@pytest.mark.parametrize(
    "changes", [{"kind": "RSA"}, {"curve": "P-384"}, {"operations": ("verify",)}]
)
def test_a_key_that_cannot_sign_es256_is_refused(
    vault: SigningVault, changes: dict[str, Any]
) -> None:
    for name, value in changes.items():
        setattr(vault, name, value)
    with pytest.raises((ConfigurationError, VaultSigningError)):
        open_signer(vault)


def test_what_is_no_key_id_is_refused(vault: SigningVault) -> None:
    with pytest.raises(ConfigurationError, match="must look like"):
        VaultSigner("http://vault/keys/x", vault.credential)
