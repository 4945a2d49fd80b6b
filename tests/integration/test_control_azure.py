"""The control plane over Azure Blob Storage (Azurite): the ledger's copy, documents."""

import secrets
from pathlib import Path

import pytest
from pydantic import SecretStr

from governance.errors import ConfigurationError
from governance.objects.opening import open_container
from governance.services import ledger
from governance.services.attachments import Upload, file_attachment, read_attachment
from governance.stored_ledger import verify_stored
from tests.lib.azurite import Azurite
from tests.lib.programme import Office


def test_copy_and_documents_lie_in_their_containers(azurite: Azurite, tmp_path: Path) -> None:
    prefix = f"t{secrets.token_hex(5)}"
    office = Office(
        tmp_path, storage="azure", container_prefix=prefix,
        azure_connection_string=SecretStr(azurite.connection_string),
    )  # fmt: skip
    office.register()
    p, ruiz, number = office.programme, office.actor("p-ruiz"), office.begin()
    upload = Upload("other", "Note", "text/plain", b"a note")
    filed = file_attachment(p, ruiz, number, upload)
    assert read_attachment(p, ruiz, number, filed.id)[1] == b"a note"
    made = ledger.make_checkpoint(p)
    assert made is not None
    policy = open_container(
        "policy", f"{prefix}-policy", account_url=None,
        connection_string=azurite.connection_string,
    )  # fmt: skip
    keys = [info.key for info in policy.list()]
    assert f"ledger/governance/checkpoints/{made.size:012d}.json" in keys
    assert not any("attachments" in key for key in keys)
    assert verify_stored(ledger.copy_store(p), ledger.known_keys(p)).verified
    assert ledger.verify(p).last_checkpoint == made.size
    p.close()


@pytest.mark.parametrize(
    ("url", "connection"),
    [
        (None, None),
        ("https://a.blob.core.windows.net", "AccountName=a;AccountKey=YQ=="),
        ("http://a.blob.core.windows.net", None),
        ("https://a.blob.core.windows.net/?sig=x", None),
        (None, "AccountName=a"),
        (None, "AccountName=a;AccountKey=YQ==;BlobEndpoint=http://example.org/a"),
    ],
)
def test_unusable_accounts_are_refused(url: str | None, connection: str | None) -> None:
    with pytest.raises(ConfigurationError):
        open_container("x", "x", account_url=url, connection_string=connection)
