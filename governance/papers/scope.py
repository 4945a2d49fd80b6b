"""What a request asks for, as blocks of a paper: datasets, variables, persons, terms."""

from collections.abc import Iterator, Mapping

from governance.contracts.model import DatasetContract
from governance.grants.model import OutputRule
from governance.papers.model import Block, Definitions, Section, Table, key_of
from governance.papers.words import (
    count_words,
    day_words,
    filter_words,
    list_words,
    text_or,
    years_words,
)
from governance.profile import Profile
from governance.requests.model import RequestContent, RequestedDataset
from governance.requests.precheck import PrecheckReport

PERSON_ROLES = {
    "requestor": "Requestor",
    "authorized_representative": "Authorized representative",
    "analyst": "Analyst",
}
_FERPA = {
    "audit_or_evaluation": (
        "Audit or evaluation of a federal or state supported education program "
        "(34 CFR §§ 99.31(a)(3), 99.35)"
    ),
    "compliance": (
        "Enforcement of or compliance with federal legal requirements of such a program "
        "(34 CFR §§ 99.31(a)(3), 99.35)"
    ),
}


def purpose_terms(content: RequestContent) -> Definitions:
    """What the data is for."""
    items = [
        ("Purpose", text_or(content.purpose)),
        ("Legal basis", text_or(content.legal_basis)),
    ]
    if content.ferpa_basis is not None:
        items.append(("Education records", _FERPA[content.ferpa_basis]))
    items += [
        (f"Permitted purpose relied on for {key if '/' in key else key.upper()}", text_or(text))
        for key, text in sorted(content.purposes.items())
    ]
    items.append(("Learning agenda", text_or(content.learning_agenda)))
    return Definitions(items=tuple(items))


def form_terms(content: RequestContent) -> Definitions:
    """The rest of the form."""
    return Definitions(
        items=(
            ("Title", text_or(content.title)),
            ("Type", content.type.value.capitalize()),
            ("Continues", content.continues or "No earlier request."),
            ("Organization", text_or(content.organization)),
            ("Requesting agency", content.requestor_agency or "None of the participating ones."),
            ("Funder", text_or(content.funder)),
            ("Secure environment", text_or(content.secure_environment)),
            ("Analysis and reporting", text_or(content.analysis_plan)),
            ("Dissemination", text_or(content.dissemination_plan)),
            ("Last day of use", day_words(content.ends_on) if content.ends_on else "Not stated."),
            (
                "Destruction by",
                day_words(content.destruction_on) if content.destruction_on else "Not stated.",
            ),
        )
    )


def people_table(content: RequestContent) -> Table:
    """The persons named."""
    return Table(
        caption="Persons who use the data",
        head=("Name", "Employer", "Kind of employment", "Role"),
        rows=tuple(
            (
                p.name,
                p.employer,
                p.employment_class.replace("_", " "),
                PERSON_ROLES[p.role],
            )
            for p in content.people
        ),
        widths=(3, 4, 3, 3),
    )


def data_sections(
    content: RequestContent,
    contracts: Mapping[str, DatasetContract],
    report: PrecheckReport,
    profile: Profile,
    *,
    prefix: str = "data",
) -> tuple[Section, ...]:
    """One section a dataset: where it comes from, rows, years, every variable described."""
    return tuple(
        _dataset(part, contracts.get(part.dataset), report, profile, prefix)
        for part in sorted(content.datasets, key=lambda d: d.dataset)
    )


def _dataset(
    part: RequestedDataset,
    contract: DatasetContract | None,
    report: PrecheckReport,
    profile: Profile,
    prefix: str,
) -> Section:
    found = next((d for d in report.datasets if d.dataset == part.dataset), None)
    title = contract.title if contract else part.dataset
    terms = Definitions(
        items=(
            ("Agency", profile.party_name(part.agency.upper())),
            ("Dataset", part.dataset + (f", contract {contract.version}" if contract else "")),
            ("One row is", text_or(contract.grain if contract else "")),
            ("Held under", (found.agreement if found else "") or "No agreement in force."),
            ("Rows", filter_words(part)),
            ("Years", years_words(part)),
            ("Only in totals and means", list_words(sorted(part.totals_only))),
        )
    )
    # A point between agency and dataset: `a_b/c` and `a/b_c` stay apart.
    key = key_of(prefix, part.dataset.replace("/", "."))
    blocks: tuple[Block, ...] = (terms, _variables(part, title, report))
    return Section(key=key, title=title, blocks=blocks)


def _variables(part: RequestedDataset, title: str, report: PrecheckReport) -> Table:
    rows = []
    for variable in (v for v in report.variables if v.dataset == part.dataset):
        remarks = (
            [f"lands as: {variable.treatment.replace('_', ' ')}"] if variable.treatment else []
        )
        if variable.sensitive:
            remarks.append("sensitive")
        if not variable.covered:
            remarks.append("not covered by the agreement in force")
        rows.append((variable.variable, text_or(variable.description), "; ".join(remarks)))
    return Table(
        caption=f"Variables of {title} ({count_words(len(rows), 'variable')})",
        head=("Variable", "What it is", "Treatment and remarks"),
        rows=tuple(rows),
        widths=(3, 6, 3),
    )


def disclosure_blocks(report: PrecheckReport) -> Iterator[Block]:
    """The strictest rule, each dataset's own, and what must never be combined."""
    if report.output is not None:
        yield Definitions(items=(("The strictest rule, which holds", rule_words(report.output)),))
    yield Table(
        caption="Each dataset's own rule",
        head=("Dataset", "Smallest count", "Smallest denominator", "Largest share", "Clause"),
        rows=tuple(
            (
                d.dataset,
                _or_none(d.minimum_cell_count),
                _or_none(d.minimum_denominator),
                _or_none(d.dominance_pct, " %"),
                d.clause or "no agreement in force",
            )
            for d in report.datasets
        ),
        widths=(4, 2, 2, 2, 4),
        numeric=(1, 2, 3),
    )
    if report.combinations:
        yield Table(
            caption="Never combined in one query",
            head=("Variables", "Why", "Clause"),
            rows=tuple((list_words(c.columns), c.reason, c.clause) for c in report.combinations),
            widths=(4, 4, 2),
        )


def rule_words(rule: OutputRule) -> str:
    """A disclosure rule in a sentence."""
    share = (
        f" No sum or mean is shown of which one person or entity holds more than "
        f"{rule.dominance_pct} %."
        if rule.dominance_pct
        else ""
    )
    return (
        f"No count of fewer than {rule.minimum_cell_count} people is shown, and no statistic over "
        f"fewer than {rule.minimum_denominator}; true zeros are shown, and further cells are "
        f"withheld where a small one could be worked out.{share} [{rule.clause}]"
    )


def _or_none(value: int | None, unit: str = "") -> str:
    return "none" if value is None else f"{value}{unit}"
