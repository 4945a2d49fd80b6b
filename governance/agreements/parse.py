"""Parse one agreement, load a folder of them, and hold agreements against the contracts."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from governance.agreements.model import Agreement, DatasetTerms
from governance.agreements.reading import parse_agreement
from governance.contracts.checks import treatment_problems
from governance.contracts.model import DatasetContract, RuleKind
from governance.documents import (
    Problems,
    add_schema_problems,
    read_document,
    read_files,
    read_schema,
)
from governance.errors import AgreementError

__all__ = [
    "agreement_schema",
    "check_agreement",
    "check_agreements",
    "load_agreements",
    "parse_agreement",
    "schema_problems",
]


def load_agreements(folder: Path) -> dict[str, Agreement]:
    """Agreements under `folder`, by id, in file-name order.

    Raises:
        AgreementError: A document has mistakes, or two carry the same id; `problems` lists all.
    """
    agreements, problems = _load(sorted(folder.rglob("*.yaml")))
    if problems:
        raise AgreementError.counted("The agreements have", *problems)
    return agreements


def check_agreements(paths: Iterable[Path], contracts: Mapping[str, DatasetContract]) -> list[str]:
    """Every mistake in these documents or folders, by themselves and against the contracts."""
    documents: list[Path] = []
    for path in paths:
        documents += sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    agreements, problems = _load(documents)
    for path in documents:
        problems += [f"{path.name}: {problem}" for problem in schema_problems(path.read_bytes())]
    for agreement in agreements.values():
        problems += [f"{agreement.id}: {p}" for p in check_agreement(agreement, contracts)]
    return list(dict.fromkeys(problems))


def check_agreement(agreement: Agreement, contracts: Mapping[str, DatasetContract]) -> list[str]:
    """What contradicts the contracts: datasets, columns, treatments, references and their order."""
    problems: list[str] = []
    loaded: set[str] = set()
    for terms in agreement.datasets:
        contract = contracts.get(f"{agreement.agency}/{terms.dataset}")
        path = f"datasets.{terms.dataset}"
        if contract is None:
            problems.append(f"{path}: there is no contract {agreement.agency}/{terms.dataset}")
            continue
        problems += [f"{path}{problem}" for problem in _term_problems(terms, contract)]
        own = {f"{agreement.agency}/{t.dataset}" for t in agreement.datasets}
        for rule in contract.rules:
            target = str(rule.options.get("to_dataset"))
            if rule.kind is RuleKind.REFERENCE and target in own - loaded - {contract.id}:
                problems.append(f"{path}: refers to {target}, which is loaded only after it")
        loaded.add(contract.id)
    return problems


def _term_problems(terms: DatasetTerms, contract: DatasetContract) -> list[str]:
    known = {c.name: c for c in contract.columns}
    problems = [
        f".columns: {name!r} is no column of {contract.id}"
        for name in terms.columns
        if name not in known
    ]
    covered = set(terms.columns)
    needed = [*contract.key, *(contract.person.identified_by if contract.person else ())]
    problems += [
        f".columns: {name} is not covered, and the row's key or person needs it"
        for name in dict.fromkeys(needed)
        if name not in covered
    ]
    for name, treatment in terms.treatments.items():
        column = known.get(name)
        if column is None:
            problems.append(f".treatments.{name}: is no column of {contract.id}")
            continue
        problems += [
            f".treatments.{name}: {message}"
            for message in treatment_problems(treatment, column, contract)
        ]
    return problems


def agreement_schema() -> dict[str, Any]:
    """The JSON Schema of an agreement."""
    return read_schema("agreement")


def schema_problems(document: bytes) -> list[str]:
    """What the JSON Schema finds wrong with the document."""
    problems = Problems()
    content = read_document(document, problems)
    if content is not None:
        add_schema_problems(content, agreement_schema(), problems)
    return problems.found


def _load(paths: list[Path]) -> tuple[dict[str, Agreement], list[str]]:
    return read_files(paths, parse_agreement, taken="has the id")
