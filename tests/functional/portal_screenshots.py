"""Pictures of the main pages for the docs: `python -m tests.functional.portal_screenshots`.

Fills a throw-away programme with the demonstration, serves it on loopback, and takes each page as a
person of that role sees it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from governance.calendar import legal_date, utc_now
from tests.lib.browser import run_browser
from tests.lib.portal import free_port, token_of

ROOT = Path(__file__).parents[2]
GOVERNANCE = Path(sys.executable).with_name("governance")
IMAGES = ROOT / "docs" / "images"
PAGES = (
    ("portal-home", None, "/"),
    ("portal-request", "brian.mensah", "/requests/Q0007"),
    ("portal-register", None, "/register"),
    ("portal-report", None, f"/report/{legal_date(utc_now()).year}"),
    ("portal-board", None, "/boards/data_governing_board"),
    ("portal-office", "brian.mensah", "/office"),
)
WIDTH, HEIGHT = 1280, 960


def take(home: Path, images: Path = IMAGES) -> list[Path]:
    """Take every picture of a filled home; gives the files."""
    port = free_port()
    server = subprocess.Popen(
        [GOVERNANCE, "serve", "--home", home, "--port", str(port), "--dev-sign-in"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url)
        return _pictures(url, images)
    finally:
        server.terminate()
        server.wait(20)


def _wait(url: str) -> None:
    transport = httpx.HTTPTransport(retries=10)
    with httpx.Client(transport=transport, timeout=5) as client:
        for _ in range(60):
            try:
                if client.get(f"{url}/health").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
    raise SystemExit("The portal did not start.")


def _pictures(url: str, images: Path) -> list[Path]:
    images.mkdir(parents=True, exist_ok=True)
    made = []
    with run_browser() as browser:
        for name, person, path in PAGES:
            context = browser.new_context(
                base_url=url, viewport={"width": WIDTH, "height": HEIGHT}, locale="en-US"
            )
            page = context.new_page()
            if person is not None:
                with httpx.Client(base_url=url) as client:
                    token = token_of(client.get("/sign-in").text)
                    client.post(
                        "/sign-in/development",
                        data={"csrf_token": token, "person": person, "next": "/account"},
                    )
                    context.add_cookies(
                        [
                            {"name": c.name, "value": c.value or "", "url": url}
                            for c in client.cookies.jar
                        ]
                    )
            answer = page.goto(path)
            if answer is None or answer.status != httpx.codes.OK:
                raise SystemExit(f"{path} was not shown to {person or 'the public'}.")
            made.append(images / f"{name}.png")
            page.screenshot(path=made[-1])
            context.close()
    return made


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / "home"
        subprocess.run([GOVERNANCE, "demo", "--home", filled], check=True)
        for file in take(filled):
            print(file.relative_to(ROOT))
