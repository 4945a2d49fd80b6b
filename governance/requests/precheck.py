"""The policy pre-check: what the agreements in force say of each variable asked for, in words.

Runs as the form is filled and again when a grant is compiled. It decides nothing that owners or the
board decide; it says what no approval could mend (denials), who may not have what (bars), and what
the reviewers should know (notes).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from governance.agreements.model import Agreement, DatasetTerms
from governance.canonical import Json
from governance.contracts.model import Column, DatasetContract, IdentifierRole, TreatmentKind
from governance.decisions import Decision, Denial, denial_facts
from governance.grants.model import ForbiddenCombination, OutputRule
from governance.requests.model import RequestContent, RequestedDataset
from governance.requests.rules import RequestRules

PRECHECK_RULES = (
    "dataset.known",
    "agreement.in_force",
    "variable.known",
    "variable.covered",
    "variable.lands",
    "purpose.allowed",
    "years.applicable",
    "row_filter.applicable",
    "request.eligibility",
    "education.basis",
    "education.representative",
    "dataset.people",
)
_DICTIONARY = "Look the variable up in the catalog."
_LANDS_NEVER = frozenset({TreatmentKind.DROP, TreatmentKind.PERSON_ID})


@dataclass(frozen=True, slots=True)
class Note:
    """Something reviewers should know; it refuses nothing."""

    rule: str
    text: str
    clause: str


@dataclass(frozen=True, slots=True)
class VariableReport:
    """One variable.

    Attributes:
        covered: The agreement in force covers it.
        purpose_allowed: The purpose relied on is one of that agreement's.
        sensitive: It tells what must not be learned about a person.
        treatment: What de-identification makes of it.
        approvals: Who must approve its use.
        denials: Every reason why it cannot be granted.
    """

    dataset: str
    variable: str
    description: str
    covered: bool
    purpose_allowed: bool
    sensitive: bool
    treatment: str
    approvals: tuple[str, ...]
    denials: tuple[Denial, ...]


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """One dataset: the agreement in force and its disclosure rule."""

    dataset: str
    agreement: str
    agreement_ends_on: date | None
    minimum_cell_count: int | None
    minimum_denominator: int | None
    dominance_pct: int | None
    clause: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A person who may not have a dataset, and why; the others may."""

    person: str
    name: str
    dataset: str
    denial: Denial


@dataclass(frozen=True, slots=True)
class PrecheckReport:
    """What the pre-check found.

    Attributes:
        output: The strictest disclosure rule of all datasets; it wins. None without any.
        combinations: Variables asked for that may never meet in one query.
        decision: All denials; permitted when the request can be put to the owners.
    """

    variables: tuple[VariableReport, ...]
    datasets: tuple[DatasetReport, ...]
    bars: tuple[Bar, ...]
    combinations: tuple[ForbiddenCombination, ...]
    notes: tuple[Note, ...]
    output: OutputRule | None
    decision: Decision

    def to_dict(self) -> dict[str, Json]:
        """For `--json` and the portal."""
        return {
            "permitted": self.decision.permitted,
            "denials": [denial_facts(d) for d in self.decision.denials],
            "variables": [
                {
                    "dataset": v.dataset,
                    "variable": v.variable,
                    "description": v.description,
                    "covered": v.covered,
                    "purpose_allowed": v.purpose_allowed,
                    "sensitive": v.sensitive,
                    "treatment": v.treatment,
                    "approvals": list(v.approvals),
                    "denials": [denial_facts(d) for d in v.denials],
                }
                for v in self.variables
            ],
            "datasets": [
                {
                    "dataset": d.dataset,
                    "agreement": d.agreement,
                    "agreement_ends_on": d.agreement_ends_on.isoformat()
                    if d.agreement_ends_on
                    else None,
                    "minimum_cell_count": d.minimum_cell_count,
                    "minimum_denominator": d.minimum_denominator,
                    "dominance_pct": d.dominance_pct,
                    "clause": d.clause,
                }
                for d in self.datasets
            ],
            "people_barred": [
                {"person": b.person, "name": b.name, "dataset": b.dataset} | denial_facts(b.denial)
                for b in self.bars
            ],
            "forbidden_combinations": [c.model_dump(mode="json") for c in self.combinations],
            "notes": [{"rule": n.rule, "text": n.text, "clause": n.clause} for n in self.notes],
            "output_rule": self.output.model_dump(mode="json") if self.output else None,
        }


