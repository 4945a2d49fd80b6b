"""From an agreement's YAML to an `Agreement`, every mistake reported with its path.

Structure: `schemas/meta/agreement.schema.json` (held against each document by `check_agreements`
and by the tests; this fast path does without it, because Airflow parses all agreements often).
Every term cites a clause that must exist. What only shows against the contracts (columns, datasets)
is asked by `check_agreement`.
"""

import re
from datetime import date

from governance.agreements.file_names import expression_of, pattern_problem
from governance.agreements.model import (
    Agreement,
    AuthorityKind,
    Clause,
    DatasetTerms,
    DeliveryMode,
    DisclosureRule,
    GateAction,
    Party,
    Retention,
    RiskGate,
)
from governance.contracts.model import Treatment
from governance.contracts.reading import parse_treatment
from governance.documents import Node, Problems, read_document
from governance.errors import AgreementError

_KEYS = (
    "id",
    "version",
    "title",
    "agency",
    "authority",
    "parties",
    "term",
    "schedule",
    "purposes",
    "approvers",
    "retention",
    "datasets",
    "clauses",
)
_TERMS_KEYS = (
    "dataset",
    "columns",
    "columnsClause",
    "fileNamePattern",
    "delivery",
    "reject",
    "linkageScope",
    "riskGate",
    "disclosure",
    "treatments",
    "deidentificationClause",
)
_BUSINESS_WEEK_DAYS = 5
_ALL_PCT = 100
_CRON_FIELD = re.compile(r"\*(/\d+)?|\d+(-\d+)?(/\d+)?(,\d+(-\d+)?)*")
_CRON_LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def parse_agreement(document: bytes, where: str) -> Agreement:
    """The agreement of one document.

    Args:
        document: UTF-8 YAML.
        where: Name of the document, for messages.

    Raises:
        AgreementError: The document has mistakes; `problems` lists every one, with its path.
    """
    problems = Problems()
    content = read_document(document, problems)
    agreement = _agreement(Node(content, "", problems)) if content is not None else None
    if agreement is None or problems.found:
        raise AgreementError.counted(f"The agreement {where} has", *problems.found, where=where)
    return agreement


def _agreement(root: Node) -> Agreement:
    root.only(*_KEYS)
    clauses = tuple(_clause(node) for node in root.blocks("clauses", required=True))
    cited = _Clauses(root, clauses)
    authority = root.block("authority", required=True) or _empty(root, "authority")
    authority.only("kind", "citations")
    term = root.block("term", required=True) or _empty(root, "term")
    term.only("effectiveOn", "endsOn", "clause")
    effective_on, ends_on = term.day("effectiveOn"), term.day("endsOn")
    if effective_on > ends_on:
        term.wrong("endsOn", "lies before effectiveOn")
    schedule = root.block("schedule", required=True) or _empty(root, "schedule")
    schedule.only("cron", "clause")
    purposes = root.block("purposes", required=True) or _empty(root, "purposes")
    purposes.only("allowed", "clause")
    approvers = root.block("approvers", required=True) or _empty(root, "approvers")
    approvers.only("roles", "clause")
    version = root.text("version", required=True)
    if version and not re.fullmatch(r"\d+\.\d+(\.\d+)?", version):
        root.wrong("version", "must be numbers, as in '1.0'")
    terms = tuple(_terms(n, cited) for n in root.blocks("datasets", required=True, by="dataset"))
    names = [t.dataset for t in terms]
    for name in sorted({n for n in names if names.count(n) > 1}):
        root.wrong("datasets", f"{name!r} stands twice")
    return Agreement(
        id=root.text("id", required=True),
        version=version,
        title=root.text("title", required=True),
        agency=root.name("agency"),
        authority=AuthorityKind(authority.choice("kind", tuple(AuthorityKind))),
        citations=authority.texts("citations", required=True),
        parties=tuple(_party(node) for node in root.blocks("parties", required=True)),
        effective_on=effective_on,
        ends_on=ends_on,
        term_clause=cited.clause(term),
        schedule=_cron(schedule),
        schedule_clause=cited.clause(schedule),
        purposes=purposes.texts("allowed", required=True),
        purposes_clause=cited.clause(purposes),
        approvers=approvers.texts("roles", required=True),
        approvers_clause=cited.clause(approvers),
        retention=_retention(root, cited, effective_on),
        clauses=clauses,
        datasets=terms,
    )


def _empty(node: Node, key: str) -> Node:
    """A block that is missing (already noted): its own keys need no further word."""
    return Node({}, node.at(key), Problems())


class _Clauses:
    """The clause ids of a document, to hold every citation against."""

    def __init__(self, root: Node, clauses: tuple[Clause, ...]) -> None:
        ids = [clause.id for clause in clauses]
        for name in sorted({i for i in ids if i and ids.count(i) > 1}):
            root.wrong("clauses", f"clause {name!r} stands twice")
        self._ids = frozenset(ids)

    def clause(self, node: Node, key: str = "clause") -> str:
        """The clause cited under `key`; a mistake when there is no such clause."""
        cited = node.text(key, required=True)
        if cited and cited not in self._ids:
            node.wrong(key, f"cites clause {cited!r}, which the agreement does not have")
        return cited


