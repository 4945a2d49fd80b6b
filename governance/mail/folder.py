"""Adapter: mails as `.eml` files in a folder, for one machine and for tests."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from governance.mail.errors import MailError
from governance.mail.message import Message, mail_bytes
from governance.objects.files import FILE_MODE, make_folders, sync_folder


class FolderMailer:
    """Writes each mail whole or not at all; the same message again is the same file."""

    def __init__(self, folder: Path, *, sender: str, sender_name: str) -> None:
        """Use a folder; it is made when the first mail comes."""
        self._folder, self._sender, self._name = folder, sender, sender_name

    def send(self, message: Message) -> None:
        """Write one mail.

        Raises:
            MailError: The folder cannot be written.
        """
        content = mail_bytes(message, self._sender, self._name)
        name = f"{message.at:%Y%m%dT%H%M%S}-{message.topic}-{message.id}.eml"
        temporary = self._folder / f".{secrets.token_hex(8)}.tmp"
        try:
            make_folders(self._folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(temporary, flags, FILE_MODE), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._folder / name)
            sync_folder(self._folder)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise MailError("The mail folder cannot be written.", errno=error.errno) from None
