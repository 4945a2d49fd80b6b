"""Outputs of the projects: proposed, seen by the contributing agencies, published; certificates."""

from datetime import timedelta
from functools import partial
from typing import Final

from governance.demo.projects import Project
from governance.demo.world import World
from governance.papers.destruction import Destroyed, Survivor
from governance.services.attachments import Upload
from governance.services.destruction import Told

_TABLE: Final = """{title}

Table 1. Counts by group (made up, of a demonstration; cells under six are suppressed).
"""
_COMMENTS: Final = ("", "", "Please name the agency as the source of the data.", "")
_SEEN_AFTER_DAYS: Final = 5
_RECORDED_AFTER_DAYS: Final = 12
WAITING: Final = "Earnings by field, two years on: working paper"
"""Proposed at the end of the story: one agency saw it, the others have yet to."""


def plan_outputs(world: World) -> None:
    """Put every publication on the agenda."""
    for project in world.projects.projects:
        if project.publication is None:
            continue
        before = 20 + world.chance.below(120, "published", project.key)
        at = world.at(before + _RECORDED_AFTER_DAYS, 16)
        world.agenda.add(at, partial(_publish, world, project, before))
    world.agenda.add(world.at(6, 14), partial(_leave_waiting, world))


def certificate_of(world: World, number: str, capacity: str) -> Told:
    """What a recipient says it destroyed, and what survives."""
    today = world.programme.today
    return Told(
        destroyed=(
            Destroyed(
                f"Working copies and intermediate tables of {number}",
                "The project's workspace in the enclave",
                "Deleted with the workspace's key",
                today,
            ),
        ),
        survives=(
            Survivor(
                "The tables that were released",
                "The project's file, and its publications",
                "Until the publications are withdrawn",
                "They passed disclosure control",
            ),
            Survivor(
                "Encrypted backups of the workspace",
                "The enclave's backup store",
                (today + timedelta(days=35)).isoformat(),
                "Their key is destroyed",
            ),
        ),
        capacity=capacity,
    )


def _publish(world: World, project: Project, before: int) -> None:
    """Propose it; the agencies see it some days later, and the office records it."""
    publication = _propose(world, project, project.publication or project.title)
    seen = world.at(before + _RECORDED_AFTER_DAYS - _SEEN_AFTER_DAYS, 10)
    world.agenda.add(seen, partial(_see, world, project, publication, 0))
    world.agenda.add(world.at(before, 16), partial(_record, world, project, publication))


def _leave_waiting(world: World) -> None:
    project = next(x for x in world.projects.projects if x.key == "cscuwork")
    publication = _propose(world, project, WAITING)
    world.agenda.add(world.at(3, 11), partial(_see, world, project, publication, 1))


def _propose(world: World, project: Project, title: str) -> str:
    upload = Upload("output", title, "text/plain", _TABLE.format(title=title).encode())
    facts = {
        "title": title,
        "kind": world.chance.pick(("report", "brief", "article"), "output", title),
        "venue": "The project's web site",
        "planned_on": world.programme.today + timedelta(days=_RECORDED_AFTER_DAYS),
    }
    person, number = world.requestor(project), world.numbers[project.key]
    return world.desk.propose_publication(person, number, facts, upload)


def _see(world: World, project: Project, publication: str, most: int) -> None:
    """Every agency whose data is in it looks at it; with `most`, so many of them."""
    request = world.read(world.numbers[project.key])
    content = request.versions[0].submitted or request.versions[0].content
    agencies = content.agencies[:most] if most else content.agencies
    for agency in agencies:
        person = world.reviewer(project, content, agency)
        comment = world.chance.pick(_COMMENTS, "comment", project.key, agency)
        world.desk.see_publication(person, request.number, publication, agency, comment)


def _record(world: World, project: Project, publication: str) -> None:
    slug = project.key.replace("_", "-")
    facts = {
        "address": f"https://reports.example.org/{slug}",
        "published_on": world.programme.today,
    }
    operator = world.operator_for("publication", project.key)
    world.desk.record_publication(operator, world.numbers[project.key], publication, facts)
