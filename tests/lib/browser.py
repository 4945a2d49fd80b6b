"""A real browser for page tests: Chromium, from the system or from the npm package.

The npm package `@sparticuz/chromium` carries the browser compressed; its `executablePath()` unpacks
it (200 MB) into the temporary directory once. Where the machine lacks a browser's libraries or
fonts, those the package carries are used too.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lib.services import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium" / "build" / "esm" / "index.js"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox",
    "--headless=shell",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]
_SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome")
_UNPACK = (
    "const c = (await import(process.argv[1])).default; console.log(await c.executablePath());"
)


def _unpacked() -> tuple[Path, dict[str, str]] | None:
    """The package's browser and the environment it needs; None when there is no package."""
    node = shutil.which("node")
    if node is None or not PACKAGE.is_file():
        return None
    home = Path(tempfile.gettempdir()) / f"enclave-browser-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(home)}
    major = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    # Asks the package to unpack its shared libraries as well.
    lambda_name = f"AWS_Lambda_nodejs{major.lstrip('v').split('.')[0]}.x"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = subprocess.run(
            [node, "--input-type=module", "-e", _UNPACK, PACKAGE.as_uri()],
            env={**environment, "AWS_EXECUTION_ENV": lambda_name},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    path = Path(found.stdout.strip() or "nowhere")
    if found.returncode or not path.is_file():
        return None
    needed = {}
    linked = subprocess.run(["ldd", str(path)], capture_output=True, text=True, check=False)
    if "not found" in linked.stdout:
        needed["LD_LIBRARY_PATH"] = str(home / "al2023" / "lib")
    if not Path("/etc/fonts/fonts.conf").is_file():
        needed["FONTCONFIG_PATH"] = str(home / "fonts")
    return path, needed


def _executable() -> tuple[Path, dict[str, str]]:
    found = _unpacked()
    if found is not None:
        return found
    installed = next((p for p in map(shutil.which, _SYSTEM_NAMES) if p), None)
    if installed is None:
        missing("Chromium", "run `make setup` (npm ci), or install chromium")
    return Path(installed), {}


@contextmanager
def run_browser() -> Iterator["Browser"]:
    """A headless Chromium, closed afterwards."""
    from playwright.sync_api import sync_playwright

    path, needed = _executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=ARGUMENTS, env={**os.environ, **needed}, headless=True
        )
        try:
            yield browser
        finally:
            browser.close()


def run_axe(page: "Page") -> dict[str, list[dict[str, Any]]]:
    """What axe-core finds on a page: `violations` and `incomplete`, with rule ids and targets."""
    if not AXE.is_file():
        missing("axe-core", "run `make setup` (npm ci)")
    page.evaluate(AXE.read_text())
    found: dict[str, list[dict[str, Any]]] = page.evaluate(
        "async () => { const r = await axe.run(document);"
        " const brief = list => list.map(x => ({id: x.id, impact: x.impact,"
        " targets: x.nodes.map(n => n.target.join(' ')),"
        " why: x.nodes.map(n => n.failureSummary || '')}));"
        " return {violations: brief(r.violations), incomplete: brief(r.incomplete)}; }"
    )
    return found
