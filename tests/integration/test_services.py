"""The services the tests start are real, and they end with the process that started them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.lib.azurite import Azurite

ROOT = Path(__file__).resolve().parents[2]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_postgres_answers(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("show server_encoding")) == "UTF8"
    engine.dispose()


def test_azurite_has_an_address_of_its_own(azurite: Azurite) -> None:
    assert azurite.blob_url.startswith(f"http://127.0.0.1:{azurite.port}/")
    assert is_alive(azurite.pid)


@pytest.mark.parametrize(
    "start",
    [
        "from tests.lib.azurite import run_azurite as run",
        "from tests.lib.postgres import run_postgres as run",
    ],
)
def test_a_service_dies_with_a_killed_test_process(start: str) -> None:
    code = (
        f"{start}; import time; from pathlib import Path\n"
        "with run():\n"
        "    children = Path('/proc/self/task').glob('*/children')\n"
        "    print(*(path.read_text() for path in children), flush=True)\n"
        "    time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert pids
    assert all(is_alive(pid) for pid in pids)
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in pids if is_alive(pid)]
