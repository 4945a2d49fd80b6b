"""What the public reads, at the command line: annual report, register, request log, match log."""

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from governance.calendar import LEGAL_ZONE
from governance.canonical import Json, canonical_json
from governance.cli_session import As, AsJson, Home, Session, session
from governance.decisions import check_permitted
from governance.errors import DocumentError
from governance.facts import read_content
from governance.papers import render_page, render_pdf
from governance.permissions import Action, decide_action
from governance.register.figures import AnnualFigures, Counted, annual_figures
from governance.register.logs import match_log, public, register_table, request_log
from governance.register.open_data import OpenTable, safe_cell, to_csv, to_json
from governance.register.report import draft_annual_report
from governance.register.source import MatchLine, RegisterSource
from governance.services.matches import LineAct, act_on_line, line_id, list_match_lines
from governance.services.records import record_match
from governance.services.transparency import read_source

report_app = typer.Typer(
    help="The public register, the annual report and the programme's logs.", no_args_is_help=True
)
Out = Annotated[
    Path | None,
    typer.Option(help="File to write; its ending chooses: .csv or .json.", dir_okay=False),
]
ReportOut = Annotated[
    Path | None,
    typer.Option(help="File to write; its ending chooses: .html, .pdf or .json.", dir_okay=False),
]
Everything = Annotated[
    bool,
    typer.Option(
        "--everything",
        help="Personal columns too, which the public does not get (the office and the auditor).",
    ),
]
LineId = Annotated[str, typer.Argument(help="Id of the line: governance report match-lines.")]
At = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
        help="When it happened, Eastern time unless it names a zone; unset: now.",
    ),
]
_WIDEST: Final = 160


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(report_app, name="report")


