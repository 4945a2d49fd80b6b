"""Runs the demonstration and tells it as it happens."""

import shlex
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from governance.audit import LedgerReport
from governance.calendar import legal_date, utc_now
from governance.demo.agenda import Agenda, SimulatedClock
from governance.demo.aside import plan_aside
from governance.demo.bundles import make_signer
from governance.demo.cast import cast_people, named_roles
from governance.demo.chance import Chance
from governance.demo.desk import Desk
from governance.demo.errors import DemoFailedError, DemoHomeError
from governance.demo.fates import plan_life
from governance.demo.forms import Forms
from governance.demo.meetings import fill_seats, plan_meetings
from governance.demo.outputs import plan_outputs
from governance.demo.plane import plan_plane
from governance.demo.projects import Meeting, load_projects
from governance.demo.schemas import write_schemas
from governance.demo.world import DAYS, JOINING, World, meeting_time
from governance.services import ledger, ledger_copy, open_programme
from governance.services.request_lists import ListQuery, list_requests
from governance.settings import SETTINGS_FILE, load_settings

SEED: Final = 2025
_MEETINGS: Final[dict[Meeting, int]] = {
    "first": 372, "second": 305, "third": 235, "fourth": 160, "fifth": 77, "sixth": 20,
}  # fmt: skip
_SETTINGS: Final = """\
# A demonstration: its people are made up, and anybody at this machine may be any of them.
GOVERNANCE_DEMONSTRATION=true
"""


def build_world(
    home: Path, now: datetime, say: Callable[[str], None], *, seed: int = SEED
) -> World:
    """Open an empty programme in a home and cast its people."""
    started = now - timedelta(days=DAYS)
    write_schemas(home / "schemas", legal_date(started))
    clock = SimulatedClock(started)
    programme = open_programme(load_settings(home), clock=clock)
    programme.store.migrate()
    projects, chance = load_projects(), Chance(seed)
    cast = cast_people(programme.profile, projects, JOINING, chance)
    desk = Desk(programme, clock)
    numbers: dict[str, str] = {}
    return World(
        programme=programme,
        desk=desk,
        clock=clock,
        agenda=Agenda(clock),
        cast=cast,
        projects=projects,
        forms=Forms(cast, projects, programme.profile, programme.agreements, numbers),
        chance=chance,
        bundles=make_signer(programme, home, started),
        now=now,
        say=say,
        meetings={
            name: meeting_time(legal_date(now - timedelta(days=days)))
            for name, days in _MEETINGS.items()
        },
        numbers=numbers,
    )


