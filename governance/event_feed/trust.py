"""The enclave's public keys that a control plane believes: handed over once, pinned in a file.

The file is a JSON Web Key, or a set of them (`{"keys": […]}`) once the enclave rotated its key.
"""

import json
import secrets
from pathlib import Path

from governance.canonical import canonical_json
from governance.errors import ConfigurationError, ObjectStoreError
from governance.signing import PublicKey, SignatureRefusedError


def load_keys(path: Path) -> dict[str, PublicKey]:
    """Pinned keys by id.

    Raises:
        ConfigurationError: There are none, or the file holds something else.
    """
    if not path.is_file():
        message = (
            f"No key of a data plane is trusted yet ({path.name}). `enclave ledger key` prints it; "
            "`governance trust-enclave KEY.json` pins it."
        )
        raise ConfigurationError(message)
    return {key.key_id: key for key in _read(path)}


def pin_key(path: Path, jwk: bytes, *, also: bool = False) -> PublicKey:
    """Pin the enclave's key, as it was handed over in person.

    Args:
        path: Where keys are pinned.
        jwk: What `enclave ledger key` printed.
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
            "Another key of a data plane is pinned. After a rotation say so (--also); otherwise "
            "ask the data plane's operator, in person, which one is right."
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
    message = "The file holds no public key of a data plane (JWK, P-256)."
    return ConfigurationError(message)
