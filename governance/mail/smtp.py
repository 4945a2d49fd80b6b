"""Adapter: mails over SMTP, encrypted unless somebody chose otherwise for this very machine."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr

from governance.errors import ConfigurationError
from governance.mail.errors import MailError, MailRefusedError
from governance.mail.message import Message, mail_of

_PERMANENT: Final = range(500, 600)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over.

    Attributes:
        starttls: Whether encryption is required. Only a server on this machine may go without.
        timeout_seconds: Of each answer of the server.
        context: What certificates are trusted; None: the system's.
    """

    host: str
    port: int = 587
    user: str | None = None
    password: SecretStr | None = field(default=None, repr=False)
    starttls: bool = True
    timeout_seconds: float = 20.0
    context: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse to send anything in the clear over a network.

        Raises:
            ConfigurationError: No encryption, and the server is not on this machine.
        """
        if not self.starttls and self.host not in _LOOPBACK:
            raise ConfigurationError(
                "Mail is sent unencrypted to a server on this machine only. Turn STARTTLS on."
            )


class SmtpMailer:
    """Sends each mail in a connection of its own: reminders are few, and nothing is kept open."""

    def __init__(self, server: SmtpServer, *, sender: str, sender_name: str) -> None:
        """Use a server; nothing is opened yet."""
        self._server, self._sender, self._name = server, sender, sender_name

    def send(self, message: Message) -> None:
        """Hand one mail over.

        Raises:
            MailError: The server did not take it now.
            MailRefusedError: The server, or the address, refuses it for good.
        """
        mail = mail_of(message, self._sender, self._name)
        with _said_plainly(), self._connection() as smtp:
            smtp.send_message(mail, from_addr=self._sender, to_addrs=[message.to])

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        # Named by the sender's domain: asking the machine's own name can hang on a name server.
        own_name = self._sender.rpartition("@")[2] or "localhost"
        with smtplib.SMTP(
            server.host, server.port, local_hostname=own_name, timeout=server.timeout_seconds
        ) as smtp:
            smtp.ehlo()
            if server.starttls:
                if not smtp.has_extn("starttls"):
                    raise MailError("The mail server offers no encryption (STARTTLS).")
                smtp.starttls(context=server.context or ssl.create_default_context())
                smtp.ehlo()
            if server.user is not None and server.password is not None:
                smtp.login(server.user, server.password.get_secret_value())
            yield smtp


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn the library's errors, which quote addresses and answers, into the programme's own."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailError(
            "The mail server's certificate is not trusted.", verify_code=error.verify_code
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _by_code(min(codes, default=0), "The mail server refuses the addressee.") from None
    except smtplib.SMTPNotSupportedError:
        raise MailRefusedError("The mail server cannot carry such an address.") from None
    except smtplib.SMTPAuthenticationError as error:
        raise MailError(
            "The mail server refuses the programme's account.", smtp_code=error.smtp_code
        ) from None
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, "The mail server refuses the mail.") from None
    except (smtplib.SMTPException, OSError) as error:
        kind = type(error).__name__
        raise MailError("The mail server did not answer as it should.", kind=kind) from None


def _by_code(code: int, words: str) -> MailError:
    """RFC 5321: a 5xx answer is final; a 4xx answer may change."""
    kind = MailRefusedError if code in _PERMANENT else MailError
    return kind(words, smtp_code=code)