def agreement_for(
    dataset: str, agreements: Iterable[Agreement], today: date
) -> tuple[Agreement, DatasetTerms] | None:
    """The agreement in force that covers the dataset, the newest when several do."""
    agency, name = dataset.split("/", 1)
    found = [
        (a, terms)
        for a in agreements
        if a.agency == agency and a.in_force(today) and (terms := a.terms(name)) is not None
    ]
    return max(found, key=lambda pair: (pair[0].effective_on, pair[0].id), default=None)


def precheck(
    content: RequestContent,
    contracts: Mapping[str, DatasetContract],
    agreements: Mapping[str, Agreement],
    today: date,
    rules: RequestRules,
) -> PrecheckReport:
    """Check a request, complete or not, against what is agreed.

    Args:
        content: The form as it stands.
        contracts: By `agency/dataset`.
        agreements: By id.
        today: Legal date.
        rules: The programme's.

    Returns:
        The report; nothing is changed.
    """
    parts = [_Part(d, content, contracts, agreements, today) for d in content.datasets]
    variables = tuple(v for part in parts for v in part.variables())
    bars = tuple(_bars(content, rules))
    denials = [
        *(d for part in parts for d in part.denials()),
        *(d for v in variables for d in v.denials),
        *_request_denials(content, rules),
        *_empty_datasets(content, bars),
    ]
    combinations = tuple(_combinations(content, rules))
    notes = [n for part in parts for n in part.notes()]
    notes += [Note("combination.forbidden", _combined(c), c.clause) for c in combinations]
    datasets = tuple(part.report() for part in parts)
    return PrecheckReport(
        variables=variables,
        datasets=datasets,
        bars=bars,
        combinations=combinations,
        notes=tuple(notes),
        output=_strictest(datasets),
        decision=Decision(PRECHECK_RULES, tuple(dict.fromkeys(denials))),
    )


