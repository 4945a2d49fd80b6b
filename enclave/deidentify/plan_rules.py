"""May the columns be treated as contract and agreement say? Every rule of the plan, as denials.

Pure. Each denial cites the agreement's clause on columns or on de-identification.
"""

from collections.abc import Iterator
from typing import Final, TypeGuard

from enclave.deidentify.normalize import Normalizer, normalizer_for
from governance.agreements.model import Agreement, DatasetTerms
from governance.contracts.checks import treatment_problems
from governance.contracts.model import (
    Column,
    DatasetContract,
    LogicalType,
    Treatment,
    TreatmentKind,
)
from governance.decisions import Decision, Denial

DEFAULT_MAX_SHIFT_DAYS: Final = 365

GONE: Final = frozenset({TreatmentKind.DROP, TreatmentKind.PERSON_ID})
"""Treatments that leave no column of the same name."""

_CHECKED: Final = (
    "plan.dataset_named",
    "plan.column_covered",
    "plan.override_known",
    "plan.treatment_named",
    "plan.treatment_fits",
    "plan.person_identified",
    "plan.entity_keyed",
    "plan.something_left",
)


def decide_plan(contract: DatasetContract, terms: DatasetTerms, agreement: Agreement) -> Decision:
    """Whether the columns may be treated as contract and agreement say, with every reason."""
    denials = (
        *_dataset(contract, terms, agreement),
        *_columns(contract, terms),
        *_person(contract, terms),
        *_uses(contract, terms),
    )
    return Decision(_CHECKED, denials)


def treatment_of(column: Column, terms: DatasetTerms) -> Treatment | None:
    """The column's treatment: the agreement's word before the contract's."""
    return terms.treatments.get(column.name, column.treatment)


def _denial(rule: str, reason: str, remedy: str, clause: str, terms: DatasetTerms) -> Denial:
    fallback = terms.deidentification_clause or terms.columns_clause
    return Denial(f"plan.{rule}", reason, remedy, clause or fallback)


def _dataset(
    contract: DatasetContract, terms: DatasetTerms, agreement: Agreement
) -> Iterator[Denial]:
    if agreement.agency != contract.agency or terms.dataset != contract.dataset:
        yield _denial(
            "dataset_named",
            f"The terms of agreement {agreement.id} are not about {contract.id}.",
            "Load it under the agreement that names the dataset.",
            terms.columns_clause,
            terms,
        )


def _columns(contract: DatasetContract, terms: DatasetTerms) -> Iterator[Denial]:
    covered = set(terms.columns)
    for column in contract.columns:
        if column.name not in covered:
            yield _denial(
                "column_covered",
                f"The agreement does not cover the column {column.name}.",
                "Amend the agreement, or take the column out of the contract and the file.",
                terms.columns_clause,
                terms,
            )
        yield from _column(column, contract, terms)
    for name in sorted(set(terms.treatments) - {c.name for c in contract.columns}):
        yield _denial(
            "override_known",
            f"The agreement names a treatment for {name}, which is no column of the contract.",
            "Correct the column's name in the agreement.",
            terms.deidentification_clause,
            terms,
        )


def _column(column: Column, contract: DatasetContract, terms: DatasetTerms) -> Iterator[Denial]:
    treatment = treatment_of(column, terms)
    if treatment is None:
        yield _denial(
            "treatment_named",
            f"Neither contract nor agreement names a treatment for the column {column.name}.",
            "Name one in the contract (drop it, if it is not needed).",
            terms.deidentification_clause,
            terms,
        )
        return
    for problem in (
        *treatment_problems(treatment, column, contract),
        *_further_problems(treatment, column, contract),
    ):
        yield _denial(
            "treatment_fits",
            f"The column {column.name}: {problem}.",
            "Choose a treatment that fits in contract or agreement.",
            terms.deidentification_clause,
            terms,
        )


