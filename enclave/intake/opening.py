"""Opens a submission: container, format by its first bytes, and the reader for it."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from enclave.findings import Finding
from enclave.intake.archives import ZipSource, choose_member, is_workbook, open_archive
from enclave.intake.delimited import DelimitedReader
from enclave.intake.excel import ExcelReader
from enclave.intake.fixed_width import FixedWidthReader
from enclave.intake.json_lines import JSONLinesReader
from enclave.intake.limits import IntakeLimits
from enclave.intake.magic import EXTENSIONS, HEAD_BYTES, KINDS, Shape, recognize
from enclave.intake.parquet import ParquetReader
from enclave.intake.reader import SubmissionReader
from enclave.intake.refusals import refuse, warn
from enclave.intake.sources import GzipSource, PlainSource, Source
from governance.contracts.model import DatasetContract, FileKind

DEFAULT_LIMITS = IntakeLimits()

READERS: dict[FileKind, Callable[[Source, DatasetContract, IntakeLimits], SubmissionReader]] = {
    FileKind.DELIMITED: DelimitedReader,
    FileKind.FIXED_WIDTH: FixedWidthReader,
    FileKind.EXCEL: ExcelReader,
    FileKind.PARQUET: ParquetReader,
    FileKind.JSON_LINES: JSONLinesReader,
}

COMPRESSED = {"gz": Shape.GZIP, "gzip": Shape.GZIP, "zip": Shape.ZIP}


def find_source(
    stream: BinaryIO, member_pattern: str | None, limits: IntakeLimits
) -> tuple[Source, Shape, Shape | None]:
    """Look through gzip and zip.

    Returns:
        Where the data's bytes come from, what they look like, and the container or None.

    Raises:
        UnreadableSubmissionError: An unsafe, damaged or nested archive, or an empty file.
    """
    stream.seek(0)
    shape = recognize(stream.read(HEAD_BYTES))
    source: Source = PlainSource(stream)
    container: Shape | None = None
    if shape is Shape.GZIP:
        container = shape
        source = GzipSource(stream, limits)
    elif shape is Shape.ZIP:
        archive = open_archive(stream, limits)
        if is_workbook(archive):
            return source, Shape.WORKBOOK, None
        container = shape
        source = ZipSource(archive, choose_member(archive, member_pattern), limits)
    if container is None:
        return source, shape, None
    shape = recognize(source.open().read(HEAD_BYTES))
    if shape is Shape.ZIP:
        shape = _look_into_zip(source, limits)
    if shape in {Shape.GZIP, Shape.ZIP, Shape.OTHER_ARCHIVE}:
        raise refuse(
            "intake.archive_nested",
            f"Inside {container.value} lies {shape.value}.",
            remedy="Pack the file once.",
        )
    return source, shape, container


def _look_into_zip(source: Source, limits: IntakeLimits) -> Shape:
    """Whether a zip inside an archive is a workbook."""
    from enclave.intake.sources import hold_in_memory  # noqa: PLC0415  rare path

    archive = open_archive(hold_in_memory(source, limits), limits)
    return Shape.WORKBOOK if is_workbook(archive) else Shape.ZIP


def _check_shape(shape: Shape, kind: FileKind) -> None:
    """Refuse a file that is not of the contract's kind.

    Raises:
        UnreadableSubmissionError: Empty, or another format.
    """
    if shape is Shape.EMPTY:
        raise refuse(
            "intake.empty_file",
            "The file is empty.",
            remedy="Send it again; an agreed empty delivery still needs its header.",
        )
    expected, allowed = KINDS[kind]
    if shape not in allowed:
        raise refuse(
            "intake.wrong_format",
            f"The contract declares {expected}; the file is {shape.value}.",
            remedy=f"Send {expected}.",
        )


def _check_extension(file_name: str, kind: FileKind, container: Shape | None) -> list[Finding]:
    """Warn when the name's extension says something else than the bytes; never show the name."""
    parts = file_name.lower().rsplit("/", 1)[-1].split(".")
    extensions = parts[1:][-2:]
    named = COMPRESSED.get(extensions[-1]) if extensions else None
    if named is not container and (named or container):
        really = container.value if container else "not compressed"
        return [
            warn(
                "intake.extension",
                f"The file's name says otherwise, but it is {really}.",
                remedy="Name files by what they are.",
            )
        ]
    last = extensions[-2] if named and len(extensions) > 1 else ""
    last = last if named else (extensions[-1] if extensions else "")
    if container is Shape.ZIP or last in EXTENSIONS[kind]:
        return []
    if not any(last in known for known in EXTENSIONS.values()):
        if kind is FileKind.FIXED_WIDTH:
            return []  # Mainframe data sets are named by rules of their own.
        message = "The file's extension is not one of its format."
    else:
        message = f"The file's name ends in .{last}; its content is {KINDS[kind][0]}."
    return [warn("intake.extension", message, remedy="Name files by what they are.")]


def open_submission(
    stream: BinaryIO,
    *,
    file_name: str,
    contract: DatasetContract,
    limits: IntakeLimits = DEFAULT_LIMITS,
    spill: Path | None = None,  # noqa: ARG001  nothing of the intake is written to disk
) -> SubmissionReader:
    """Open a submission for one or more streaming passes.

    Args:
        stream: Seekable; stays open and is the caller's to close.
        file_name: As landed; only its extension is looked at, and never shown.
        contract: What the agency promised.
        limits: What the file may cost.
        spill: Unused: nothing of the intake is written to disk.

    Raises:
        UnreadableSubmissionError: With findings that say why.
    """
    file = contract.file
    source, shape, container = find_source(stream, file.archive_member, limits)
    _check_shape(shape, file.kind)
    reader = READERS[file.kind](source, contract, limits)
    for finding in _check_extension(file_name, file.kind, container):
        reader.add_finding(finding)
    return reader