class _Part:
    """One dataset of the request beside its contract and agreement."""

    def __init__(
        self,
        asked: RequestedDataset,
        content: RequestContent,
        contracts: Mapping[str, DatasetContract],
        agreements: Mapping[str, Agreement],
        today: date,
    ) -> None:
        self.asked, self.content, self.today = asked, content, today
        self.contract = contracts.get(asked.dataset)
        found = agreement_for(asked.dataset, agreements.values(), today)
        self.agreement: Agreement | None = found[0] if found else None
        self.terms: DatasetTerms | None = found[1] if found else None

    def report(self) -> DatasetReport:
        """The dataset's own line."""
        rule = self.terms.disclosure if self.terms else None
        return DatasetReport(
            dataset=self.asked.dataset,
            agreement=self.agreement.id if self.agreement else "",
            agreement_ends_on=self.agreement.ends_on if self.agreement else None,
            minimum_cell_count=rule.minimum_cell_count if rule else None,
            minimum_denominator=rule.minimum_denominator if rule else None,
            dominance_pct=rule.dominance_pct if rule else None,
            clause=self.cite(rule.clause) if rule else "",
        )

    def cite(self, clause: str) -> str:
        """A clause of the agreement in force."""
        return f"{self.agreement.id} §{clause}" if self.agreement else "no agreement"

    def denials(self) -> Iterator[Denial]:
        """What refuses the dataset as a whole."""
        name = self.asked.dataset
        if self.contract is None:
            reason = f"There is no dataset {name}."
            yield Denial("dataset.known", reason, _DICTIONARY, "the catalog of datasets")
            return
        if self.agreement is None:
            yield Denial(
                "agreement.in_force",
                f"No agreement for {name} is in force on {self.today}.",
                "The operating office and the agency renew it.",
                "agreement of the feed, term",
            )
            return
        if not self.purpose_allowed:
            allowed = "; ".join(self.agreement.purposes)
            yield Denial(
                "purpose.allowed",
                f"The purpose chosen for {name} is not one its agreement permits.",
                f"Choose one of: {allowed}.",
                self.cite(self.agreement.purposes_clause),
            )
        yield from self._filter_denials(self.contract, self.agreement)

    def _filter_denials(self, contract: DatasetContract, agreement: Agreement) -> Iterator[Denial]:
        name, clause = self.asked.dataset, f"contract of {contract.id} {contract.version}"
        if self.asked.years is not None and contract.year_column is None:
            reason = f"{name} has no year by which it could be limited."
            yield Denial("years.applicable", reason, "Ask for it without years.", clause)
        dimensions = {c.name for c in contract.columns if c.dimension}
        covered = set(self.terms.columns) if self.terms else set()
        for comparison in self.asked.row_filter:
            if comparison.column not in dimensions & covered:
                reason = f"Rows of {name} cannot be limited by {comparison.column}."
                remedy = f"Use one of: {', '.join(sorted(dimensions & covered)) or 'none'}."
                clause = self.cite(agreement.purposes_clause)
                yield Denial("row_filter.applicable", reason, remedy, clause)

    @property
    def purpose_allowed(self) -> bool:
        """Whether the purpose relied on is one of the agreement's."""
        chosen = _folded(self.content.purpose_for(self.asked.dataset))
        allowed = self.agreement.purposes if self.agreement else ()
        return any(chosen == _folded(p) for p in allowed)

    def variables(self) -> Iterator[VariableReport]:
        """One report for each variable asked for."""
        for name in self.asked.variables:
            column = self._column(name)
            covered = self.terms is not None and name in self.terms.columns
            yield VariableReport(
                dataset=self.asked.dataset,
                variable=name,
                description=column.description if column else "",
                covered=covered,
                purpose_allowed=self.purpose_allowed,
                sensitive=column is not None and column.role is IdentifierRole.SENSITIVE,
                treatment=self._treatment(column).value if column else "",
                approvals=self.agreement.approvers if self.agreement else (),
                denials=tuple(self._variable_denials(name, column, covered=covered)),
            )

    def _variable_denials(
        self, name: str, column: Column | None, *, covered: bool
    ) -> Iterator[Denial]:
        if self.contract is None or self.agreement is None or self.terms is None:
            return
        where = f"{self.asked.dataset}.{name}"
        if column is None:
            clause = f"contract of {self.contract.id} {self.contract.version}"
            yield Denial("variable.known", f"There is no variable {where}.", _DICTIONARY, clause)
            return
        if not covered:
            yield Denial(
                "variable.covered",
                f"The agreement in force does not cover {where}.",
                "Leave it out, or ask the agency to amend its agreement.",
                self.cite(self.terms.columns_clause),
            )
        if self._treatment(column) in _LANDS_NEVER:
            yield Denial(
                "variable.lands",
                f"{where} identifies persons and is never kept.",
                "Leave it out; people are counted without it.",
                self.cite(self.terms.deidentification_clause),
            )

    def notes(self) -> Iterator[Note]:
        """What reviewers should know of the dataset."""
        if self.agreement is None or self.contract is None or self.terms is None:
            return
        ends = self.content.ends_on
        if ends is not None and ends > self.agreement.ends_on:
            text = (
                f"The agreement for {self.asked.dataset} ends on {self.agreement.ends_on}, before "
                f"the use asked for ({ends}): a grant ends with it unless it is renewed."
            )
            yield Note("agreement.until", text, self.cite(self.agreement.term_clause))
        for name in self.asked.variables:
            column = self._column(name)
            if column is not None and column.role is IdentifierRole.SENSITIVE:
                text = f"{self.asked.dataset}.{name} is sensitive."
                yield Note("variable.sensitive", text, self.cite(self.terms.disclosure.clause))

    def _column(self, name: str) -> Column | None:
        columns = self.contract.columns if self.contract else ()
        return next((c for c in columns if c.name == name), None)

    def _treatment(self, column: Column) -> TreatmentKind:
        """What becomes of the column; without a treatment it is refused, so it never lands."""
        override = self.terms.treatments.get(column.name) if self.terms else None
        treatment = override or column.treatment
        return treatment.kind if treatment else TreatmentKind.DROP


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _bars(content: RequestContent, rules: RequestRules) -> Iterator[Bar]:
    for asked in content.datasets:
        restriction = rules.restriction(asked.dataset)
        if restriction is None:
            continue
        classes = ", ".join(c.replace("_", " ") for c in restriction.employment_classes)
        for person in content.people:
            if person.employment_class not in restriction.employment_classes:
                denial = Denial(
                    "dataset.people",
                    f"{person.name} ({person.employer}) may not have {asked.dataset}: "
                    f"{restriction.reason}",
                    f"Persons of these classes may work with it: {classes}. {person.name} may see "
                    "what is released.",
                    restriction.clause,
                )
                yield Bar(person.id, person.name, asked.dataset, denial)