def _further_problems(
    treatment: Treatment, column: Column, contract: DatasetContract
) -> Iterator[str]:
    """What only the data plane can know: whether the option's value can be worked with."""
    options = treatment.options
    identified_by = contract.person.identified_by if contract.person is not None else ()
    kind = treatment.kind
    if kind is TreatmentKind.KEEP and column.name in identified_by:
        yield "it identifies the person and cannot be kept"
    for name in ("width", "max_days"):
        if name in options and not _is_whole_and_positive(options[name]):
            yield f"the option {name} must be a whole number above zero"
    integers = column.logical_type is LogicalType.INTEGER
    if kind in {TreatmentKind.ROUND, TreatmentKind.TOP_BOTTOM_CODE} and integers:
        for name in ("to", "top", "bottom"):
            if name in options and not isinstance(options[name], int):
                yield f"the option {name} must be whole, as the column is"
    if kind is TreatmentKind.TOP_BOTTOM_CODE and not {"top", "bottom", "oldest_age"} & set(options):
        yield "top_bottom_code needs a top or a bottom"
    if kind is TreatmentKind.CONSTANT and isinstance(options.get("value"), tuple):
        yield "the constant must be a single value"


def _is_whole_and_positive(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _person(contract: DatasetContract, terms: DatasetTerms) -> Iterator[Denial]:
    person = contract.person
    if person is None:
        return

    def refused(reason: str, remedy: str) -> Denial:
        return _denial("person_identified", reason, remedy, terms.deidentification_clause, terms)

    names = {c.name for c in contract.columns}
    landed = {
        c.name
        for c in contract.columns
        if (t := treatment_of(c, terms)) is not None and t.kind not in GONE
    }
    if not person.identified_by:
        yield refused("The person key names no identifying column.", "Name them in the contract.")
    for name in person.identified_by:
        if name not in names:
            yield refused(
                f"The person key names {name}, which is no column.", "Correct the contract."
            )
            continue
        treatment = treatment_of(contract.column(name), terms)
        try:
            normalizer_for(
                contract.column(name), person.domain, treatment.options if treatment else {}
            )
        except ValueError:
            yield refused(
                f"The column {name} asks for a normalization that does not exist.",
                f"Use one of: {', '.join(Normalizer)}.",
            )
    if person.column in landed:
        yield refused(
            f"The id column {person.column} has the name of another column that lands.",
            "Rename it in the contract.",
        )
    yield from _one_shift(contract, terms)


def _one_shift(contract: DatasetContract, terms: DatasetTerms) -> Iterator[Denial]:
    """All dates of one person shift alike, so all columns shift within the same bounds."""
    bounds = {
        treatment.options.get("max_days", DEFAULT_MAX_SHIFT_DAYS)
        for column in contract.columns
        if (treatment := treatment_of(column, terms)) is not None
        and treatment.kind is TreatmentKind.DATE_SHIFT
    }
    if len(bounds) > 1:
        yield _denial(
            "treatment_fits",
            "The shifted dates name different max_days, and one person's dates must shift alike.",
            "Give them the same max_days.",
            terms.deidentification_clause,
            terms,
        )


def _uses(contract: DatasetContract, terms: DatasetTerms) -> Iterator[Denial]:
    treatments = {c.name: treatment_of(c, terms) for c in contract.columns}
    for name in contract.entity_keys:
        treatment = treatments.get(name)
        if treatment is None or treatment.kind is not TreatmentKind.ENTITY_ID:
            yield _denial(
                "entity_keyed",
                f"The entity key {name} is not treated entity_id.",
                "Treat it entity_id, or take it out of the entity keys.",
                terms.deidentification_clause,
                terms,
            )
    left = [t for t in treatments.values() if t is not None and t.kind not in GONE]
    if not left:
        yield _denial(
            "something_left",
            "Nothing would be left of a row.",
            "Keep or generalize at least one column.",
            terms.deidentification_clause,
            terms,
        )
