"""Static files of the pages, held in memory and served under a path that names their content.

All files together have one digest; it stands in the path (`/static/<digest>/css/…`), so references
between files stay relative, any change changes every address, and each may be kept by browsers for
a year. Files are read and compressed once, at start.
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.types import Receive, Scope, Send

from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.errors import ConfigurationError
from governance.papers import paper_stylesheet

OWN = Path(__file__).parent / "static"
VENDOR = OWN / "vendor"
"""Made by `governance.portal.build_assets`."""
MANIFEST = "manifest.json"
PAPERS = "papers.css"
"""The style sheet of papers, for pages that show one."""
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".ico": "image/x-icon",
    ".png": "image/png",
}
_PREFIX = "/static/"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed (the same bytes where that gains nothing)."""

    kind: str
    data: bytes
    compressed: bytes | None


@dataclass(frozen=True, slots=True)
class Assets:
    """Every static file by its path below the digest."""

    digest: str
    files: Mapping[str, Asset]

    def address(self, name: str) -> str:
        """The address of a file.

        Raises:
            KeyError: There is no such file: a page names one that is not built.
        """
        if name not in self.files:
            raise KeyError(name)
        return f"{_PREFIX}{self.digest}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Serve one file (an ASGI application)."""
        digest, _, name = str(scope["path"]).removeprefix(_PREFIX).partition("/")
        asset = self.files.get(name) if digest == self.digest else None
        if asset is None:
            await _answer(send, 404, [(b"content-type", b"text/plain")], b"Not found.", scope)
            return
        headers = [
            (b"content-type", asset.kind.encode()),
            (b"cache-control", b"public, max-age=31536000, immutable"),
            (b"vary", b"Accept-Encoding"),
        ]
        data = asset.data
        if asset.compressed is not None and _accepts_gzip(scope):
            data = asset.compressed
            headers.append((b"content-encoding", b"gzip"))
        await _answer(send, 200, headers, data, scope)


def is_asset(path: str) -> bool:
    """Whether a path is that of a static file."""
    return path.startswith(_PREFIX)


def load_assets(vendor: Path = VENDOR, own: Path = OWN) -> Assets:
    """Read every static file.

    Raises:
        ConfigurationError: The vendor folder was not made, or a file is missing or altered.
    """
    manifest = vendor / MANIFEST
    if not manifest.is_file():
        raise ConfigurationError(
            "The pages' style sheet and scripts have not been made: run `make setup`."
        )
    digests: dict[str, str] = json.loads(manifest.read_bytes())["files"]
    files: dict[str, Asset] = {}
    for name, digest in digests.items():
        path = vendor / name
        data = path.read_bytes() if path.is_file() else b""
        if sha256_of(data) != digest:
            raise ConfigurationError(
                f"The pages' file {name} is missing or altered: run `make setup`.", file=name
            )
        files[name] = _asset(path, data)
    for path in sorted(p for p in own.iterdir() if p.is_file() and p.suffix in _TYPES):
        data = path.read_bytes()
        files[path.name] = _asset(path, data)
        digests[path.name] = sha256_of(data)
    papers = paper_stylesheet()
    files[PAPERS] = _asset(Path(PAPERS), papers)
    digests[PAPERS] = sha256_of(papers)
    return Assets(sha256_of(canonical_json(digests))[:16], files)


def _asset(path: Path, data: bytes) -> Asset:
    compressed = gzip.compress(data, mtime=0)
    gains = len(compressed) < len(data) * 0.9
    return Asset(_TYPES[path.suffix], data, compressed if gains else None)


def _accepts_gzip(scope: Scope) -> bool:
    return any(n == b"accept-encoding" and b"gzip" in v for n, v in scope["headers"])


async def _answer(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], data: bytes, scope: Scope
) -> None:
    headers.append((b"content-length", str(len(data)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else data
    await send({"type": "http.response.body", "body": body})
