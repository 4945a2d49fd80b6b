"""Parquet modular encryption for staged and curated files, keys from the key ring.

Every file has its own data key (AES-GCM, uniform: footer and every column), wrapped by the
agency's `curated` key. A staged file is already encrypted with the key it lands under, so landing
copies bytes and decrypts nothing; destroying the key makes every copy unreadable.

Source:
    Apache Parquet, Modular Encryption specification (AES_GCM_V1).
"""

import base64
from datetime import timedelta

import pyarrow.parquet.encryption as pqe
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from enclave.keys import Key, KeyId, KeyRing

CURATED = "curated"


class _RingClient(pqe.KmsClient):  # type: ignore[misc]  # untyped library class
    """Wraps data keys with keys of the ring; sees ids, never publishes material."""

    def __init__(self, ring: KeyRing) -> None:
        super().__init__()
        self._ring = ring

    def _key(self, identifier: str) -> Key:
        purpose, scope, version = identifier.split("/")
        return self._ring.get(KeyId(purpose, scope, int(version)))

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        """AES key wrap (RFC 3394), base64."""
        return base64.b64encode(aes_key_wrap(self._key(master_key_identifier).material, key_bytes))

    def unwrap_key(self, wrapped_key: str | bytes, master_key_identifier: str) -> bytes:
        """Inverse of `wrap_key`."""
        return aes_key_unwrap(
            self._key(master_key_identifier).material, base64.b64decode(wrapped_key)
        )


class ParquetEncryption:
    """Encryption and decryption properties bound to one key ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._factory = pqe.CryptoFactory(lambda _config: _RingClient(ring))
        self._connection = pqe.KmsConnectionConfig()

    def encryption_properties(self, agency: str) -> object:
        """Properties for one new file of that agency; a data key serves one file only."""
        key = self._ring.current(CURATED, agency)
        configuration = pqe.EncryptionConfiguration(
            footer_key=str(key.id),
            uniform_encryption=True,
            encryption_algorithm="AES_GCM_V1",
            plaintext_footer=False,
            double_wrapping=False,
            internal_key_material=True,
            data_key_length_bits=256,
        )
        return self._factory.file_encryption_properties(self._connection, configuration)

    def dataset_config(self) -> object:
        """Decryption for `pyarrow.dataset` scans of files under any of the ring's keys."""
        import pyarrow.dataset as pads  # noqa: PLC0415  the dataset module is needed by readers only

        return pads.ParquetDecryptionConfig(
            self._factory,
            self._connection,
            pqe.DecryptionConfiguration(cache_lifetime=timedelta(minutes=5)),
        )
