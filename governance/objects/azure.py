"""The object store over one Azure Blob container (flat namespace, block blobs).

What it promises: a write is visible whole or not at all (blocks are staged, one commit shows
them); conditions are the service's own; a lease is a 60-second blob lease on a hidden blob, renewed
in the background. Errors name a status and Azure's error code, never an address, a signature or a
key.

Hidden beside the objects lies `.locks/`. Index tags need the tag rights of `Storage Blob Data
Owner`; a hierarchical namespace has no tags and is not supported.
"""

import contextlib
import io
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.core.pipeline.transport import HttpTransport
from azure.storage.blob import (
    BlobProperties,
    BlobSasPermissions,
    ContainerClient,
    ExponentialRetry,
    StorageErrorCode,
    generate_blob_sas,
)

from governance.errors import (
    LeaseHeldError,
    ObjectNotFoundError,
    ObjectStoreError,
    PreconditionFailedError,
)
from governance.objects.azure_lease import BlobLease, acquire_blob_lease
from governance.objects.azure_streams import (
    BLOCK_BYTES,
    READ_BYTES,
    RangeReader,
    error_code,
    upload,
)
from governance.objects.naming import check_key, check_prefix, check_tags, shown_key
from governance.objects.port import Lease, ObjectInfo
from governance.objects.refusing import lease_held, not_found, precondition_failed

_LOCKS = ".locks/"
_SYNCHRONOUS_COPY_BYTES = 256 << 20
"""Azure's limit of a copy that is whole when the call returns (Copy Blob From URL)."""

_SCOPE = "https://storage.azure.com/.default"
_WRITE_ID = "writeid"
_FOLDER_MARK = "hdi_isfolder"
_CONFLICTS = frozenset(
    {
        StorageErrorCode.BLOB_ALREADY_EXISTS.value,
        StorageErrorCode.CONDITION_NOT_MET.value,
        StorageErrorCode.TARGET_CONDITION_NOT_MET.value,
    }
)
_REFUSALS = frozenset({401, 403})
_NOT_FOUND = 404
_READ_ATTEMPTS = 5

Credential = AzureNamedKeyCredential | TokenCredential


class ObjectAccessError(ObjectStoreError):
    """The object store knows us not, or does not let us."""

    code = "objects.access_refused"
    retryable = False


