"""The annual report as a paper: charts with their figures, in HTML and PDF from one model."""

from collections import Counter
from collections.abc import Iterator, Sequence

from governance.papers.model import (
    Block,
    Chart,
    Definitions,
    Items,
    Paper,
    Prose,
    Section,
    Series,
    Table,
    number_sections,
    shown,
)
from governance.papers.words import count_words, day_words
from governance.register.figures import AnnualFigures, Counted, annual_figures, month_names
from governance.register.source import RegisterSource

_MOST_DATASETS = 20


def draft_annual_report(source: RegisterSource, year: int) -> Paper:
    """The report of the period that begins in `year`; public as it stands."""
    figures = annual_figures(source, year)
    profile = source.profile
    standing = "draft" if source.today <= figures.period.ends_on else "final"
    return Paper(
        id=f"ANNUAL-{figures.period.name}",
        kind="Annual report",
        title=f"Annual report {figures.period.name}",
        subtitle="Requests for data, decisions, outputs and cost",
        programme=profile.name,
        issued_by=profile.office.name,
        issued_on=source.today,
        standing="draft" if standing == "draft" else "final",
        marking="Public",
        note=profile.placeholder or "",
        facts=(
            (
                "Period",
                f"{day_words(figures.period.begins_on)} to {day_words(figures.period.ends_on)}",
            ),
            ("As of", day_words(figures.as_of)),
            ("Register", f"{source.base_url}/register"),
        ),
        sections=number_sections(tuple(_sections(figures))),
    )


def _sections(figures: AnnualFigures) -> Iterator[Section]:
    yield Section(key="short", title="In short", blocks=(_short(figures),))
    yield Section(key="requests", title="Requests", blocks=tuple(_requests(figures)))
    yield Section(key="time", title="Time to decision", blocks=tuple(_time(figures)))
    yield Section(key="agencies", title="Agencies and datasets", blocks=tuple(_agencies(figures)))
    yield Section(key="outputs", title="Outputs", blocks=tuple(_outputs(figures)))
    yield Section(key="refusals", title="Refusals", blocks=tuple(_refusals(figures)))
    yield Section(key="cost", title="Cost", blocks=tuple(_cost(figures)))
    yield Section(key="list", title="Requests received", blocks=(_list(figures),))
    yield Section(key="method", title="How it was counted", blocks=(_method(),))


def _short(figures: AnnualFigures) -> Definitions:
    spread = figures.days_to_decision
    decided = sum(d.count for d in figures.decisions)
    total = sum(c.cents for c in figures.costs)
    return Definitions(
        items=(
            ("Requests received", shown(figures.received)),
            ("Decisions", shown(decided)),
            ("Median time to decision", _days(spread.median)),
            ("Publications", shown(len(figures.publications))),
            ("Meetings held", shown(sum(m.count for m in figures.meetings))),
            ("Cost recorded", _dollars(total)),
        )
    )


def _requests(figures: AnnualFigures) -> Iterator[Block]:
    months = figures.months
    yield Chart(
        key="chart-months",
        title="Requests received and decisions, by month",
        description=_described("received", [(m, got) for m, got, _ in months]),
        label_head="Month",
        labels=tuple(month for month, _, _ in months),
        series=(
            Series(name="Received", values=tuple(got for _, got, _ in months)),
            Series(name="Decided", values=tuple(done for _, _, done in months)),
        ),
        form="columns",
        unit="requests",
    )
    yield _chart("chart-types", "Requests received, by type", "Type", figures.types)
    yield _chart("chart-decisions", "Decisions, by outcome", "Outcome", figures.decisions)
    yield _chart(
        "chart-statuses",
        "Where requests stand at the report's date",
        "Status",
        figures.statuses,
    )


def _time(figures: AnnualFigures) -> Iterator[Block]:
    spread = figures.days_to_decision
    yield _chart(
        "chart-waits", "Decisions, by days from submission", "Days", figures.waits, "decisions"
    )
    yield Prose(
        text="Calendar days from the first submission to the decision on the first version, of "
        f"{count_words(spread.count, 'decision')} of the period."
    )
    yield Table(
        caption="Days from submission to decision",
        head=("Measure", "Days"),
        rows=(
            ("A quarter were decided within", _days(spread.lower_quartile)),
            ("Half were decided within (median)", _days(spread.median)),
            ("Three quarters were decided within", _days(spread.upper_quartile)),
            ("The longest", _days(spread.longest)),
        ),
        widths=(3, 1),
        numeric=(1,),
    )


