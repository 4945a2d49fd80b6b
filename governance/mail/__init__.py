"""Mail: what people are told, in which words, and how it leaves the programme."""

from governance.mail.compose import compose
from governance.mail.errors import MailError, MailRefusedError
from governance.mail.folder import FolderMailer
from governance.mail.message import Message
from governance.mail.notices import Capacity, Notice, NoticeKind
from governance.mail.opening import open_mailer
from governance.mail.port import Mailer
from governance.mail.smtp import SmtpMailer, SmtpServer

__all__ = [
    "Capacity",
    "FolderMailer",
    "MailError",
    "MailRefusedError",
    "Mailer",
    "Message",
    "Notice",
    "NoticeKind",
    "SmtpMailer",
    "SmtpServer",
    "compose",
    "open_mailer",
]