def _clause(node: Node) -> Clause:
    node.only("id", "title", "text")
    return Clause(
        id=node.text("id", required=True),
        title=node.text("title", required=True),
        text=node.text("text", required=True),
    )


def _party(node: Node) -> Party:
    node.only("agency", "name", "role")
    return Party(
        agency=node.name("agency"),
        name=node.text("name", required=True),
        role=node.text("role", required=True),
    )


def _cron(schedule: Node) -> str:
    """Five fields of numbers, ranges, lists and steps."""
    cron = schedule.text("cron", required=True)
    fields = cron.split()
    well_formed = len(fields) == len(_CRON_LIMITS) and all(
        _CRON_FIELD.fullmatch(field)
        and all(low <= int(n) <= high for n in re.findall(r"(?<!/)\b\d+", field))
        for field, (low, high) in zip(fields, _CRON_LIMITS, strict=True)
    )
    if cron and not well_formed:
        schedule.wrong("cron", "must be five fields: minute hour day-of-month month day-of-week")
    return cron


def _retention(root: Node, cited: _Clauses, effective_on: date) -> Retention:
    node = root.block("retention", required=True) or _empty(root, "retention")
    node.only("rawBusinessDays", "quarantineDays", "curatedUntil", "clause")
    raw = node.whole("rawBusinessDays", required=True, minimum=1) or 1
    quarantine = node.whole("quarantineDays", required=True, minimum=1) or 1
    # The shortest time that many business days can take, in calendar days.
    raw_days = raw + 2 * ((raw - 1) // _BUSINESS_WEEK_DAYS)
    if quarantine > raw_days:
        node.wrong("quarantineDays", f"must not outlive the raw file (at most {raw_days})")
    until = node.day("curatedUntil")
    if until < effective_on:
        node.wrong("curatedUntil", "lies before the agreement takes effect")
    return Retention(raw, quarantine, until, cited.clause(node))


def _terms(node: Node, cited: _Clauses) -> DatasetTerms:
    node.only(*_TERMS_KEYS)
    delivery = node.block("delivery", required=True) or _empty(node, "delivery")
    delivery.only("mode", "clause")
    reject = node.block("reject", required=True) or _empty(node, "reject")
    reject.only("thresholdPct", "clause")
    pattern = node.text("fileNamePattern", required=True)
    if pattern and (problem := pattern_problem(pattern)):
        node.wrong("fileNamePattern", problem)
    threshold = reject.number("thresholdPct", required=True, minimum=0, maximum=100)
    return DatasetTerms(
        dataset=node.name("dataset"),
        columns=node.texts("columns", required=True),
        columns_clause=cited.clause(node, "columnsClause"),
        file_name_pattern=expression_of(pattern),
        delivery=DeliveryMode(delivery.choice("mode", tuple(DeliveryMode))),
        delivery_clause=cited.clause(delivery),
        reject_threshold_pct=threshold or 0.0,
        reject_clause=cited.clause(reject),
        linkage_scope=node.text("linkageScope", required=True),
        risk_gate=_risk_gate(node, cited),
        disclosure=_disclosure(node, cited),
        treatments=_treatments(node),
        deidentification_clause=cited.clause(node, "deidentificationClause"),
    )


def _risk_gate(terms: Node, cited: _Clauses) -> RiskGate:
    node = terms.block("riskGate", required=True) or _empty(terms, "riskGate")
    node.only("minimumK", "maxUniquePct", "minimumL", "action", "clause")
    share = node.number("maxUniquePct", required=True, minimum=0, maximum=100)
    return RiskGate(
        minimum_k=node.whole("minimumK", required=True, minimum=1) or 1,
        max_unique_pct=share or 0.0,
        minimum_l=node.whole("minimumL", minimum=1),
        action=GateAction(node.choice("action", tuple(GateAction))),
        clause=cited.clause(node),
    )


def _disclosure(terms: Node, cited: _Clauses) -> DisclosureRule:
    node = terms.block("disclosure", required=True) or _empty(terms, "disclosure")
    node.only("minimumCellCount", "minimumDenominator", "dominancePct", "clause")
    dominance = node.whole("dominancePct", minimum=1)
    if dominance is not None and dominance > _ALL_PCT:
        node.wrong("dominancePct", f"must be at most {_ALL_PCT}")
    return DisclosureRule(
        minimum_cell_count=node.whole("minimumCellCount", required=True, minimum=1) or 1,
        minimum_denominator=node.whole("minimumDenominator", required=True, minimum=1) or 1,
        clause=cited.clause(node),
        dominance_pct=dominance,
    )


def _treatments(terms: Node) -> dict[str, Treatment]:
    block = terms.block("treatments")
    treatments: dict[str, Treatment] = {}
    for column, value in block.values.items() if block else ():
        treatment = parse_treatment(value, f"{terms.at('treatments')}.{column}", terms.problems)
        if treatment is not None:
            treatments[str(column)] = treatment
    return treatments