def _empty_datasets(content: RequestContent, bars: tuple[Bar, ...]) -> Iterator[Denial]:
    """A dataset nobody on the request may have cannot be granted to anybody."""
    for asked in content.datasets:
        barred = [b for b in bars if b.dataset == asked.dataset]
        if barred and len(barred) == len(content.people):
            reason = f"Nobody named may have {asked.dataset}."
            remedy = f"Name a person who may, or leave it out. {barred[0].denial.remedy}"
            yield Denial("dataset.people", reason, remedy, barred[0].denial.clause)


def _count(agencies: int) -> str:
    return "1 agency" if agencies == 1 else f"{agencies or 'no'} agencies"


def _request_denials(content: RequestContent, rules: RequestRules) -> Iterator[Denial]:
    eligibility, education = rules.eligibility, rules.education
    if len(content.agencies) < eligibility.minimum_agencies:
        yield Denial(
            "request.eligibility",
            f"The request asks for data of {_count(len(content.agencies))}; "
            f"{eligibility.minimum_agencies} are needed.",
            "Ask the agency itself for its own data, or add another agency's.",
            eligibility.clause,
        )
    if not set(content.agencies) & set(education.agencies):
        return
    if content.ferpa_basis is None:
        yield Denial(
            "education.basis",
            "Education records may be used only to audit or evaluate a federal or state supported "
            "education program, or to enforce or comply with its requirements.",
            "Choose which of the two applies, or leave the education data out.",
            education.clause,
        )
    if not any(p.role == "authorized_representative" for p in content.people):
        yield Denial(
            "education.representative",
            "No authorized representative is named.",
            "Name the person whom the education agency authorizes.",
            education.clause,
        )


def _combinations(content: RequestContent, rules: RequestRules) -> Iterator[ForbiddenCombination]:
    asked = {f"{d.dataset}.{v}" for d in content.datasets for v in d.variables}
    for combination in rules.forbidden:
        if set(combination.columns) <= asked:
            yield combination


def _combined(combination: ForbiddenCombination) -> str:
    columns = " and ".join(combination.columns)
    return f"{columns} may never meet in one query: {combination.reason}"


def _strictest(datasets: tuple[DatasetReport, ...]) -> OutputRule | None:
    cells = [d for d in datasets if d.minimum_cell_count is not None]
    if not cells:
        return None
    shares = [d.dominance_pct for d in datasets if d.dominance_pct is not None]
    smallest = max(cells, key=lambda d: d.minimum_cell_count or 0)
    fewest = max(cells, key=lambda d: d.minimum_denominator or 0)
    return OutputRule(
        minimum_cell_count=smallest.minimum_cell_count or 1,
        minimum_denominator=fewest.minimum_denominator or 0,
        dominance_pct=min(shares) if shares else None,
        clause="; ".join(dict.fromkeys([smallest.clause, fewest.clause])),
    )