def _agencies(figures: AnnualFigures) -> Iterator[Block]:
    yield _chart(
        "chart-agencies",
        "Requests received that ask for an agency's data",
        "Agency",
        figures.agencies,
    )
    listed = figures.datasets[:_MOST_DATASETS]
    yield _chart("chart-datasets", "Datasets asked for", "Dataset", listed)
    if len(figures.datasets) > len(listed):
        left = len(figures.datasets) - len(listed)
        yield Prose(text=f"{count_words(left, 'dataset')} asked for less often are not shown.")
    yield Prose(
        text="A request asks for data of several agencies, and is counted at each of them.",
        tone="note",
    )


def _outputs(figures: AnnualFigures) -> Iterator[Block]:
    published = Counter(f"{p.published_on:%Y-%m}" for p in figures.publications)
    months = tuple(Counted(m, published[m]) for m in month_names(figures.period))
    chart = _chart("chart-outputs", "Publications, by month", "Month", months, "publications")
    yield chart.model_copy(update={"form": "columns"})
    yield Table(
        caption="Publications",
        head=("Published", "Request", "Title", "Address"),
        rows=tuple(
            (p.published_on.isoformat(), p.request, p.title, p.address or "none")
            for p in figures.publications
        ),
        widths=(2, 2, 5, 4),
    )


def _refusals(figures: AnnualFigures) -> Iterator[Block]:
    denied = next((d.count for d in figures.decisions if d.name == "Denied"), 0)
    yield Prose(text=f"{count_words(denied, 'request was', 'requests were')} denied.")
    if figures.refusals:
        yield _chart(
            "chart-refusals",
            "Denials, by the rule that denied",
            "Reason",
            figures.refusals,
            "denials",
        )
        yield Prose(text="A denial can have several reasons.", tone="note")


def _cost(figures: AnnualFigures) -> Iterator[Block]:
    total = sum(c.cents for c in figures.costs)
    if figures.costs:
        dollars = tuple(Counted(c.heading, round(c.cents / 100)) for c in figures.costs)
        yield _chart("chart-costs", "Cost, by heading", "Heading", dollars, "US dollars, rounded")
    rows = [(c.heading, _dollars(c.cents), " ".join(c.notes)) for c in figures.costs]
    if rows:
        rows.append(("Total", _dollars(total), ""))
    yield Table(
        caption="Cost of the programme as recorded",
        head=("Heading", "US dollars", "Notes"),
        rows=tuple(rows),
        widths=(3, 2, 4),
        numeric=(1,),
    )


def _list(figures: AnnualFigures) -> Table:
    return Table(
        caption="Requests received in the period, as they stand at the report's date",
        head=("Number", "Title", "Organization", "Data of", "Status", "Decided"),
        rows=tuple(
            (
                r.number,
                r.title,
                r.organization,
                ", ".join(r.agency_codes),
                r.status_words,
                r.decided_on.isoformat() if r.decided_on else "not yet",
            )
            for r in reversed(figures.rows)
        ),
        widths=(2, 6, 4, 3, 3, 3),
    )


def _method() -> Items:
    return Items(
        items=(
            (
                "Counted from the programme's ledger: every act is an event, and the figures are a "
                "replay of them."
            ),
            "A request counts from its first submission; a draft counts nowhere.",
            (
                "Figures count requests, meetings, publications and dollars, never persons in the "
                "data."
            ),
            "Quartiles are by the inclusive method.",
        )
    )


def _chart(
    key: str, title: str, head: str, counted: Sequence[Counted], unit: str = "requests"
) -> Chart:
    return Chart(
        key=key,
        title=title,
        description=_described(unit, [(c.name, c.count) for c in counted]),
        label_head=head,
        labels=tuple(c.name for c in counted),
        series=(Series(name=unit[:1].upper() + unit[1:], values=tuple(c.count for c in counted)),),
        unit=unit,
    )


def _described(what: str, values: Sequence[tuple[str, int]]) -> str:
    if not values:
        return "There is nothing to show."
    total = sum(n for _, n in values)
    name, most = max(values, key=lambda v: v[1])
    return (
        f"Bars for {count_words(len(values), 'group')}, {total} {what} in all; the longest is "
        f"{name} with {most}. The figures follow as a table."
    )


def _days(days: float | None) -> str:
    return "no decision" if days is None else shown(days)


def _dollars(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02d}"
