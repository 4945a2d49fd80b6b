"""What goes on beside the requests: documents, matches, costs, records requests."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from governance.calendar import add_business_days, legal_date
from governance.demo.errors import DemoFailedError
from governance.demo.projects import Project
from governance.demo.world import World
from governance.papers.records import RecordsRequest
from governance.services.attachments import Upload

_APPROVAL: Final = """Institutional review board of {organization}

Protocol {number}: {title}
Approved as minimal risk for one year from {day}. (A made-up document of a demonstration.)
"""
_COSTS: Final = (
    ("Staff of the operating office", 41_250_00),
    ("Data integration hub, Department of Labor", 18_900_00),
    ("Enclave, hosting and keys", 7_460_00),
    ("Legal review of agreements", 3_200_00),
)
_ASKED: Final = (
    "All records on attendance by district that the Department of Education gave to the program, "
    "and the agreement under which it did."
)
_ELSEWHERE: Final = "Quarterly wage records of one employer, and who has seen them."


def plan_aside(world: World) -> None:
    """Put everything beside the requests on the agenda."""
    for quarter, before in enumerate((330, 240, 150, 60)):
        world.agenda.add(world.at(before, 15), partial(_record_costs, world, quarter))
    for project in world.projects.projects:
        if project.meeting is not None and project.meeting != "sixth":
            meeting = world.meetings[project.meeting]
            at = world.after(meeting, -45, project.key, "board")
            world.agenda.add(at, partial(_file_approval, world, project))
            if project.fate != "denied":
                matched = world.after(meeting, 20, project.key, "match")
                world.agenda.add(matched, partial(_record_matches, world, project))
    for before, text in ((115, _ASKED), (12, _ELSEWHERE)):
        world.agenda.add(world.at(before, 13), partial(_route, world, before, text))
    world.agenda.add(world.at(64, 17), partial(_look_at_another, world))
    for before in range(400, 0, -30):
        world.agenda.add(world.on(world.day(before), 23), world.bundles.checkpoint)


def _record_costs(world: World, quarter: int) -> None:
    for heading, cents in _COSTS:
        more = world.chance.below(9, "cost", quarter, heading)
        facts = {
            "year": world.programme.today.year,
            "heading": heading,
            "cents": cents + cents * more // 100,
            "note": f"Quarter {quarter + 1} of the demonstration.",
        }
        world.desk.record_cost(world.operator_for("cost", quarter), facts)


def _file_approval(world: World, project: Project) -> None:
    person, number = world.requestor(project), world.numbers.get(project.key)
    if number is None:
        return
    text = _APPROVAL.format(
        organization=person.employer,
        number=f"IRB-{world.chance.below(9000, 'irb', project.key) + 1000}",
        title=project.title,
        day=world.programme.today,
    )
    upload = Upload("irb_approval", "Approval of the review board", "text/plain", text.encode())
    attachment = world.desk.file_attachment(person, number, upload)
    if world.chance.share("read", project.key) < 0.5:  # noqa: PLR2004  the office reads about half
        world.desk.read_attachment(world.operator_for("read", project.key), number, attachment)


def _record_matches(world: World, project: Project) -> None:
    """The hub matches each agency's file; inputs go after five business days, or one with CCIC."""
    number, day = world.numbers[project.key], world.programme.today
    for line in _match_lines(world, project, number, day):
        world.desk.record_match(world.operator_for("match", project.key), line)


def _match_lines(
    world: World, project: Project, number: str, day: date
) -> Iterator[Mapping[str, Any]]:
    agencies = sorted({name.split("/", 1)[0] for name in project.datasets})
    days = 1 if "ccic" in agencies else 5
    for agency in agencies:
        yield {
            "received": day - timedelta(days=4),
            "sender": world.programme.profile.agency_code(agency),
            "receiver": world.programme.profile.agency_code("dol"),
            "file_name": f"P20_{number}_{agency.upper()}_match_v1",
            "request": number,
            "fields": ("last_name", "first_name", "birth_date", "gender"),
            "match_date": day,
            "matrix_date": add_business_days(day, 1),
            "authorized_representative": world.requestor(project).name,
            "destroyed_date": add_business_days(day, days),
        }


def _route(world: World, before: int, text: str) -> None:
    asked = RecordsRequest(
        reference=f"FOI-{world.programme.today.year}-{before}",
        asks_for=text,
        received_on=legal_date(world.desk.now()),
        requester="A member of the public",
    )
    routed = world.desk.route(world.operator, asked)
    agencies = ", ".join(agency.code for agency in routed.agencies)
    world.say(f"records request {asked.reference} goes to {agencies or 'nobody yet'}")


def _look_at_another(world: World) -> None:
    """Somebody opens a request that is not theirs; the refusal is an entry."""
    stranger = world.cast.researchers["ruiz"]
    if not world.desk.is_refused(stranger, world.numbers["rapid"]):
        raise DemoFailedError("A stranger could read a request.")
