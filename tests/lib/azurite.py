"""A real Azurite on a free loopback port, once a test process, gone when the process is gone."""

import base64
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

from tests.lib.services import die_with_parent, missing

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
START_SECONDS = 60.0

_LISTENING = re.compile(r"successfully listens on https?://[^:]+:(\d+)")


@dataclass(frozen=True)
class Azurite:
    """A running emulator.

    Attributes:
        account: Account name.
        key: Account key, base64; random.
        port: On 127.0.0.1.
        pid: Of the emulator.
    """

    account: str
    key: str
    port: int
    pid: int

    @property
    def blob_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.account}"

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};"
            f"BlobEndpoint={self.blob_url};"
        )


@contextmanager
def run_azurite(*extra: str) -> Iterator[Azurite]:
    """Start one; its data lie in a temporary folder and are removed.

    Args:
        extra: Further arguments, e.g. for https and OAuth.
    """
    node = shutil.which("node")
    if node is None or not SCRIPT.is_file():
        missing("Azurite", "install Node 20 or later and run `make setup`")
    account, key = "enclavetest", base64.b64encode(secrets.token_bytes(48)).decode()
    folder = Path(tempfile.mkdtemp(prefix="azurite-"))
    process = subprocess.Popen(
        [
            node, str(SCRIPT), "--blobHost", "127.0.0.1", "--blobPort", "0", "--silent",
            "--disableTelemetry", "--skipApiVersionCheck", "--location", str(folder), *extra,
        ],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "AZURITE_ACCOUNTS": f"{account}:{key}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  no threads of ours hold locks here
    )  # fmt: skip
    try:
        yield Azurite(account, key, _wait_for_port(process), process.pid)
    finally:
        process.kill()
        process.wait(10)
        if process.stdout:
            process.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_port(process: subprocess.Popen[str]) -> int:
    lines: Queue[str | None] = Queue()

    def pump() -> None:
        try:
            for line in process.stdout or ():
                lines.put(line)
        except ValueError:
            pass  # closed at the end
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    said: list[str] = []
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except Empty:
            message = f"Azurite did not start within {START_SECONDS} s"
            raise RuntimeError(message) from None
        if line is None:
            message = f"Azurite ended at once: {''.join(said)[-500:]}"
            raise RuntimeError(message)
        said.append(line)
        if found := _LISTENING.search(line):
            return int(found[1])
