"""A small https server that speaks enough of Key Vault for the real client."""

import base64
import datetime as dt
import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


class FakeCredential:
    """Hands out the one token the server takes."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        assert scopes == ("https://vault.azure.net/.default",)
        return AccessToken(self.token, 4_102_444_800)


@dataclass
class FakeKeyVault:
    """A vault with one key, `wrapping`, in one or more versions.

    Attributes:
        kind: What the key says it is.
        operations: What the key says it may do.
        fail_with: Status every request is answered with, when set.
        garble: Whether unwrapping gives other bytes back.
        requests: What was asked, in order.
    """

    kind: str = "RSA"
    bits: int = 2048
    operations: tuple[str, ...] = ("wrapKey", "unwrapKey")
    fail_with: int | None = None
    garble: bool = False
    url: str = ""
    certificate: Path = Path()
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    versions: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    @property
    def credential(self) -> FakeCredential:
        return FakeCredential(self.token)

    @property
    def key_id(self) -> str:
        return f"{self.url}/keys/wrapping"

    @property
    def client_options(self) -> dict[str, Any]:
        return {
            "verify_challenge_resource": False,
            "connection_verify": str(self.certificate),
            "retry_total": 0,
        }

    def rotate(self) -> str:
        """Add a version; it becomes the current one."""
        version = secrets.token_hex(16)
        self.versions[version] = rsa.generate_private_key(65537, self.bits)
        return version

    def answer(self, method: str, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.requests.append(f"{method} {path}")
        if self.fail_with is not None:
            return self.fail_with, {"error": {"code": "Forbidden", "message": "secret details"}}
        parts = path.strip("/").split("/")
        version = parts[2] if len(parts) > 2 and parts[2] else list(self.versions)[-1]
        if parts[:2] != ["keys", "wrapping"] or version not in self.versions:
            return 404, {"error": {"code": "KeyNotFound", "message": "not found"}}
        key, key_id = self.versions[version], f"{self.key_id}/{version}"
        if method == "GET":
            return 200, {"key": self._public(key, key_id), "attributes": {"enabled": True}}
        assert body["alg"] == "RSA-OAEP-256"
        data = _decode(body["value"])
        if parts[3] == "wrapkey":
            data = key.public_key().encrypt(data, _OAEP)
        else:
            try:
                data = key.decrypt(data, _OAEP)
            except ValueError:
                return 400, {"error": {"code": "BadParameter", "message": "cannot unwrap"}}
            if self.garble:
                data = secrets.token_bytes(len(data))
        return 200, {"kid": key_id, "value": _encode(data)}

    def _public(self, key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = {"kid": key_id, "kty": self.kind, "key_ops": list(self.operations)}
        if self.kind.startswith("RSA"):
            numbers = key.public_key().public_numbers()
            shown["n"] = _encode(numbers.n.to_bytes(self.bits // 8, "big"))
            shown["e"] = _encode(numbers.e.to_bytes(3, "big"))
        return shown


@contextmanager
def run_key_vault(
    folder: Path, made: FakeKeyVault | None = None, **options: Any
) -> Iterator[FakeKeyVault]:
    """Serve a vault on loopback with a certificate of its own, written to `folder`."""
    vault = made or FakeKeyVault(**options)
    vault.rotate()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            if self.headers.get("Authorization") != f"Bearer {vault.token}":
                self._reply(401, {"error": {"code": "Unauthorized", "message": "no token"}})
            else:
                self._reply(*vault.answer(self.command, self.path.partition("?")[0], body))

        do_GET = do_POST = _serve  # noqa: N815  the base class's names

        def _reply(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            if status == 401:
                challenge = (
                    'Bearer authorization="https://login.microsoftonline.com/tenant", '
                    'resource="https://vault.azure.net"'
                )
                self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    vault.certificate = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(vault.certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    vault.url = f"https://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield vault
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_certificate(folder: Path) -> Path:
    """A key and a self-signed certificate for 127.0.0.1 in one PEM file."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "vault.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
