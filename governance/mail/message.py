"""One mail as a value, and its bytes as RFC 5322 says: nothing typed by anybody breaks a header.

Every line that goes into a header is one line: control characters and line separators are refused
by the type, and `one_line` makes a line of any text. Addresses go through the standard library's
parser and nothing else.
"""

import re
import unicodedata
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, StringConstraints

from governance.digests import sha256_of
from governance.facts import Facts, Name
from governance.mail.errors import MailRefusedError
from governance.people.model import Email

_LONGEST_SUBJECT: Final = 150
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}")


def _check_one_line(text: str) -> str:
    if any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for c in text):
        raise ValueError("more than one line, or characters that do not print")
    return text


Line = Annotated[
    str, StringConstraints(min_length=1, max_length=400), AfterValidator(_check_one_line)
]
"""Goes into a header: one line of printing characters."""


class Message(Facts):
    """One mail to one person, in plain text and, saying the same, in HTML.

    Attributes:
        id: Hex; the same notice always has the same one, so that a mail sent twice is known as one.
        at: When it was written, UTC.
        topic: Kind of notice.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,64}$")]
    at: AwareDatetime
    to: Email
    to_name: Line
    subject: Line
    text: str
    html: str
    topic: Name


def one_line(text: str, longest: int = _LONGEST_SUBJECT) -> str:
    """Any text as one line of printing characters, cut at a length."""
    spaced = "".join(
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c
        for c in text
        if unicodedata.category(c) not in {"Cf", "Cs"}
    )
    line = " ".join(spaced.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def message_id(*parts: str) -> str:
    """The id of a notice: a digest of what makes it this one and no other."""
    return sha256_of("\x1f".join(parts).encode())[:32]


def mail_bytes(message: Message, sender: str, sender_name: str) -> bytes:
    """The mail as it travels.

    Args:
        message: To be sent.
        sender: Address of the programme.
        sender_name: Its name.

    Raises:
        MailRefusedError: An address is none.
    """
    return mail_of(message, sender, sender_name).as_bytes()


def mail_of(message: Message, sender: str, sender_name: str) -> EmailMessage:
    """The mail as the standard library's object, as `mail_bytes`."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = address(sender, sender_name)
    mail["To"] = address(message.to, message.to_name)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies stay away
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail


def address(email: str, name: str) -> Address:
    """An address with its display name.

    Raises:
        MailRefusedError: It is no plain address of one mailbox.
    """
    if _ADDRESS.fullmatch(email) is None:
        raise MailRefusedError("An address of a mail is no plain address.")
    try:
        return Address(display_name=one_line(name, 120), addr_spec=email)
    except (ValueError, IndexError):
        raise MailRefusedError("An address of a mail is no plain address.") from None
