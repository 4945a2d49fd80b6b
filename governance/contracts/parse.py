"""Parse one contract, load a folder of them, and check them against each other."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from governance.contracts.codes import default_code_lists
from governance.contracts.model import DatasetContract, Rule, RuleKind
from governance.contracts.reading import parse_contract
from governance.contracts.writing import contract_document
from governance.documents import read_files
from governance.errors import ContractError

__all__ = [
    "check_contracts",
    "code_lists_beside",
    "contract_document",
    "dangling_references",
    "load_contracts",
    "parse_contract",
    "standard_problems",
]


def load_contracts(folder: Path, *, code_lists: Path | None = None) -> dict[str, DatasetContract]:
    """Contracts under `folder` (`<agency>/<dataset>.yaml`), by `agency/dataset`.

    Args:
        folder: E.g. `schemas/datasets`.
        code_lists: Folder of the code lists; None for `codes` beside `folder`, else the product's.

    Raises:
        ContractError: A document has mistakes; `problems` lists those of every document.
    """
    contracts, problems = _load(_documents([folder]), code_lists or code_lists_beside(folder))
    if problems:
        raise ContractError.counted("The contracts have", *problems)
    return contracts


def check_contracts(paths: Iterable[Path], *, code_lists: Path | None = None) -> list[str]:
    """Every mistake in these documents or folders of documents, also between them.

    Slower than loading: each document is also held against the public standard's model and the
    JSON Schema of our extensions.
    """
    documents = _documents(paths)
    contracts, problems = _load(documents, code_lists or default_code_lists())
    for path in documents:
        problems += [f"{path.name}: {problem}" for problem in standard_problems(path.read_bytes())]
    problems += dangling_references(contracts)
    return list(dict.fromkeys(problems))


def code_lists_beside(folder: Path) -> Path:
    """`codes` beside the folder of contracts when it is there, else the product's own."""
    beside = folder.parent / "codes"
    return beside if beside.is_dir() else default_code_lists()


def standard_problems(document: bytes) -> list[str]:
    """What the public standard's model and our extensions' JSON Schema find wrong."""
    from governance.contracts.standard import standard_problems as find  # noqa: PLC0415  slow imports

    return find(document)


def dangling_references(contracts: Mapping[str, DatasetContract]) -> list[str]:
    """References to a dataset or column that no loaded contract describes."""
    problems = []
    for contract in contracts.values():
        for rule in contract.rules:
            if rule.kind is RuleKind.REFERENCE:
                problems += [
                    f"{contract.id}: quality {rule.name}: {m}" for m in _dangling(rule, contracts)
                ]
    return problems


def _dangling(rule: Rule, contracts: Mapping[str, DatasetContract]) -> list[str]:
    target = contracts.get(str(rule.options["to_dataset"]))
    if target is None:
        return [f"there is no contract {rule.options['to_dataset']}"]
    known = {c.name for c in target.columns}
    if target.person is not None:
        known.add(target.person.column)
    wanted = rule.options["to_columns"]
    names = wanted if isinstance(wanted, tuple) else ()
    return [f"{target.id} has no column {name!r}" for name in names if name not in known]


def _documents(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return found


def _load(paths: list[Path], code_lists: Path) -> tuple[dict[str, DatasetContract], list[str]]:
    return read_files(paths, partial(parse_contract, code_lists=code_lists), taken="describes")
