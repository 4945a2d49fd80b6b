"""List pages under fifty users against an empty page of the same server; prints JSON.

`python -m tests.benchmarks.portal [HOME]` fills a throw-away home (or takes one that is filled)
with 5,000 requests and 100,000 events, starts the server as a process of its own, and measures:

- the 95th percentile of each list page's time over that of an empty page, both at 50 concurrent
  users of the same server in the same run, pages in turn so that both meet the same machine;
- events of the ledger verified each second: the chain alone (the target), then with the facts
  that lie apart, then with streams and lists as well;
- the median time of a board decision, in milliseconds.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import uvicorn

from governance.board.voting import decide_motion
from governance.portal import create_app
from governance.portal.limits import Limits, Rate
from governance.portal.sign_in.ways import UnsafeDevelopmentSignIn
from governance.services import ledger, open_programme
from governance.settings import load_settings
from tests.benchmarks.portal_data import EVENTS, REQUESTS, make_data, person_id
from tests.lib.board import build_facts, build_interest, build_proxy, build_vote

USERS, ROUNDS, WARM = 50, 12, 2
EMPTY: Final = "/accessibility"
"""A page with the whole layout, signed in, that lists nothing."""
LISTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "requests": (
        "operator",
        (
            "/office/requests",
            "/office/requests?page=40",
            "/office/requests?sort=title&order=ascending&page=7",
            "/office/requests?status=granted",
            "/office/requests?text=attendance",
        ),
    ),
    "my requests": ("requestor", ("/requests", "/requests?status=granted")),
    "register": ("operator", ("/register", "/register?page=30", "/register?text=earnings")),
    "ledger": ("operator", ("/ledger", "/ledger?page=900", "/ledger?tag=data_request:granted")),
    "people": ("operator", ("/people", "/people?page=5", "/people?text=wages")),
    "meetings": ("operator", ("/meetings", "/meetings?page=2")),
}
"""Who looks at each list, and the addresses that are measured."""
FEWEST_ROWS: Final = 8
TARGETS: Final = {"ratio_at_most": 4, "events_a_second": 100_000, "decision_ms_under": 1}
_MANY: Final = Rate(10_000_000, 10_000_000)


@dataclass
class Client:
    """One user's connection, kept open; raw, so that the client costs little of the two cores."""

    port: int
    cookies: Mapping[str, str]
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    times: dict[str, list[float]] = field(default_factory=dict)

    async def get(self, path: str, role: str = "operator") -> tuple[int, bytes]:
        """Status and content of a page, for somebody in that role."""
        if self.writer is None or self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Cookie: {self.cookies[role]}\r\nAccept: text/html\r\n\r\n"
        )
        self.writer.write(request.encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.casefold(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").casefold() == "close":
            self.writer.close()
            self.writer = None
        return int(lines[0].split(" ")[1]), body

    async def timed(self, path: str, role: str) -> None:
        """Keep the time of a page that must be there."""
        started = time.perf_counter()
        status, _ = await self.get(path, role)
        assert status == 200, (path, status)
        self.times.setdefault(path, []).append(time.perf_counter() - started)


def measure_pages(home: Path) -> dict[str, Any]:
    """Start the server, let fifty users look, stop it."""
    port = _free_port()
    command = [sys.executable, "-m", "tests.benchmarks.portal", "serve", str(home), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        cookies = json.loads(server.stdout.readline())
        try:
            return asyncio.run(_look(port, cookies))
        finally:
            server.terminate()


async def _look(port: int, cookies: Mapping[str, str]) -> dict[str, Any]:
    first = Client(port, cookies)
    await _wait_for(first)
    there = {
        name: [path for path in paths if await _is_there(first, path, role)]
        for name, (role, paths) in LISTS.items()
    }
    several = [(path, LISTS[name][0]) for name, found in there.items() for path in found]
    users = [Client(port, cookies) for _ in range(USERS)]
    for turn in range(WARM + ROUNDS):
        if turn == WARM:
            for user in users:
                user.times.clear()
        for path, role in several:  # an empty page before each: both meet the same machine
            await asyncio.gather(*(user.timed(EMPTY, role) for user in users))
            await asyncio.gather(*(user.timed(path, role) for user in users))
    empty = _p95(users, [EMPTY])
    return {
        "users": USERS,
        "empty_page": {"path": EMPTY, "p95_ms": round(empty * 1000, 2)},
        "lists": {name: _told(users, found, empty) for name, found in there.items() if found},
        "missing": [name for name, found in there.items() if not found],
    }


def _told(users: Sequence[Client], paths: Sequence[str], empty: float) -> dict[str, Any]:
    worst = max(paths, key=lambda path: _p95(users, [path]))
    p95 = _p95(users, [worst])
    return {
        "p95_ms": round(p95 * 1000, 2),
        "ratio": round(p95 / empty, 2),
        "worst_of": len(paths),
        "path": worst,
    }


def _p95(users: Sequence[Client], paths: Sequence[str]) -> float:
    times = sorted(t for user in users for path in paths for t in user.times.get(path, ()))
    return times[int(len(times) * 0.95)]


async def _is_there(client: Client, path: str, role: str) -> bool:
    """Whether the page answers and really lists something."""
    status, body = await client.get(path, role)
    return status == 200 and body.count(b"<tr") >= FEWEST_ROWS


async def _wait_for(client: Client) -> None:
    for _ in range(200):
        try:
            await client.get("/health")
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not answer")


def serve(home: Path, port: int) -> None:
    """The server: the real application without rate limits, with two people signed in."""
    settings = load_settings(home, base_url=f"http://127.0.0.1:{port}")
    programme = open_programme(settings)
    limits = Limits(address=_MANY, sign_in=_MANY, session=_MANY, writes=_MANY)
    app = create_app(programme, sign_in=UnsafeDevelopmentSignIn("127.0.0.1"), limits=limits)
    cookies = {}
    for role, person in (("operator", person_id(0)), ("requestor", person_id(50))):
        secret = app.portal.sessions.begin(person, "", programme.clock())
        cookies[role] = f"{app.portal.cookies.session}={secret}"
    gc.collect()
    gc.freeze()  # as `governance serve` does
    print(json.dumps(cookies), flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def measure_ledger(home: Path) -> dict[str, Any]:
    """Verification of the database's chain; and of everything: facts, places, lists."""
    programme = open_programme(load_settings(home))
    found: dict[str, Any] = {}
    for name, facts, lists in (
        ("chain", False, False),
        ("chain_and_facts", True, False),
        ("everything", True, True),
    ):
        started, worked = time.perf_counter(), time.process_time()
        report = ledger.verify(programme, with_payloads=facts, with_read_models=lists)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        assert report.verified, report.problems[:3]
        found[name] = {
            "events": report.entries,
            "a_second": round(report.entries / seconds),
            "a_cpu_second": round(report.entries / cpu),  # what a machine at rest would show
        }
    programme.close()
    return found


def measure_decision(rounds: int = 2_000) -> dict[str, float]:
    """Fifteen seats, three proxies, two recusals, every seat voting."""
    agencies = tuple(f"agency_{n:02d}" for n in range(15))
    absent = agencies[:3]
    facts = build_facts(
        "---" + "y" * 12,
        agencies=agencies,
        others=tuple(f"p-holder-{a}" for a in absent),
        proxies=tuple(build_proxy(a, f"p-holder-{a}") for a in absent),
        interests=tuple(build_interest(f"p-{a}") for a in agencies[-2:]),
        more_votes=tuple(build_vote(a, person=f"p-holder-{a}") for a in absent),
    )
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        decide_motion(facts)
        took.append((time.perf_counter() - started) * 1000)
    return {"median_ms": round(statistics.median(took), 4)}


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def main(home: Path | None) -> None:
    """Make the data where there is none, measure, print."""
    folder = home or Path(tempfile.mkdtemp(prefix="bench-portal-"))
    told: dict[str, Any] = {"requests": REQUESTS, "events": EVENTS}
    if not (folder / "governance.db").exists():
        told["made_in_seconds"] = round(make_data(folder).seconds, 1)
    told |= {
        "pages": measure_pages(folder),
        "ledger": measure_ledger(folder),
        "decision": measure_decision(),
    }
    worst = max((found["ratio"] for found in told["pages"]["lists"].values()), default=0)
    told["targets"] = TARGETS
    told["met"] = {
        "ratio": worst <= TARGETS["ratio_at_most"] and not told["pages"]["missing"],
        "ledger": told["ledger"]["chain"]["a_second"] > TARGETS["events_a_second"],
        "decision": told["decision"]["median_ms"] < TARGETS["decision_ms_under"],
    }
    print(json.dumps(told, indent=2))
    if not all(told["met"].values()):
        sys.exit("A target is missed; see `met`.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(Path(sys.argv[1]) if sys.argv[1:] else None)
