"""What the data plane told of projects: matches, releases, and queries counted by day. Row-free.

A project's own is for whoever may read its request. An agency is told of matches and releases of
projects that were granted its data, and of nobody's queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from governance.calendar import legal_date
from governance.decisions import check_permitted
from governance.event_feed import FeedView
from governance.permissions import Action, Actor, Target, decide_action
from governance.register.proposals import contributors
from governance.services.feed import feed_view
from governance.services.programme import Programme
from governance.services.public_records import public_records
from governance.services.recording import denials_recorded
from governance.store import NotFoundError

WorkKind = Literal["match", "release", "queries"]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One thing that the data plane did for a project, as counts.

    Attributes:
        number: The request.
        on: Legal date.
        people: Matched; None where nothing was matched.
        offered: Rows that agencies offered for the match.
        cells: Of the output that was released; `suppressed` among them.
        answered, refused: Queries of that day.
        digest: SHA-256 of the matrix or of the release's receipt, hex.
    """

    number: str
    on: date
    kind: WorkKind
    people: int | None = None
    offered: int | None = None
    cells: int | None = None
    suppressed: int | None = None
    answered: int | None = None
    refused: int | None = None
    digest: str = ""


def read_project_work(p: Programme, actor: Actor, number: str) -> tuple[WorkRow, ...]:
    """What was matched, asked and released for a request's project, the newest first.

    Raises:
        AccessDeniedError: The actor may not read the request; recorded.
        NotFoundError: There is no such request.
    """
    action = Action.READ_REQUEST
    with denials_recorded(p, actor, action.value, number), p.store.read() as unit:
        request = unit.request(number)
        if request is None:
            raise NotFoundError("There is no request of that number.")
        target = Target(request=request, body=unit.body(p.board)[0])
        check_permitted(decide_action(actor, action, target, today=p.today))
    view, project = feed_view(p), p.rules.numbers.project(number)
    numbers = {project: number}
    rows = [*_worked(view, numbers), *_queries(view, numbers)]
    return tuple(sorted(rows, key=lambda row: (row.on, row.kind), reverse=True))


def read_agency_work(p: Programme, actor: Actor, agency: str) -> tuple[WorkRow, ...]:
    """What was matched and released for projects that were granted an agency's data.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.LIST_AGENCY_DATA.value, agency):
        target = Target(agency=agency)
        check_permitted(decide_action(actor, Action.LIST_AGENCY_DATA, target, today=p.today))
    numbers = {
        p.rules.numbers.project(record.request.number): record.request.number
        for record in public_records(p).source.requests
        if agency in contributors(record.request)
    }
    rows = _worked(feed_view(p), numbers)
    return tuple(sorted(rows, key=lambda row: (row.on, row.kind, row.number), reverse=True))


def _worked(view: FeedView, numbers: dict[str, str]) -> Iterator[WorkRow]:
    for match in view.matches:
        if match.project in numbers:
            yield WorkRow(
                numbers[match.project], legal_date(match.at), "match",
                people=match.matched_people, offered=match.offered_rows,
                digest=match.matrix_sha256,
            )  # fmt: skip
    for release in view.releases:
        if release.project in numbers:
            yield WorkRow(
                numbers[release.project], legal_date(release.at), "release", cells=release.cells,
                suppressed=release.suppressed, digest=release.receipt_sha256,
            )  # fmt: skip


def _queries(view: FeedView, numbers: dict[str, str]) -> Iterator[WorkRow]:
    for query in view.queries.values():
        if query.project in numbers:
            refused = query.denied + query.failed + query.stopped
            yield WorkRow(
                numbers[query.project], query.on, "queries", answered=query.answered,
                refused=refused,
            )  # fmt: skip
