"""What is done all day long, between the daily runs: follow the feed, tell, send, checkpoint.

Each step stands by itself: a policy zone or mail server that does not answer keeps none of the
others from being done, and is named in the round's problems. Every step is safe to repeat.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from governance.calendar import legal_date
from governance.canonical import Json
from governance.clocks.directory import Directory
from governance.clocks.gathering import any_changed, gather
from governance.clocks.publication_notices import publication_notices
from governance.clocks.reminding import remind
from governance.clocks.request_notices import request_notices
from governance.errors import ProgrammeError
from governance.mail.notices import Notice
from governance.services.dispatch import Dispatched, dispatch
from governance.services.feed import follow_feed
from governance.services.ledger_copy import make_checkpoint
from governance.services.programme import Programme

OVERLAP: Final = timedelta(minutes=5)
"""A round looks back so far over the one before: what was committed late is not missed."""
Result = TypeVar("Result")


@dataclass
class Problems:
    """Steps that were not done, by name, with the error's code."""

    found: dict[str, str] = field(default_factory=dict)

    def tried(self, step: str, act: Callable[[], Result], otherwise: Result) -> Result:
        """What a step gives; `otherwise` when it could not be done, which is noted."""
        try:
            return act()
        except ProgrammeError as error:
            self.found[step] = error.code
            return otherwise


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did.

    Attributes:
        feed_batches: New and verified, of the data plane's feed.
        reminders: Notices written, by kind.
        sent, failed, given_up: Mails and webhooks.
        checkpoint: Entries of the ledger under the newest signed checkpoint.
        problems: Steps that were not done, with the error's code.
    """

    feed_batches: int = 0
    reminders: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    given_up: int = 0
    checkpoint: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        told = bool(self.reminders or self.problems or self.feed_batches)
        return not told and not self.sent + self.failed + self.given_up

    def to_dict(self) -> dict[str, Json]:
        """Counts, for `--json`."""
        return {
            "feed_batches": self.feed_batches,
            "reminders": dict(self.reminders),
            "sent": self.sent,
            "failed": self.failed,
            "given_up": self.given_up,
            "checkpoint": self.checkpoint,
            "problems": dict(self.problems),
        }


def make_round(p: Programme, since: datetime | None = None) -> Round:
    """Do what has come up.

    Args:
        p: The programme.
        since: When the last round began, UTC: only requests changed since are looked at.
    """
    problems = Problems()
    batches = problems.tried("feed", lambda: follow(p), 0)
    written: list[Notice] = []
    written = problems.tried("reminders", lambda: remind_changed(p, since), written)
    outbox = problems.tried("outbox", lambda: dispatch(p), Dispatched())
    checkpoint = problems.tried("checkpoint", lambda: checkpoint_now(p), 0)
    return Round(
        feed_batches=batches,
        reminders=by_kind(written),
        sent=outbox.sent,
        failed=outbox.failed,
        given_up=outbox.given_up,
        checkpoint=checkpoint,
        problems=problems.found,
    )


def follow(p: Programme) -> int:
    """New batches of the data plane's feed; a feed that does not verify is told by its notice."""
    state = follow_feed(p)
    return 0 if state is None else state.read


def remind_changed(p: Programme, since: datetime | None) -> list[Notice]:
    """Tell people of what changed since an instant, without waiting for the next day."""
    earliest = None if since is None else since - OVERLAP
    if earliest is not None and not any_changed(p, earliest):
        return []
    state = gather(p, changed_since=earliest)
    today = legal_date(p.clock())
    people = Directory(state, today)
    found = [
        notice
        for life in state.requests
        for notice in request_notices(life, people, p.rules, p.profile, today)
    ]
    for proposed in state.publications:
        found += publication_notices(proposed, people, p.rules, p.profile, today)
    return remind(p, found)


def remind_lately(p: Programme) -> list[Notice]:
    """Tell people of what changed a moment ago: what a running portal does every so often."""
    return remind_changed(p, p.clock())


def checkpoint_now(p: Programme) -> int:
    """Entries under the newest checkpoint, made when there are new ones."""
    made = make_checkpoint(p)
    return 0 if made is None else made.size


def by_kind(notices: list[Notice]) -> dict[str, int]:
    """How many of each kind."""
    return dict(sorted(Counter(n.kind.value for n in notices).items()))


def _did(act: Callable[[], object]) -> bool:
    act()
    return True


def keep_rounds(
    p: Programme,
    stop: threading.Event,
    *,
    seconds: float,
    daily: Callable[[], object],
    tell: Callable[[Round], None],
) -> None:
    """Make a round every so often, and the daily run once a legal date, until told to stop.

    A daily run that fails is tried again at the next round.

    Args:
        p: The programme.
        stop: Set by whoever ends it.
        seconds: Between two rounds.
        daily: The daily run.
        tell: Hears of every round that did something.
    """
    ran_on, since = None, None
    while not stop.is_set():
        began = p.clock()
        problems = Problems()
        if ran_on != legal_date(began) and problems.tried(
            "daily", lambda: _did(daily), otherwise=False
        ):
            ran_on, since = legal_date(began), began  # it told of everything until now
        done = make_round(p, since)
        if problems.found:
            done = replace(done, problems={**problems.found, **done.problems})
        if "reminders" not in done.problems:
            since = began
        if not done.idle:
            tell(done)
        stop.wait(seconds)