class _Teller:
    """Prints steps with their times, or nothing."""

    def __init__(self, *, quiet: bool) -> None:
        self.console = Console(highlight=False, soft_wrap=True, quiet=quiet)
        self._started = time.monotonic()
        self._month = ""

    def step(self, text: str) -> None:
        """A heading with the seconds since the start."""
        seconds = time.monotonic() - self._started
        self.console.print(f"\n[bold cyan]{seconds:6.1f} s  {text}[/bold cyan]")

    def line(self, text: str) -> None:
        """One line below it."""
        self.console.print(f"          {text}", markup=False)

    def time(self, at: datetime) -> None:
        """Say each month once."""
        month = f"{legal_date(at):%Y-%m}"
        if month != self._month:
            self._month = month
            seconds = time.monotonic() - self._started
            self.console.print(f"  {seconds:5.1f} s  {month}", markup=False)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demonstration is run.

    Attributes:
        home: Where; None makes a throw-away folder, which stays for looking around.
        quiet: Print nothing; the story is returned.
        now: The instant the story ends at, UTC; None: this one.
        seed: Of the names and of the chance.
    """

    home: Path | None = None
    quiet: bool = False
    now: datetime | None = None
    seed: int = SEED


def run_demo(options: DemoOptions) -> dict[str, Any]:
    """Fill a programme as the last fourteen months would have.

    Returns:
        What lies where, as JSON-able facts.

    Raises:
        DemoHomeError: The folder holds something already.
        DemoFailedError: A scene did not end as it must.
    """
    tell = _Teller(quiet=options.quiet)
    home = _empty_home(options.home)
    tell.step(f"A programme in {home}")
    world = build_world(home, options.now or utc_now(), tell.line, seed=options.seed)
    try:
        return _tell_story(world, home, tell)
    finally:
        world.programme.close()


def _empty_home(wanted: Path | None) -> Path:
    home = wanted or Path(tempfile.mkdtemp(prefix="governance-demo-")) / "home"
    if home.exists() and any(home.iterdir()):
        raise DemoHomeError(f"{home} is not empty; name a folder that is, or leave --home out.")
    home.mkdir(parents=True, exist_ok=True)
    (home / SETTINGS_FILE).write_text(_SETTINGS, "utf-8")
    return home.resolve()


def _tell_story(world: World, home: Path, tell: _Teller) -> dict[str, Any]:
    tell.line(
        f"{len(world.programme.contracts)} datasets under {len(world.programme.agreements)} "
        "agreements; the office, fifteen agencies, universities and nonprofits, all made up"
    )
    tell.step(f"{len(world.cast.people)} people")
    register_people(world)
    for project in world.projects.projects:
        plan_life(world, project)
    plan_meetings(world)
    plan_aside(world)
    plan_outputs(world)
    plane = plan_plane(world)
    tell.step(f"Fourteen months of {len(world.projects.projects)} requests")
    world.agenda.work(world.now, tell.time)
    statuses = count_statuses(world)
    world.clock.turn_to(world.now)
    plane.publish()
    report = _check_ledger(world, tell)
    tell.step("How the requests stand")
    for status, count in sorted(statuses.items()):
        tell.line(f"{count:3d}  {status.replace('_', ' ')}")
    facts = {
        "home": str(home),
        "people": len(world.cast.people),
        "requests": len(world.numbers),
        "statuses": statuses,
        "acts": world.desk.acts,
        "ledger": dict(report.to_dict()),
        "look_as": {what: person.id for what, person in named_roles(world.cast)},
    }
    facts["next"] = _say_next(world, home, tell)
    return facts


def register_people(world: World) -> None:
    """Everybody gets a record, and the agencies of the first day their seats."""
    first, *others = world.cast.people.values()
    world.desk.bootstrap(first)
    for person in others:
        world.desk.register(first, person)
    for agency in world.cast.agencies:
        if agency != JOINING:
            fill_seats(world, agency)


def _check_ledger(world: World, tell: _Teller) -> LedgerReport:
    """Sign a checkpoint and verify everything once more.

    Raises:
        DemoFailedError: The ledger does not verify.
    """
    tell.step("The ledger: a signed checkpoint outside the database, and everything verified")
    signed = world.bundles.run()
    ledger_copy.make_checkpoint(world.programme)
    report = ledger.verify(world.programme)
    tell.line(
        f"{report.entries} entries, {report.payloads} with facts; {report.last_checkpoint} covered "
        f"by a checkpoint; verifies: {report.verified}"
    )
    tell.line(
        f"{world.bundles.published} documents signed; {len(signed.waiting)} request(s) wait for "
        "signatures or statements"
    )
    if not report.verified:
        raise DemoFailedError("The ledger does not verify.", problems=len(report.problems))
    return report


def count_statuses(world: World) -> dict[str, int]:
    """How many versions of requests stand in each status."""
    actor = world.desk.actor(world.operator)
    page = list_requests(world.programme, actor, ListQuery(per_page=100))
    found = Counter(
        version.status.value for row in page.items for version in world.read(row.number).versions
    )
    return dict(found)


def _say_next(world: World, home: Path, tell: _Teller) -> list[str]:
    at = f"--home {shlex.quote(str(home))}"
    copy = shlex.quote(str(home / "policy" / "ledger" / "governance"))
    number = world.numbers
    commands = [
        f"governance serve {at} --dev-sign-in",
        f"governance request show {number['tanfwork']} {at} --as {world.operator.id}",
        f"governance motion list {at}",
        f"governance report annual {at}",
        f"governance ledger verify {copy} --key {shlex.quote(str(home / 'ledger-key.json'))}",
    ]
    tell.step(f"It lies in {home}")
    tell.line("governance.db   the database: ledger and what lists are made of")
    tell.line("policy/         what the data plane and the public read: root, grants, ledger")
    tell.line("                and a made-up data plane's feed: deliveries, matches, releases")
    tell.line("offline/        the root key; a real one never lies on such a machine")
    tell.line("schemas/        agreements, contracts, bylaws, the programme's profile")
    tell.step("Look through the eyes of")
    for what, person in named_roles(world.cast):
        tell.line(f"{person.id:20s} {what}")
    tell.step("Try next")
    for command in commands:
        tell.line(command)
    return commands
