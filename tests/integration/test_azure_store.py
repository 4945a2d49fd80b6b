"""What only the Azure store has to get right: lost answers, lost leases, secrets in messages."""

import contextlib
import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobLeaseClient, ContainerClient

from governance.errors import (
    LeaseHeldError,
    ObjectNotFoundError,
    ObjectStoreError,
    PreconditionFailedError,
)
from governance.objects import azure_lease
from governance.objects.azure import AzureBlobStore, ObjectAccessError
from tests.lib.azurite import Azurite


class UnreliableTransport(RequestsTransport):  # type: ignore[misc]  # untyped base
    """Sends a request and loses its answer, as often as told."""

    def __init__(self) -> None:
        super().__init__()
        self.lose = 0
        self.is_down = False

    def send(self, request: Any, **kwargs: Any) -> Any:
        if self.is_down:
            raise ServiceResponseError("the line is down")
        response = super().send(request, **kwargs)
        if self.lose and request.method == "PUT":
            self.lose -= 1
            raise ServiceResponseError("the answer was lost")
        return response


@pytest.fixture
def transport() -> Iterator[UnreliableTransport]:
    with UnreliableTransport() as transport:
        yield transport


@pytest.fixture
def container(azurite: Azurite) -> str:
    return f"c{secrets.token_hex(6)}"


def connect(azurite: Azurite, container: str, **options: Any) -> AzureBlobStore:
    options.setdefault("credential", AzureNamedKeyCredential(azurite.account, azurite.key))
    return AzureBlobStore("test", account_url=azurite.blob_url, container=container, **options)


@pytest.fixture
def store(azurite: Azurite, container: str, transport: UnreliableTransport) -> AzureBlobStore:
    store = connect(azurite, container, transport=transport)
    store.create_container()
    return store


def test_a_conditional_write_whose_answer_was_lost_is_known_as_ours(
    store: AzureBlobStore, transport: UnreliableTransport
) -> None:
    transport.lose = 1
    put = store.put("k", b"mine", if_none_match=True, tags={"a": "b"})
    assert transport.lose == 0
    assert store.stat("k") == put
    transport.lose = 1
    again = store.put("k", b"newer", if_match=put.etag)
    assert store.stat("k") == again
    with pytest.raises(PreconditionFailedError):
        store.put("k", b"other", if_match=put.etag)


def test_a_lease_whose_answer_was_lost_is_ours(
    store: AzureBlobStore, transport: UnreliableTransport
) -> None:
    with store.lease("job"):
        pass
    transport.lose = 1
    with store.lease("job", wait_seconds=0) as lease:
        lease.renew()


def steal(azurite: Azurite, container: str, key: str) -> BlobLeaseClient:
    """Break the lease on `key` and take it, as an operator could."""
    client = ContainerClient.from_connection_string(azurite.connection_string, container)
    blob = client.get_blob_client(f".locks/{key}")
    BlobLeaseClient(blob).break_lease(0)
    thief = BlobLeaseClient(blob)
    thief.acquire(lease_duration=60)
    return thief


def test_a_stolen_lease_is_noticed(store: AzureBlobStore, azurite: Azurite, container: str) -> None:
    with contextlib.ExitStack() as stack:
        lease = stack.enter_context(store.lease("job"))
        lease.renew()
        thief = steal(azurite, container, "job")
        with pytest.raises(LeaseHeldError):
            lease.renew()
        with pytest.raises(LeaseHeldError, match="lost"):
            stack.close()
    # the thief's hold was not touched
    with pytest.raises(LeaseHeldError), store.lease("job", wait_seconds=0):
        pass
    thief.release()


def test_a_lease_is_renewed_and_its_loss_seen_in_the_background(
    store: AzureBlobStore, azurite: Azurite, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure_lease, "RENEW_SECONDS", 0.1)
    with contextlib.ExitStack() as stack:
        lease = stack.enter_context(store.lease("job"))
        assert isinstance(lease, azure_lease.BlobLease)
        until = lease._held_until
        wait_for(lambda: lease._held_until > until + 0.3)
        assert not lease.is_lost()
        steal(azurite, container, "job")
        wait_for(lease.is_lost)
        with pytest.raises(LeaseHeldError, match="lost"):
            stack.close()


def test_a_lease_without_answers_is_lost_before_another_can_have_it(
    store: AzureBlobStore, transport: UnreliableTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic
    with contextlib.ExitStack() as stack:
        lease = stack.enter_context(store.lease("job"))
        assert isinstance(lease, azure_lease.BlobLease)
        transport.is_down = True
        assert not lease.is_lost()
        monkeypatch.setattr(time, "monotonic", lambda: now() + azure_lease.LEASE_SECONDS)
        assert lease.is_lost()
        with pytest.raises(LeaseHeldError, match="lost"):
            stack.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_leases_leave_no_blobs_and_no_threads_behind(
    store: AzureBlobStore, azurite: Azurite, container: str
) -> None:
    for n in range(3):
        with store.lease(f"job/{n}"):
            pass
    client = ContainerClient.from_connection_string(azurite.connection_string, container)
    assert list(client.list_blob_names()) == []
    wait_for(lambda: not any(t.name == "blob lease" for t in threading.enumerate()))


def test_a_stream_never_mixes_two_versions(store: AzureBlobStore) -> None:
    store.put("k", b"old" * 3_000_000)
    with store.open("k") as stream:
        assert stream.read(3) == b"old"
        store.put("k", b"new" * 3_000_000)
        stream.seek(8_000_000)
        with pytest.raises(PreconditionFailedError):
            stream.read(100)


def test_a_missing_container_says_what_to_do(azurite: Azurite) -> None:
    store = connect(azurite, "not-there")
    for attempt in (
        store.check_container,
        lambda: store.put("k", b"x"),
        lambda: list(store.list()),
    ):
        with pytest.raises(ObjectStoreError, match="enclave init"):
            attempt()
    assert not ObjectAccessError.retryable


def test_containers_are_made_once_and_private(
    store: AzureBlobStore, azurite: Azurite, container: str
) -> None:
    store.create_container()
    store.check_container()
    client = ContainerClient.from_connection_string(azurite.connection_string, container)
    assert client.get_container_properties().public_access is None


def test_no_message_and_no_log_carries_key_signature_or_file_name(
    azurite: Azurite, container: str, store: AzureBlobStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    wrong = connect(
        azurite, container, credential=AzureNamedKeyCredential(azurite.account, "V1JPTkdLRVk=")
    )
    said = []
    attempts = (
        lambda: wrong.read("sde/maria_canary.csv"),
        lambda: wrong.put("sde/maria_canary.csv", b"x"),
        lambda: store.read("sde/maria_canary.csv"),
        lambda: store.copy("sde/maria_canary.csv", "sde/other"),
        lambda: store.put("sde/maria_canary.csv", b"x", if_match="0x0"),
    )
    for attempt in attempts:
        with pytest.raises(ObjectStoreError) as caught:
            attempt()
        said.append("".join(traceback.format_exception(caught.value)) + repr(caught.value.facts))
    said.append(repr(store) + caplog.text)
    text = "\n".join(said)
    for secret in (azurite.key, "V1JPTkdLRVk", "sig=", "127.0.0.1", "SharedKey "):
        assert secret not in text
    assert "maria_canary" not in "\n".join(str(line) for line in caplog.messages)


def test_a_server_that_is_gone_is_a_retryable_fault(
    store: AzureBlobStore, transport: UnreliableTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    transport.is_down = True
    with pytest.raises(ObjectStoreError) as caught:
        store.read("k")
    assert caught.value.retryable
    assert not isinstance(caught.value, ObjectNotFoundError)
