"""A question's way to its answer: judge, plan, run, control, release.

Order of steps:

1. The chain of the grant is judged for this person today (`governance.grants.decide_access`).
2. The SQL is bound to the grant; every reason against it is gathered, with those of step 1.
3. The plan runs over the pinned snapshot, with the grant's row filter and years inside.
4. A row without the key of who is counted refuses the answer: it could not be judged.
5. Disclosure control by the strictest rule that applies, within its own time.
6. Everything is judged again by what is published now (`enclave.query.watching`), as it is while
   steps 3 and 5 run.
7. The answer, with its receipt.

The caller writes the ledger entry (`query:answered`, `query:denied`) and only then prints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlglot import exp

from enclave.disclosure import CombinedRule, Rule, combine_rules, control_table
from enclave.evidence import ReleasedAnswer, Snapshot
from enclave.query.assembling import Assembled, assemble
from enclave.query.binding import Scope
from enclave.query.conditions import Value
from enclave.query.guard import bind_query, parse_select, table_of
from enclave.query.model import BoundQuery, QueryPlan, QueryRunner
from enclave.query.refusals import Refusals
from enclave.query.rewrite import rewrite
from enclave.query.showing import show
from enclave.query.watching import ControlDeadline, Unwatched, Watch
from governance.agreements.model import DisclosureRule
from governance.canonical import canonical_json
from governance.contracts.model import DatasetContract
from governance.decisions import AccessDeniedError, Decision, Denial, check_permitted
from governance.digests import sha256_of
from governance.grants import GrantedDataset, VerifiedBundle, decide_access, decide_dataset

NOTICE: Final = (
    "This build is for demonstration data: until the ledger of released cells exists, several "
    "related queries can together reveal what each of them hides."
)
ALL_LISTED: Final = "every value, also where nobody is"
ONLY_OBSERVED: Final = "observed values only"
"""Which groups an answer lists; see `groups` of the receipt."""

_WHO_IS_COUNTED: Final = "who_is_counted.null_key"


CONTROL_SECONDS: Final = 20.0
"""Time disclosure control may take."""
_UNWATCHED: Final = Unwatched()


@dataclass(frozen=True, slots=True)
class Judged:
    """A question judged by a grant, before anything runs.

    Attributes:
        decision: Every reason against it.
        meaning: Digest of what would run and by which rule its answer would be protected; empty
            when it is refused.
    """

    decision: Decision
    meaning: str = ""


@dataclass(frozen=True)
class _Bound:
    """A permitted question and what it is asked of."""

    query: BoundQuery
    scope: Scope
    snapshot: Snapshot


def answer(
    sql: str,
    *,
    bundle: VerifiedBundle,
    person_id: str,
    contracts: Mapping[str, DatasetContract],
    rules: Mapping[str, DisclosureRule],
    snapshots: Mapping[str, Snapshot],
    runner: QueryRunner,
    today: date,
    tie_key: bytes,
    categories: Mapping[str, Mapping[str, Sequence[Value]]] | None = None,
    totals: bool = False,
    watch: Watch = _UNWATCHED,
    control_seconds: float = CONTROL_SECONDS,
) -> ReleasedAnswer:
    """Answer a researcher's question, or refuse it with every reason.

    Args:
        sql: What was typed.
        bundle: The project's grant, verified just now.
        person_id: Who asks, from the signed people mapping.
        contracts: By `agency/dataset`.
        rules: Disclosure rule of each dataset's agreement, by `agency/dataset`.
        snapshots: Newest snapshot of each landed dataset, by `agency/dataset`.
        runner: Runs the plan.
        today: Legal date (America/New_York).
        tie_key: 32 secret bytes that decide between equals in suppression.
        categories: By `agency/dataset` and landed column, every value it can have; of a column
            that is not in it, a code list of the contract, or the values observed.
        totals: Whether to show totals too.
        watch: Told while it runs, and before the answer leaves.
        control_seconds: Time disclosure control may take.

    Returns:
        What may be printed.

    Raises:
        AccessDeniedError: Refused; the decision holds every reason, clause and remedy.
        QueryStoppedError: The grant was taken back or changed while it ran.
        QueryError: Out of time or memory.
        ConfigurationError: The dataset has no disclosure rule.
    """
    access = decide_access(bundle, person_id, today)  # step 1
    decision, bound = _bind(  # step 2
        sql,
        bundle=bundle,
        person_id=person_id,
        contracts=contracts,
        snapshots=snapshots,
        runner=runner,
    )
    check_permitted(access & decision)
    if bound is None:
        raise AccessDeniedError(Decision(()))
    query, scope = bound.query, bound.scope
    counted = scope.counted(query.axes)
    rewritten = rewrite(query, counted, bound.snapshot, scope.kinds, totals=totals)
    results = runner.run(rewritten.plan)  # step 3
    known = (categories or {}).get(scope.contract.id, {})
    codes = {n: tuple(known[n]) if n in known else scope.codes(n) for n in query.axes}
    assembled = assemble(query, rewritten, results, codes, scope.kinds)
    _check_keyed(assembled, scope)  # step 4
    combined = _combine(bundle, scope.contract.id, rules)
    deadline = ControlDeadline(control_seconds, watch)
    table = replace(assembled.table, pulse=deadline.check)
    controlled = control_table(table, combined.rule, tie_key)  # step 5
    shown = show(query, assembled, controlled, combined.rule, totals=totals)
    watch.finish()  # step 6
    receipt = {
        **_receipt(bundle, bound, combined, today),
        "statement_sha256": _digest(rewritten.plan),
        "groups": {
            axis.name: ALL_LISTED if axis.listed else ONLY_OBSERVED for axis in assembled.axes
        },
        "cells": shown.cells,
        "suppressed": dict(shown.suppressed),
    }
    columns = tuple(output.name for output in query.outputs)
    return ReleasedAnswer(columns, shown.rows, shown.hidden, receipt)


def judge(
    sql: str,
    *,
    bundle: VerifiedBundle,
    person_id: str,
    contracts: Mapping[str, DatasetContract],
    rules: Mapping[str, DisclosureRule],
    snapshots: Mapping[str, Snapshot],
    runner: QueryRunner,
    today: date,
    totals: bool = False,
) -> Judged:
    """Steps 1 and 2 alone: whether the question may be asked, and what it means.

    Arguments are those of `answer`. Two judgements of one meaning would give the same answer.

    Raises:
        ConfigurationError: The dataset has no disclosure rule.
    """
    access = decide_access(bundle, person_id, today)
    decision, bound = _bind(
        sql,
        bundle=bundle,
        person_id=person_id,
        contracts=contracts,
        snapshots=snapshots,
        runner=runner,
    )
    decision = access & decision
    if bound is None or not decision.permitted:
        return Judged(decision)
    query, scope = bound.query, bound.scope
    counted = scope.counted(query.axes)
    plan = rewrite(query, counted, bound.snapshot, scope.kinds, totals=totals).plan
    rule = _combine(bundle, scope.contract.id, rules).rule
    return Judged(decision, sha256_of(canonical_json([_digest(plan), repr(rule)])))


def _bind(
    sql: str,
    *,
    bundle: VerifiedBundle,
    person_id: str,
    contracts: Mapping[str, DatasetContract],
    snapshots: Mapping[str, Snapshot],
    runner: QueryRunner,
) -> tuple[Decision, _Bound | None]:
    """Step 2: the decision on the SQL, and the bound question when it permits."""
    refusals = Refusals(bundle.bundle.output.clause)
    select = parse_select(sql, refusals)
    if select is None:
        return refusals.decision(), None
    found = _find_dataset(select, bundle, contracts, refusals)
    if found is None:
        return refusals.decision(), None
    terms, contract, qualifiers = found
    of_person = decide_dataset(bundle, terms, person_id)
    snapshot = snapshots.get(contract.id)
    if snapshot is None:
        refusals.add(
            "dataset.landed",
            f"No data of {contract.id} has landed yet.",
            "Ask again when the agency has delivered.",
        )
        return of_person & refusals.decision(), None
    scope = Scope(
        contract,
        terms,
        runner.kinds(snapshot),
        qualifiers,
        bundle.bundle.forbidden_combinations,
    )
    judged = bind_query(select, scope, refusals)
    bound = None if judged.query is None else _Bound(judged.query, scope, snapshot)
    return of_person & judged.decision, bound


def _find_dataset(
    select: exp.Select,
    bundle: VerifiedBundle,
    contracts: Mapping[str, DatasetContract],
    refusals: Refusals,
) -> tuple[GrantedDataset, DatasetContract, frozenset[str]] | None:
    """The granted dataset a SELECT names: `dataset`, `agency.dataset` or the curated table."""
    named = table_of(select, refusals)
    if named is None:
        return None
    name, qualifiers = named
    granted = [d for d in bundle.bundle.datasets if d.dataset in contracts]
    matches = [
        d
        for d in granted
        if name
        in {
            d.dataset.replace("/", "."),
            d.dataset.partition("/")[2],
            contracts[d.dataset].table,
        }
    ]
    if len(matches) == 1:
        return matches[0], contracts[matches[0].dataset], qualifiers
    known = ", ".join(d.dataset.replace("/", ".") for d in granted) or "none"
    refusals.add(
        "dataset.granted",
        "The query names a dataset that several agencies have."
        if matches
        else f"The query names a dataset that is not granted to {bundle.bundle.project}.",
        f"Use one of: {known}; or ask for an amendment.",
        f"grant of {bundle.bundle.project}, datasets",
    )
    return None


def _digest(plan: QueryPlan) -> str:
    """Digest of what ran, statements and parameters."""
    statements = (*(statement for _, statement in plan.tables), *plan.statements)
    return sha256_of(canonical_json([[s.sql, [str(p) for p in s.parameters]] for s in statements]))


def _check_keyed(assembled: Assembled, scope: Scope) -> None:
    """Step 4.

    Raises:
        AccessDeniedError: Some rows do not say who they are about.
    """
    if assembled.unkeyed_rows:
        denial = Denial(
            _WHO_IS_COUNTED,
            f"Some rows of {scope.contract.id} do not say whom they count, so small cells cannot "
            "be told.",
            "The operator corrects the table; then ask again.",
            scope.terms.clause,
        )
        raise AccessDeniedError(Decision((_WHO_IS_COUNTED,), (denial,)))


def _combine(
    bundle: VerifiedBundle, dataset: str, rules: Mapping[str, DisclosureRule]
) -> CombinedRule:
    """The strictest of the grant's output rule and the dataset's own."""
    own = rules.get(dataset)
    if own is None:
        return combine_rules(())
    output = bundle.bundle.output
    of_dataset = Rule(
        own.minimum_cell_count,
        own.minimum_denominator,
        own.dominance_pct,
        source=dataset,
        clause=own.clause,
    )
    of_grant = Rule(
        output.minimum_cell_count,
        output.minimum_denominator,
        output.dominance_pct,
        output.rounding_base,
        source=f"grant of {bundle.bundle.project}",
        clause=output.clause,
    )
    return combine_rules((of_dataset, of_grant))


def _receipt(
    bundle: VerifiedBundle, bound: _Bound, combined: CombinedRule, today: date
) -> dict[str, object]:
    snapshot = bound.snapshot
    rules: Sequence[dict[str, object]] = [
        {"rule": a.rule, "value": a.value, "of": a.source, "clause": a.clause}
        for a in combined.applied
    ]
    return {
        "project": bundle.bundle.project,
        "bundle_version": bundle.bundle.version,
        "bundle_sha256": bundle.digest,
        "answered_on": today.isoformat(),
        "snapshots": [
            {
                "dataset": bound.scope.contract.id,
                "table": snapshot.table,
                "version": snapshot.version,
                "contract_version": snapshot.contract_version,
                "plan_hash": snapshot.plan_hash,
            }
        ],
        "rules": rules,
        "notice": NOTICE,
    }
