"""Which code did it: the version and a digest of the package's own source files."""

from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from governance.digests import sha256_of


@lru_cache(maxsize=1)
def code_version() -> str:
    """`{version}+src.{12 hex digits}`; changes with any change of the two packages' sources."""
    root = Path(__file__).resolve().parent.parent
    files = sorted(
        path for package in ("enclave", "governance") for path in (root / package).rglob("*.py")
    )
    listing = "\n".join(
        f"{path.relative_to(root).as_posix()} {sha256_of(path.read_bytes())}" for path in files
    )
    return f"{version('data-enclave')}+src.{sha256_of(listing.encode())[:12]}"
