"""Bounds of the intake: what a file may cost before it is refused."""

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """What a submission may ask of the machine; past any of these it is refused with a finding.

    Attributes:
        max_uncompressed_bytes: Of the data inside an archive or a compressed file.
        max_expansion_ratio: Uncompressed over compressed bytes, judged after the first 64 MiB.
        max_archive_members: Entries of a zip's directory.
        max_columns: Header cells, or keys of a JSON object.
        max_cell_bytes: One cell, in UTF-8.
        max_record_bytes: One record, line breaks in quotes included.
        max_header_bytes: Preamble and header record together.
        max_resident_bytes: What cannot stream (a workbook, Parquet inside an archive) may hold.
        max_workbook_cells: Cells of the sheet read from a workbook.
        max_workbook_bytes: Uncompressed parts of a workbook together.
        max_workbook_part_bytes: A part that is read whole (shared strings, styles).
    """

    max_uncompressed_bytes: int = 64 * GIB
    max_expansion_ratio: float = 200.0
    max_archive_members: int = 1_000
    max_columns: int = 2_000
    max_cell_bytes: int = 8 * MIB
    max_record_bytes: int = 32 * MIB
    max_header_bytes: int = 4 * MIB
    max_resident_bytes: int = 256 * MIB
    max_workbook_cells: int = 20_000_000
    max_workbook_bytes: int = 512 * MIB
    max_workbook_part_bytes: int = 64 * MIB
