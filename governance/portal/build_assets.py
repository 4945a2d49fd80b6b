"""Copy what the pages need out of the npm packages into `static/vendor`, with a manifest.

`make setup` runs it: `python -m governance.portal.build_assets`. Of the design system only the
compiled style sheet, its script, the icons and what the style sheet refers to are copied (about a
megabyte of ten). The folder is written aside and swapped in, so a broken run leaves the old one.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

from governance.digests import sha256_of
from governance.errors import ConfigurationError
from governance.portal.assets import MANIFEST, VENDOR

_NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
_USWDS = "@uswds/uswds"
_FILES = {
    "css/uswds.min.css": f"{_USWDS}/dist/css/uswds.min.css",
    "js/uswds.min.js": f"{_USWDS}/dist/js/uswds.min.js",
    "js/uswds-init.min.js": f"{_USWDS}/dist/js/uswds-init.min.js",
    "js/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "img/sprite.svg": f"{_USWDS}/dist/img/sprite.svg",
}
_PACKAGES = (_USWDS, "htmx.org")
_REFERENCE = re.compile(r"url\([\"']?\.\./((?:fonts|img)/[A-Za-z0-9_./-]+)[\"']?\)")
_UNUSED = frozenset({"img/hero.jpg"})
"""Referred to by a component no page uses."""


def build_assets(node_modules: Path = _NODE_MODULES, vendor: Path = VENDOR) -> dict[str, str]:
    """Copy the files and write the manifest.

    Returns:
        SHA-256 by path under `vendor`.

    Raises:
        ConfigurationError: A package is not installed, or lacks a file.
    """
    sources = {name: node_modules / path for name, path in _FILES.items()}
    _check_there(sources)
    style = sources["css/uswds.min.css"].read_text()
    for name in sorted(set(_REFERENCE.findall(style)) - _UNUSED):
        sources[name] = node_modules / _USWDS / "dist" / name
    _check_there(sources)
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=vendor.parent, prefix=".vendor-") as scratch:
        made = Path(scratch) / "made"
        digests = {name: _copy(source, made / name) for name, source in sources.items()}
        versions = {package: _version(node_modules / package) for package in _PACKAGES}
        manifest = {"packages": versions, "files": dict(sorted(digests.items()))}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        if vendor.exists():
            vendor.rename(Path(scratch) / "old")
        made.rename(vendor)
    return digests


def _check_there(sources: dict[str, Path]) -> None:
    lacking = sorted(name for name, source in sources.items() if not source.is_file())
    if lacking:
        raise ConfigurationError(
            f"The npm packages of the pages are not installed ({lacking[0]} is missing): "
            "run `make setup`.",
            missing=len(lacking),
        )


def _copy(source: Path, to: Path) -> str:
    data = source.read_bytes()
    if source.suffix in {".css", ".js"}:
        # A map of sources that are not served would only be asked for in vain.
        data = re.sub(rb"\n?(/\*|//)# sourceMappingURL=[^\n*]*(\*/)?", b"", data)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(data)
    return sha256_of(data)


def _version(package: Path) -> str:
    return str(json.loads((package / "package.json").read_bytes())["version"])


def main() -> None:
    """Build, and say what was built."""
    try:
        digests = build_assets()
    except ConfigurationError as error:
        sys.exit(error.message)
    size = sum(f.stat().st_size for f in VENDOR.rglob("*") if f.is_file())
    sys.stdout.write(f"{len(digests)} files, {size // 1024} KiB in {VENDOR}\n")


if __name__ == "__main__":
    main()