class AzureBlobStore:
    """One container of objects.

    Attributes:
        name: What messages call it; the zone's name.
        container: The container's own name.
    """

    def __init__(
        self,
        name: str,
        *,
        account_url: str,
        container: str,
        credential: Credential,
        transport: HttpTransport[Any, Any] | None = None,
    ) -> None:
        """Keep the connection; nothing is asked of Azure yet.

        Args:
            name: What messages call it.
            account_url: `https://{account}.blob.core.windows.net`, or Azurite's address.
            container: The container's name.
            credential: An account key, or a Microsoft Entra credential.
            transport: Another HTTP transport, for tests.
        """
        self.name = name
        self.container = container
        self._credential = credential
        options: dict[str, Any] = {} if transport is None else {"transport": transport}
        self._container = ContainerClient(
            account_url,
            container,
            credential=credential,
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=4),
            connection_timeout=10,
            read_timeout=60,
            max_single_get_size=READ_BYTES,
            max_chunk_get_size=READ_BYTES,
            max_single_put_size=BLOCK_BYTES,
            **options,
        )

    def __repr__(self) -> str:
        """Its name."""
        return f"AzureBlobStore({self.name!r})"

    def create_container(self) -> None:
        """Make the container, without public access, unless it is there already.

        Raises:
            ObjectStoreError: Azure refused or did not answer.
        """
        with self._errors("create the container", ""), contextlib.suppress(ResourceExistsError):
            if not self._container.exists():  # production identities may not even try
                self._container.create_container()

    def check_container(self) -> None:
        """Ask whether the container is there and lets us in.

        Raises:
            ObjectStoreError: It is missing, or Azure refused or did not answer.
        """
        with self._errors("open the container", ""):
            self._container.get_container_properties()

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        if_none_match: bool = False,
        if_match: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        """Write a whole object atomically; memory holds one block of a stream at a time.

        Args:
            key: Where.
            data: Bytes, or a binary stream read to its end.
            if_none_match: Only if nothing lies there yet.
            if_match: Only if the object's etag is still this one.
            tags: Index tags to set with it; without, the object has none.

        Raises:
            PreconditionFailedError: The condition does not hold; nothing was written.
            ObjectStoreError: Azure refused or did not answer.
        """
        check_key(key)
        write_id = secrets.token_hex(16)
        options: dict[str, Any] = {
            "metadata": {_WRITE_ID: write_id},
            "tags": check_tags(dict(tags or {})) or None,
            **_conditions(if_none_match=if_none_match, if_match=if_match),
        }
        with self._errors("write", key):
            blob = self._container.get_blob_client(key)
            try:
                response, size = upload(blob, data, options)
            except HttpResponseError as error:
                if error_code(error) not in _CONFLICTS:
                    raise
                return self._settle_conflict(key, write_id)
        return ObjectInfo(
            key=key,
            size_bytes=size,
            etag=str(response["etag"]).strip('"'),
            modified_at=response["last_modified"],
            tags=options["tags"] or {},
        )

    def read(self, key: str) -> bytes:
        """The whole object.

        Raises:
            ObjectNotFoundError: Nothing lies there.
        """
        check_key(key)
        for _ in range(_READ_ATTEMPTS):
            # The ranges of a large object are tied to one version, and fail when it is replaced.
            with contextlib.suppress(PreconditionFailedError), self._errors("read", key):
                return self._container.download_blob(key).readall()
        raise ObjectStoreError(
            f"{self.name}: {shown_key(key)} is replaced faster than it can be read.",
            store=self.name,
        )

    def open(self, key: str) -> BinaryIO:
        """A seekable, buffered stream that reads ranges as needed.

        Replacing the object while it is read makes the next read fail; versions never mix.

        Raises:
            ObjectNotFoundError: Nothing lies there.
        """
        check_key(key)
        with self._errors("read", key):
            properties = self._container.get_blob_client(key).get_blob_properties()
        return io.BufferedReader(RangeReader(self, key, properties), READ_BYTES)

    def stat(self, key: str) -> ObjectInfo | None:
        """What is known of the object, or None when nothing lies there."""
        check_key(key)
        try:
            with self._errors("read", key):
                blob = self._container.get_blob_client(key)
                properties = blob.get_blob_properties()
                tags = blob.get_blob_tags() if properties.tag_count else {}
        except ObjectNotFoundError:
            return None
        return _info(properties, tags)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, in key order.

        The listing is read whole first: emulator and service order some names differently.
        """
        check_prefix(prefix)
        with self._errors("list", prefix):
            found = [
                _info(properties, properties.tags or {})
                for properties in self._container.list_blobs(
                    name_starts_with=prefix or None, include=["tags", "metadata"]
                )
                if not _is_hidden(properties)
            ]
        yield from sorted(found, key=lambda info: info.key)

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens when it is already gone."""
        check_key(key)
        with contextlib.suppress(ObjectNotFoundError), self._errors("delete", key):
            self._container.delete_blob(key, delete_snapshots="include")

    def put_file(self, key: str, file: Path) -> ObjectInfo:
        """Upload a file of this machine.

        Raises:
            ObjectStoreError: It could not be written.
        """
        with file.open("rb") as stream:
            return self.put(key, stream)

    def copy(self, source_key: str, target_key: str) -> ObjectInfo:
        """Copy the content, not the tags, on the server; past 256 MiB through this process.

        A larger server-side copy would show an empty target while it is under way.

        Raises:
            ObjectNotFoundError: Nothing lies under `source_key`.
        """
        return self.copy_from(self, source_key, target_key)

    def copy_from(self, source: "AzureBlobStore", source_key: str, target_key: str) -> ObjectInfo:
        """Copy from a container of the same account, as `copy` does.

        Raises:
            ObjectNotFoundError: Nothing lies under `source_key`.
        """
        check_key(target_key)
        found = source.stat(source_key)
        if found is None:
            raise not_found(source.name, source_key)
        if found.size_bytes > _SYNCHRONOUS_COPY_BYTES:
            with source.open(source_key) as stream:
                return self.put(target_key, stream)
        with self._errors("copy", source_key):
            address, options = source.copy_source(source_key)
            self._container.get_blob_client(target_key).start_copy_from_url(
                address,
                requires_sync=True,
                source_etag=f'"{found.etag}"',
                source_match_condition=MatchConditions.IfNotModified,
                **options,
            )
        copied = self.stat(target_key)
        if copied is None:
            raise not_found(self.name, target_key)
        return copied

    def set_tags(self, key: str, tags: Mapping[str, str]) -> None:
        """Replace the object's tags; its etag stays.

        Raises:
            ObjectNotFoundError: Nothing lies there.
        """
        check_key(key)
        with self._errors("tag", key):
            self._container.get_blob_client(key).set_blob_tags(check_tags(dict(tags)))

    @contextlib.contextmanager
    def lease(self, key: str, *, wait_seconds: float = 60.0) -> Iterator[Lease]:
        """Hold `key` exclusively across machines while the context lasts.

        The key need not exist. A dead holder loses it within a minute.

        Raises:
            LeaseHeldError: Somebody else held it for longer than `wait_seconds`; or the hold was
                lost before the context ended (its body ran to the end, but not alone).
        """
        check_key(key)
        with self._errors("lease", key):
            blob = self._container.get_blob_client(_LOCKS + key)
            lease = acquire_blob_lease(blob, wait_seconds)
        if lease is None:
            raise lease_held(self.name, key)
        with self._ended(lease):
            yield lease

    @contextlib.contextmanager
    def _ended(self, lease: BlobLease) -> Iterator[None]:
        try:
            yield
        finally:
            lost = lease.end()
        if lost:
            raise LeaseHeldError(f"{self.name}: a lease was lost before its work was done.")

    def read_range(self, key: str, offset: int, length: int, etag: str) -> bytes:
        """Bytes of that very version; fewer at its end.

        Raises:
            ObjectStoreError: The object was replaced meanwhile, or Azure did not answer.
        """
        with self._errors("read", key):
            return self._container.download_blob(
                key,
                offset=offset,
                length=length,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            ).readall()

    def copy_source(self, key: str) -> tuple[str, dict[str, Any]]:
        """The address a server-side copy reads from, and its authorization: both are secret."""
        blob = self._container.get_blob_client(key)
        if not isinstance(self._credential, AzureNamedKeyCredential):
            token = self._credential.get_token(_SCOPE).token
            return blob.url, {"source_authorization": f"Bearer {token}"}
        signature = generate_blob_sas(
            account_name=self._credential.named_key.name,
            container_name=self.container,
            blob_name=key,
            account_key=self._credential.named_key.key,
            permission=BlobSasPermissions(read=True),
            expiry=datetime.now(UTC) + timedelta(minutes=10),
        )
        return f"{blob.url}?{signature}", {}

    def _settle_conflict(self, key: str, write_id: str) -> ObjectInfo:
        """Tell a lost race from our own write whose answer was lost and which was retried."""
        blob = self._container.get_blob_client(key)
        with contextlib.suppress(HttpResponseError):
            properties = blob.get_blob_properties()
            if (properties.metadata or {}).get(_WRITE_ID) == write_id:
                return _info(properties, blob.get_blob_tags() if properties.tag_count else {})
        raise precondition_failed(self.name, key)

    @contextlib.contextmanager
    def _errors(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except HttpResponseError as error:
            raise self._mapped(error, action, key) from None
        except AzureError as error:
            # Their texts quote addresses; the class says enough.
            reason = type(error).__name__
            raise ObjectStoreError(
                f"{self.name}: Azure did not answer ({reason}); cannot {action}.",
                store=self.name,
                reason=reason,
            ) from None

    def _mapped(self, error: HttpResponseError, action: str, key: str) -> ObjectStoreError:
        code = error_code(error)
        if code == StorageErrorCode.CONTAINER_NOT_FOUND.value:
            return ObjectAccessError(
                f"{self.name}: the container does not exist; `enclave init` makes it.",
                store=self.name,
            )
        if error.status_code == _NOT_FOUND:
            return not_found(self.name, key)
        if code in _CONFLICTS:
            return precondition_failed(self.name, key)
        kind = ObjectAccessError if error.status_code in _REFUSALS else ObjectStoreError
        return kind(
            f"{self.name}: Azure refused to {action} {shown_key(key)} "
            f"({error.status_code}, {code}).",
            store=self.name,
            status=error.status_code,
            reason=code,
        )


def _is_hidden(properties: BlobProperties) -> bool:
    """Locks, and the markers other clients leave for folders."""
    name = str(properties.name)
    is_folder = name.endswith("/") or _FOLDER_MARK in (properties.metadata or {})
    return is_folder or name.startswith(".")


def _conditions(*, if_none_match: bool, if_match: str | None) -> dict[str, Any]:
    if if_match is not None:
        return {"etag": f'"{if_match}"', "match_condition": MatchConditions.IfNotModified}
    if if_none_match:
        return {"match_condition": MatchConditions.IfMissing}
    return {}


def _info(properties: BlobProperties, tags: Mapping[str, str]) -> ObjectInfo:
    return ObjectInfo(
        key=properties.name,
        size_bytes=int(properties.size),
        etag=str(properties.etag).strip('"'),
        modified_at=properties.last_modified,
        tags=dict(tags),
    )
