"""A real SMTP server on loopback that keeps what it gets, and certificates made on the spot."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "programme", "a-password-of-the-tests"


class Inbox:
    """Keeps envelopes; `answer` is what it says to the next mails."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.encrypted: list[bool] = []
        self.answer = "250 kept"
        self.recipient_answer = "250 ok"

    async def handle_RCPT(  # noqa: N802  the server's own name for it
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(  # noqa: N802  the server's own name for it
        self, _server: Any, session: Any, envelope: Any
    ) -> str:
        if self.answer.startswith("250"):
            self.mails.append(envelope.content)
            self.recipients += envelope.rcpt_tos
            self.encrypted.append(session.ssl is not None)
        return self.answer


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-made certificate for 127.0.0.1 and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "mail.pem", folder / "mail.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_path, key_path


def server_context(folder: Path) -> ssl.SSLContext:
    """The server's side of a self-made certificate."""
    certificate, key = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def trusting(folder: Path) -> ssl.SSLContext:
    """A client that trusts the self-made certificate and no other."""
    return ssl.create_default_context(cafile=str(folder / "mail.pem"))


def _authenticate(*arguments: Any) -> AuthResult:
    given = arguments[-1]
    right = isinstance(given, LoginPassword) and given == LoginPassword(
        USER.encode(), PASSWORD.encode()
    )
    return AuthResult(success=right, handled=right)


class _OnFreePort(Controller):
    """Port 0 means a free one: the controller itself would knock at 0."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # it runs
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library's


@contextmanager
def mail_server(
    context: ssl.SSLContext | None = None, *, login: bool = False
) -> Iterator[tuple[Inbox, int]]:
    """Run a server on a free port; with a context it offers STARTTLS and asks for it."""
    inbox = Inbox()
    facts: dict[str, Any] = {"require_starttls": True, "tls_context": context} if context else {}
    if login:
        facts |= {"authenticator": _authenticate, "auth_required": True}
    controller = _OnFreePort(inbox, hostname="127.0.0.1", port=0, **facts)
    controller.start()
    try:
        yield inbox, controller.port
    finally:
        controller.stop()
