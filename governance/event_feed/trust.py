"""Public keys that are believed because they were handed over: pinned once, in a file.

The enclave's key, by which the control plane believes its feed; the ledger's, by which the signer
believes its checkpoints.

The file is a JSON Web Key, or a set of them (`{"keys": […]}`) once the enclave rotated its key.
"""

import json
import secrets
from pathlib import Path
from typing import Final

from governance.canonical import canonical_json
from governance.errors import ConfigurationError, ObjectStoreError
from governance.signing import PublicKey, SignatureRefusedError

OF_ENCLAVE: Final = (
    "No key of a data plane is trusted yet. `enclave ledger key` prints it; "
    "`governance trust-enclave KEY.json` pins it."
)
OF_LEDGER: Final = (
    "No key of the ledger is trusted yet. `governance signer trust --ledger-key KEY.json` pins it; "
    "without --ledger-key, that of this control plane."
)


def load_keys(path: Path, remedy: str = OF_ENCLAVE) -> dict[str, PublicKey]:
    """Pinned keys by id.

    Raises:
        ConfigurationError: There are none (says the remedy), or the file holds something else.
    """
    if not path.is_file():
        raise ConfigurationError(remedy)
    return {key.key_id: key for key in _read(path)}


def pin_key(path: Path, jwk: bytes, *, also: bool = False) -> PublicKey:
    """Pin a key, as it was handed over in person.

    Args:
        path: Where keys are pinned.
        jwk: The key: what `enclave ledger key` printed.
        also: Whether to keep the keys pinned before: after a rotation, for earlier batches.

    Raises:
        ConfigurationError: It is no key, or another is pinned and `also` was not said.
        ObjectStoreError: The file cannot be written.
    """
    key = _key(jwk)
    known = _read(path) if path.is_file() else []
    if key in known:
        return key
    if known and not also:
        message = (
            "Another key is pinned. After a rotation say so (--also); otherwise ask its owner, in "
            "person, which one is right."
        )
        raise ConfigurationError(message)
    document = canonical_json({"keys": [k.to_dict() for k in (*known, key)]})
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.touch(mode=0o600)
        part.write_bytes(document)
        part.replace(path)
    except OSError:
        raise ObjectStoreError("The pinned key cannot be written.", file=path.name) from None
    return key


def _read(path: Path) -> list[PublicKey]:
    data = path.read_bytes()
    try:
        raw = json.loads(data)
    except ValueError:
        raise _no_key() from None
    if not isinstance(raw, dict):
        raise _no_key()
    if "keys" not in raw:
        return [_key(data)]
    listed = raw["keys"]
    if not isinstance(listed, list) or not listed:
        raise _no_key()
    return [_key(canonical_json(jwk)) for jwk in listed]


def _key(jwk: bytes) -> PublicKey:
    try:
        raw = json.loads(jwk)
        if not isinstance(raw, dict):
            raise _no_key()
        return PublicKey.from_dict(raw)
    except (ValueError, SignatureRefusedError):
        raise _no_key() from None


def _no_key() -> ConfigurationError:
    message = "The file holds no public key (JWK, P-256)."
    return ConfigurationError(message)
