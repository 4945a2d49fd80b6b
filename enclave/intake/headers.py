"""Matches a file's header to the contract, naming unknown cells by their position only."""

from collections.abc import Sequence
from dataclasses import dataclass

from enclave.findings import Finding
from enclave.intake.refusals import note, refuse, warn
from governance.contracts.model import Column, DatasetContract

POSITIONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the contract's columns stand in the file.

    Attributes:
        positions: Per contract column its 0-based position in the file; None: not in the file.
        width: Cells of a record.
        void: Positions that must be empty (a trailing delimiter).
        findings: What was decided.
    """

    positions: tuple[int | None, ...]
    width: int
    void: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def has_unread(self) -> bool:
        """Whether the file has columns that nobody reads."""
        return len({p for p in self.positions if p is not None} | set(self.void)) < self.width


def needs_column(contract: DatasetContract, column: Column) -> bool:
    """Whether a file without the column cannot be used: required, a key, or who the person is."""
    identity = contract.person.identified_by if contract.person else ()
    return column.required or column.name in contract.key or column.name in identity


def tidy_header_cell(cell: str) -> str:
    """The cell without outer blanks and byte-order mark."""
    return cell.strip().removeprefix("\ufeff").strip()


def say_positions(positions: Sequence[int]) -> str:
    """1-based positions, at most twenty of them."""
    shown = ", ".join(str(p + 1) for p in positions[:POSITIONS_SHOWN])
    return f"{shown}, …" if len(positions) > POSITIONS_SHOWN else shown


def count_matches(cells: Sequence[str], contract: DatasetContract) -> int:
    """How many contract columns a header row names, letter case aside."""
    names = {tidy_header_cell(cell).casefold() for cell in cells}
    return sum(column.source_name.strip().casefold() in names for column in contract.columns)


def _find_columns(
    cells: Sequence[str], contract: DatasetContract
) -> tuple[list[int | None], set[int], list[Finding]]:
    """Positions per contract column, positions taken, and notes on spelling."""
    exact: dict[str, list[int]] = {}
    folded: dict[str, list[int]] = {}
    for position, cell in enumerate(cells):
        exact.setdefault(cell, []).append(position)
        folded.setdefault(cell.casefold(), []).append(position)
    positions: list[int | None] = []
    findings: list[Finding] = []
    shared_spelling = {c.source_name.strip().casefold() for c in contract.columns}
    ambiguous = len(shared_spelling) < len(contract.columns)
    for column in contract.columns:
        wanted = column.source_name.strip()
        found = exact.get(wanted, [])
        if not found and not ambiguous:
            found = folded.get(wanted.casefold(), [])
            if len(found) == 1:
                message = f"The header spells {column.name} with other letter case."
                findings.append(note("intake.header_spelling", message, column=column.name))
        if len(found) > 1:
            raise refuse(
                "intake.header_duplicate",
                f"The header names {column.name} more than once (columns {say_positions(found)}).",
                remedy="Send each column once.",
                column=column.name,
            )
        positions.append(found[0] if found else None)
    return positions, {p for p in positions if p is not None}, findings


def _refuse_missing(contract: DatasetContract, positions: Sequence[int | None]) -> None:
    """Refuse when a column the contract cannot do without is not in the file."""
    missing = [
        column
        for column, position in zip(contract.columns, positions, strict=True)
        if position is None and needs_column(contract, column)
    ]
    if not missing:
        return
    earlier: list[Finding] = []
    for column in missing:
        error = refuse(
            "intake.column_missing",
            f"The contract's column {column.name} is not in the file.",
            remedy="Send the column under its name in the contract, or agree on a new contract.",
            column=column.name,
            findings=earlier,
        )
        earlier = list(error.findings)
    names = ", ".join(column.name for column in missing)
    raise refuse(
        "intake.columns_missing",
        f"{len(missing)} columns of the contract are not in the file: {names}.",
        remedy="Compare the header with the contract.",
        findings=earlier,
    )


def match_header(
    header: Sequence[str], contract: DatasetContract, *, void: Sequence[int] = ()
) -> Layout:
    """Find the contract's columns in a header row.

    Args:
        header: Cells of the header row.
        contract: Whose `source_name`s are looked for.
        void: Positions without a name whose cells were seen to be empty (trailing delimiter).

    Raises:
        UnreadableSubmissionError: No cell matches (the row is data), a needed column is missing,
            a column comes twice, or the file has columns the contract does not know.
    """
    cells = [tidy_header_cell(cell) for cell in header]
    positions, taken, found = _find_columns(cells, contract)
    if not taken:
        raise refuse(
            "intake.header_missing",
            f"None of the {len(cells)} cells of the first record is a column of the contract "
            f"({len(contract.columns)} columns): the file has no header, or another file was sent.",
            remedy="Send the file with its header row, or declare preamble lines in the contract.",
        )
    _refuse_missing(contract, positions)
    findings = found
    unknown = [p for p in range(len(cells)) if p not in taken and p not in void]
    if unknown and not contract.file.ignore_extra_columns:
        raise refuse(
            "intake.column_unknown",
            f"{len(unknown)} columns of the file are not in the contract: "
            f"columns {say_positions(unknown)}.",
            remedy="Leave them out, or have contract and agreement cover them.",
            findings=findings,
        )
    if unknown:
        findings.append(
            warn(
                "intake.column_ignored",
                f"{len(unknown)} columns of the file are not in the contract and were not read: "
                f"columns {say_positions(unknown)}.",
                remedy="Leave them out of the next delivery.",
            )
        )
    findings += [
        warn(
            "intake.column_absent",
            f"The contract's column {column.name} is not in the file; its values are missing.",
            remedy="Send the column, empty where nothing is known.",
            column=column.name,
        )
        for column, position in zip(contract.columns, positions, strict=True)
        if position is None
    ]
    present = [p for p in positions if p is not None]
    if present != sorted(present):
        findings.append(
            note("intake.column_order", "The columns come in another order than in the contract.")
        )
    if void:
        findings.append(
            note(
                "intake.trailing_delimiter",
                f"Records end with a delimiter; columns {say_positions(list(void))} have no name "
                "and must be empty.",
            )
        )
    width = max(len(cells), *(p + 1 for p in void)) if void else len(cells)
    return Layout(tuple(positions), width, tuple(void), tuple(findings))


def match_positions(contract: DatasetContract, width: int) -> Layout:
    """The layout of a file declared to have no header: the contract's columns in order.

    Raises:
        UnreadableSubmissionError: The first record has another number of cells.
    """
    if width != len(contract.columns):
        raise refuse(
            "intake.column_count",
            f"Records have {width} cells; the contract has {len(contract.columns)} columns.",
            remedy="Send the columns of the contract, in its order.",
        )
    return Layout(tuple(range(width)), width)