@report_app.command("annual")
def annual(
    year: Annotated[
        int | None, typer.Argument(help="Year the period begins in; the current one.")
    ] = None,
    out: ReportOut = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """The annual report: requests, time to decision, outputs, refusals, cost. Public.

    Without --out its figures; with it the whole report, as a page, a PDF or data.
    """
    with session(home, None, as_json=as_json, command="report annual", public=True) as here:
        source = read_source(here.programme)
        wanted = year or source.today.year
        figures = annual_figures(source, wanted)
        if out is not None:
            _write(here, out, _report_file(out, source, wanted, figures))
            return
        here.say(figures.to_dict(), _annual_lines(figures))


@report_app.command("register")
def show_register(out: Out = None, home: Home = None, as_json: AsJson = False) -> None:
    """The public register of requests and what became of them; persons are withheld."""
    with session(home, None, as_json=as_json, command="report register", public=True) as here:
        source = read_source(here.programme)
        _tell(here, public(register_table(source), source), out)


@report_app.command("requests")
def requests(
    out: Out = None,
    everything: Everything = False,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """The programme's request log in its published columns."""
    _log("report requests", request_log, out, home, as_, everything=everything, as_json=as_json)


@report_app.command("matches")
def matches(
    out: Out = None,
    everything: Everything = False,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """The programme's match log in its published columns."""
    _log("report matches", match_log, out, home, as_, everything=everything, as_json=as_json)


@report_app.command("match-lines")
def match_lines(home: Home = None, as_: As = None, as_json: AsJson = False) -> None:
    """The match log as the office keeps it: ids of lines, how each match stands, by when."""
    with session(home, as_, as_json=as_json, command="report match-lines") as here:
        rows = list_match_lines(here.programme, here.actor)
        facts: list[Json] = [
            {
                "id": row.id, "agency": row.agency, "standing": row.standing,
                "due_at": row.due_at.isoformat() if row.due_at else None,
                **row.line.model_dump(mode="json"),
            }
            for row in rows
        ]  # fmt: skip
        lines = [f"{r.id}  {r.line.request}  {r.standing}  {r.line.file_name}" for r in rows]
        here.say({"lines": facts}, lines or ["No file is in the match log yet."])


@report_app.command("record-match")
def record_line(
    line: Annotated[
        Path, typer.Argument(help="The line, YAML or JSON; `-` is standard input.", allow_dash=True)
    ],
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Record a line of the match log; about a file that has one, it takes its place."""
    with session(home, as_, as_json=as_json, command="report record-match") as here:
        data = sys.stdin.buffer.read() if str(line) == "-" else line.read_bytes()
        facts = read_content(data, line.name)
        _say_line(here, record_match(here.programme, here.actor, facts))


@report_app.command("confirm-match")
def confirm_match(
    line: LineId, at: At = None, home: Home = None, as_: As = None, as_json: AsJson = False
) -> None:
    """Record that the stewards confirmed a line's match."""
    with session(home, as_, as_json=as_json, command="report confirm-match") as here:
        _act_on(here, line, "confirmed_at", at)


@report_app.command("destroy-match")
def destroy_match(
    line: LineId, at: At = None, home: Home = None, as_: As = None, as_json: AsJson = False
) -> None:
    """Record that a line's file was destroyed."""
    with session(home, as_, as_json=as_json, command="report destroy-match") as here:
        _act_on(here, line, "destroyed_at", at)


def _act_on(here: Session, line: str, act: LineAct, at: datetime | None) -> None:
    when = at.replace(tzinfo=LEGAL_ZONE) if at and at.tzinfo is None else at
    _say_line(here, act_on_line(here.programme, here.actor, line, act, at=when))


def _say_line(here: Session, line: MatchLine) -> None:
    id_ = line_id(line)
    here.say({"id": id_, **line.model_dump(mode="json")}, [f"{id_}  {line.request}  recorded"])


def _log(
    command: str,
    make: Callable[[RegisterSource], OpenTable],
    out: Path | None,
    home: Path | None,
    as_: str | None,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    with session(home, as_, as_json=as_json, command=command, public=not everything) as here:
        p = here.programme
        if everything:
            action = Action.LIST_ALL_REQUESTS
            check_permitted(decide_action(here.actor, action, today=p.today))
        source = read_source(p)
        table = make(source)
        _tell(here, table if everything else public(table, source), out)


def _tell(here: Session, table: OpenTable, out: Path | None) -> None:
    if out is not None:
        writers: Mapping[str, Callable[[OpenTable], bytes]] = {".csv": to_csv, ".json": to_json}
        _write(here, out, _chosen(out, writers)(table))
    elif here.as_json:
        sys.stdout.write(to_json(table).decode() + "\n")
    else:
        typer.echo("\n".join(_table_lines(table)))


def _report_file(out: Path, source: RegisterSource, year: int, figures: AnnualFigures) -> bytes:
    makers: Mapping[str, Callable[[], bytes]] = {
        ".html": lambda: render_page(draft_annual_report(source, year)).encode(),
        ".pdf": lambda: render_pdf(draft_annual_report(source, year)),
        ".json": lambda: canonical_json(figures.to_dict()),
    }
    return _chosen(out, makers)()


def _chosen(out: Path, by_ending: Mapping[str, Callable[..., bytes]]) -> Callable[..., bytes]:
    found = by_ending.get(out.suffix.casefold())
    if found is None:
        raise DocumentError(f"--out ends with one of: {', '.join(by_ending)}.")
    return found


def _write(here: Session, out: Path, data: bytes) -> None:
    out.write_bytes(data)
    here.say({"out": str(out), "bytes": len(data)}, [f"Wrote {out}, {len(data)} bytes."])


def _table_lines(table: OpenTable) -> list[str]:
    lines = [
        f"{table.title}: {len(table.rows)} line(s), as of {table.as_of:%Y-%m-%d}",
        " | ".join(c for c in table.columns if c not in table.withheld),
    ]
    shown = [n for n, column in enumerate(table.columns) if column not in table.withheld]
    for row in table.rows:
        line = " | ".join(safe_cell(row[n]) for n in shown)
        lines.append(line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…")
    lines += [f"Withheld: {column}. {why}" for column, why in table.withheld.items()]
    return lines


def _annual_lines(figures: AnnualFigures) -> list[str]:
    spread = figures.days_to_decision
    lines = [
        f"Annual report {figures.period.name}, as of {figures.as_of}",
        f"Received: {figures.received}",
        f"Decisions: {_counts(figures.decisions)}",
        f"Days to decision: median {spread.median}, longest {spread.longest}",
        f"Agencies: {_counts(figures.agencies)}",
        f"Meetings: {_counts(figures.meetings)}",
        f"Refusals: {_counts(figures.refusals)}",
        f"Requests as they stand: {_counts(figures.statuses)}",
    ]
    lines += [f"Published: {p.request}, {p.title} ({p.published_on})" for p in figures.publications]
    lines += [f"Cost: {c.heading}, ${c.cents / 100:,.2f}" for c in figures.costs]
    return lines


def _counts(counted: Iterable[Counted]) -> str:
    return ", ".join(f"{c.name} {c.count}" for c in counted) or "none"
