"""The daily run: give the clock's commands, write what people are told, send it. Repeat at will.

Numbered steps, repeated at their code; each one is safe to break off and to do again:

0. What the data plane told since the last look.
1. Grants that begin to expire or have ended, by the same service as everybody's commands.
2. Packets of meetings to come, kept and entered in the ledger.
3. Notices, read off the programme as it is by then; each is written once, ever.
4. Mail and webhooks that wait in the outbox are sent.
5. Bundles that are soon stale are named: publishing is the signer's, a process apart.
6. The ledger's copy outside is brought up to date, under a signed checkpoint.

What does not answer (the policy zone, a mail server) keeps no other step from being done.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from pydantic_settings import BaseSettings, SettingsConfigDict

from governance.calendar import LEGAL_ZONE, legal_date
from governance.canonical import Json
from governance.clocks.due import Due, due_today, notices_due
from governance.clocks.gathering import gather
from governance.clocks.model import CommandDue, PacketDue, ProgrammeState, RepublishDue
from governance.clocks.packets import issue_packet
from governance.clocks.reminding import remind
from governance.clocks.rounds import Problems, by_kind, checkpoint_now, follow
from governance.decisions import AccessDeniedError
from governance.errors import ConfigurationError, ProgrammeError
from governance.permissions import CLOCK
from governance.requests.states import Act
from governance.services import open_programme
from governance.services.dispatch import Dispatched, dispatch
from governance.services.programme import Programme
from governance.services.requests import act_on_request
from governance.settings import ENV_PREFIX, load_settings

_NOON: Final = time(12)
MAILS_AT_ONCE: Final = 10_000
"""A daily run sends so many; the rest waits for the next round."""


@dataclass(frozen=True, slots=True)
class DailyRun:
    """What a run did.

    Attributes:
        on: The legal date it judged.
        expiring, ended: Requests, by number.
        refused: Commands that were refused: somebody acted meanwhile. The next run looks again.
        packets: Meetings whose packet was issued.
        republish: Requests whose bundle the signer publishes anew.
        reminders: Notices written by this run, by kind.
        sent, failed, given_up: Mails and webhooks, whoever wrote them.
        problems: Steps that were not done, with the error's code.
    """

    on: date
    expiring: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    packets: tuple[str, ...] = ()
    republish: tuple[str, ...] = ()
    reminders: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    given_up: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Json]:
        """Numbers and counts, for `--json` and the DAG."""
        return {
            "on": self.on.isoformat(),
            "expiring": list(self.expiring),
            "ended": list(self.ended),
            "refused": list(self.refused),
            "packets": list(self.packets),
            "republish": list(self.republish),
            "reminders": dict(self.reminders),
            "sent": self.sent,
            "failed": self.failed,
            "given_up": self.given_up,
            "problems": dict(self.problems),
        }


def run_daily(p: Programme, *, on: date | None = None) -> DailyRun:
    """Do everything that is due; doing it again the same day does nothing more.

    Args:
        p: The programme.
        on: A legal date up to today, when a run was missed; today unless told.

    Raises:
        ConfigurationError: `on` lies ahead: no grant is ended before its time.
    """
    now = _instant(p, on)
    today = legal_date(now)
    problems = Problems()
    problems.tried("feed", lambda: follow(p), 0)  # step 0
    done: dict[Act, list[str]] = {Act.MARK_EXPIRING: [], Act.END: []}
    refused = []
    before = gather(p)
    due = due_today(before, now, p.rules, p.profile)
    for command in (d for d in due if isinstance(d, CommandDue)):  # step 1
        if _give(p, command):
            done[command.act].append(command.number)
        else:
            refused.append(command.number)
    after = gather(p) if any(done.values()) or refused else before
    packets = [d for d in due if isinstance(d, PacketDue)]
    issued: tuple[str, ...] = ()
    issued = problems.tried("packets", lambda: _issue(p, after, packets), issued)  # step 2
    after = replace(after, packets={**after.packets, **dict.fromkeys(issued, today)})
    written = remind(p, notices_due(after, now, p.rules, p.profile))  # step 3
    outbox = problems.tried(
        "outbox", lambda: dispatch(p, at_most=MAILS_AT_ONCE), Dispatched()
    )  # step 4
    still_due = due_today(after, now, p.rules, p.profile)
    problems.tried("checkpoint", lambda: checkpoint_now(p), 0)  # step 6
    return DailyRun(
        on=today,
        expiring=tuple(done[Act.MARK_EXPIRING]),
        ended=tuple(done[Act.END]),
        refused=tuple(refused),
        republish=_republish(still_due),  # step 5
        packets=issued,
        reminders=by_kind(written),
        sent=outbox.sent,
        failed=outbox.failed,
        given_up=outbox.given_up,
        problems=problems.found,
    )


def list_due(p: Programme, on: date | None = None) -> list[Due]:
    """What is due at a legal date, past or to come, judged by the programme as it is; does nothing.

    Notices that were sent already are among them.
    """
    now = p.clock() if on is None else _noon(on)
    return due_today(gather(p), now, p.rules, p.profile)


class RunUnfinishedError(ProgrammeError):
    """A step of a daily run was not done; it is tried again by the next run."""

    code = "clocks.unfinished"
    retryable = True


class _Where(BaseSettings):
    """Just the home, which the whole settings require."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="ignore")

    home: Path | None = None


def home_from_environment() -> Path | None:
    """The control plane's home as `GOVERNANCE_HOME` names it; None where there is none."""
    return _Where().home


def run_clocks(home: Path | None = None, *, on: date | None = None) -> dict[str, Json]:
    """Open the programme of a home and do a daily run: what the scheduler calls.

    Raises:
        ConfigurationError: No home is named, or its settings cannot be used.
        RunUnfinishedError: A step was not done; the others were.
    """
    opened = open_programme(load_settings(home))
    try:
        opened.store.check_layout()
        done = run_daily(opened, on=on)
    finally:
        opened.close()
    if done.problems:
        steps = ", ".join(f"{step} ({code})" for step, code in done.problems.items())
        message = f"Everything that is due was done but: {steps}. Run again; doing so is safe."
        raise RunUnfinishedError(message, steps=len(done.problems))
    return done.to_dict()


def _give(p: Programme, command: CommandDue) -> bool:
    """Give a command; False when it is refused, because somebody acted since we looked."""
    facts = {"on": command.on.isoformat(), "reason": command.reason}
    once = f"clock:v{command.version}"
    try:
        act_on_request(
            p, CLOCK, command.number, command.act, facts, version=command.version, once=once
        )
    except AccessDeniedError:  # recorded by the service, with its reasons
        return False
    return True


def _issue(p: Programme, state: ProgrammeState, due: list[PacketDue]) -> tuple[str, ...]:
    for packet in due:
        issue_packet(p, state, packet)
    return tuple(packet.meeting for packet in due)


def _republish(due: Iterable[Due]) -> tuple[str, ...]:
    return tuple(d.number for d in due if isinstance(d, RepublishDue))


def _instant(p: Programme, on: date | None) -> datetime:
    if on is None or on == p.today:
        return p.clock()
    if on > p.today:
        raise ConfigurationError(
            f"{on} lies ahead: a run does what is due up to today. To see what will be due, use "
            "`governance clocks due`."
        )
    return _noon(on)


def _noon(on: date) -> datetime:
    return datetime.combine(on, _NOON, tzinfo=LEGAL_ZONE).astimezone(UTC)
