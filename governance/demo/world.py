"""What every scene of the demonstration works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from governance.board.state import BodyState
from governance.calendar import LEGAL_ZONE, legal_date
from governance.demo.agenda import Agenda, SimulatedClock, office_hours
from governance.demo.bundles import Bundles
from governance.demo.cast import AgencyCast, Cast
from governance.demo.chance import Chance
from governance.demo.desk import Desk
from governance.demo.forms import Forms
from governance.demo.projects import Meeting, Project, Projects
from governance.people import Person
from governance.requests.model import RequestContent
from governance.requests.state import DataRequest
from governance.services import Programme
from governance.services.board import read_body
from governance.services.requests import read_request

BOARD = "data_governing_board"
EXECUTIVE = "executive_board"
JOINING = "ocme"
_WEDNESDAY = 2
DAYS = 430
"""How long the demonstration's programme has been going on."""


def meeting_time(day: date, hour: int = 10) -> datetime:
    """The Wednesday of that week or the one before, Eastern time; the day after a holiday."""
    return office_hours(day - timedelta(days=(day.weekday() - _WEDNESDAY) % 7), hour)


@dataclass
class World:
    """The programme, its people, its calendar.

    Attributes:
        now: The real instant the story ends at, UTC.
        say: Prints a line of progress.
        meetings: When each meeting of the data governing board begins, UTC.
        numbers: Of requests, by project.
        waiting: Projects for the next meeting of a name, with the version to be voted on.
        interests: Who declared one, by project.
    """

    programme: Programme
    desk: Desk
    clock: SimulatedClock
    agenda: Agenda
    cast: Cast
    projects: Projects
    forms: Forms
    chance: Chance
    bundles: Bundles
    now: datetime
    say: Callable[[str], None]
    meetings: Mapping[Meeting, datetime]
    numbers: dict[str, str] = field(default_factory=dict)
    waiting: dict[Meeting, list[tuple[Project, int]]] = field(default_factory=dict)
    interests: dict[str, str] = field(default_factory=dict)

    @property
    def next_meeting(self) -> datetime:
        """When the board meets next."""
        return meeting_time(legal_date(self.now + timedelta(days=14)))

    @property
    def executive_meeting(self) -> datetime:
        """When the executive board admitted an agency."""
        return meeting_time(self.day(280), hour=14)

    def board(self) -> BodyState:
        """The data governing board as it stands."""
        return self.body(BOARD)

    def body(self, name: str) -> BodyState:
        """A body as it stands."""
        return read_body(self.programme, self.desk.actor(self.operator), name).state

    def read(self, number: str) -> DataRequest:
        """A request as it stands, as the office sees it."""
        actor = self.desk.actor(self.cast.operators[2])
        return read_request(self.programme, actor, number).request

    @property
    def operator(self) -> Person:
        """Whoever of the office has the desk."""
        return self.cast.operators[0]

    def operator_for(self, *what: object) -> Person:
        """One of the office, by chance."""
        return self.chance.pick(self.cast.operators, "operator", *what)

    def day(self, before: int) -> date:
        """The legal date so many days before the end of the story."""
        return legal_date(self.now - timedelta(days=before))

    def at(self, before: int, hour: int = 11) -> datetime:
        """An office hour about so many days before the end of the story."""
        return office_hours(self.day(before), hour, self.chance.below(55, "minute", before, hour))

    def on(self, day: date, hour: int) -> datetime:
        """That hour of that day, whether the state works then or not."""
        minute = self.chance.below(55, "on", day, hour)
        return datetime.combine(day, time(hour, minute), LEGAL_ZONE).astimezone(UTC)

    def after(self, meeting: datetime, days: int, *what: object) -> datetime:
        """An office hour so many days after (or before) a meeting."""
        minute = self.chance.below(55, "after", days, *what)
        hour = 9 + self.chance.below(7, "hour", days, *what)
        return office_hours(legal_date(meeting + timedelta(days=days)), hour, minute)

    def requestor(self, project: Project) -> Person:
        """Who asks."""
        return self.cast.researchers[project.people.requestor]

    def reviewer(self, project: Project, content: RequestContent, agency: str) -> Person:
        """Who decides for an agency: the owner, or the alternate of a recused one."""
        cast: AgencyCast = self.cast.agencies[agency]
        recused = agency in content.requestor_employers
        recused = recused or self.interests.get(project.key) == cast.owner.id
        return cast.alternate if recused else cast.owner
