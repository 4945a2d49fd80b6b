"""Real and famously dirty files, read as they are and held against an independent reading."""

import csv
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from enclave.errors import UnreadableSubmissionError
from enclave.findings import Severity
from governance.contracts.model import FileFormat
from tests.lib import shared_data
from tests.lib.intake import ReadBack, Row, build_contract, open_bytes, read_back

PLAIN = FileFormat(trim=False, null_values=())


def reference(path: Path, encoding: str = "utf-8-sig") -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as stream:
        return [row for row in csv.reader(stream) if row]


def trimmed(rows: list[list[str]]) -> list[Row]:
    return [tuple(cell.strip() or None for cell in row) for row in rows]


def test_accidental_drug_deaths() -> None:
    path = shared_data.folder("ct_ocme_overdose") / "Accidental_Drug_Related_Deaths_2012-2018.csv"
    header, *rows = reference(path)
    reader = open_bytes(path, build_contract(header))
    back = ReadBack(reader)
    assert back.records_read == len(back.rows) == 5_105
    assert not back.malformed
    assert back.rows == trimmed(rows)
    assert reader.dialect["byte_order_mark"] is True
    assert not [f for f in back.findings if f.severity is not Severity.NOTE]
    text = path.read_bytes().decode("utf-8-sig").splitlines(keepends=False)
    assert len(text) > 15_000  # Newlines in quotes: far more lines than records.
    assert all(
        text[back.lines[n] - 1].lstrip('"').startswith(str(back.rows[n - 1][0]))
        for n in back.records
    )


def test_groton_stops_end_lines_with_carriage_returns() -> None:
    path = shared_data.folder("ct_traffic_stops") / "groton.csv"
    header, *rows = reference(path)
    names = [name for name in header if name.strip()]
    assert (len(header), len(names)) == (51, 46)
    reader = open_bytes(path, build_contract(names))
    back = ReadBack(reader)
    assert reader.dialect["newline"] == "CR"
    assert back.records_read == len(back.rows) == 6_252
    assert back.rows == trimmed([row[:46] for row in rows])
    assert back.lines[6_252] == 6_253
    assert "intake.trailing_delimiter" in back.codes()


def test_formula_like_codes_of_the_education_department_are_data() -> None:
    folder = shared_data.folder("ct_edsight_aggregates") / "suspension-rates-district"
    path = folder / "suspension-rates__2013-14_gender.csv"
    header, *rows = reference(path)
    back = read_back(path, build_contract(header))
    assert back.rows == trimmed(rows)
    assert back.rows[0][1] == '="2880013"'


def test_title_lines_of_the_education_department_are_declared_preamble() -> None:
    folder = shared_data.folder("ct_edsight_aggregates") / "bullying-school"
    path = folder / "bullying__2012-13__ct.csv"
    contract = build_contract(
        [
            "STATE",
            "Number of students with at least 1 bullying incident",
            "Counts of Bullying Incidents",
        ],
        replace(FileFormat(), preamble_lines=4),
    )
    back = read_back(path, contract)
    assert back.rows == [("State of Connecticut", "1258", "1453")]
    assert back.lines == {1: 6}


@pytest.mark.parametrize(("name", "rows"), [("example.csv", 40), ("exampleWithBadRows.csv", 40)])
def test_snap_files(name: str, rows: int) -> None:
    folder = shared_data.folder("snap_piipan")
    header = reference(folder / "example.csv")[0]
    back = read_back(folder / name, build_contract(header), file_name=name)
    assert len(back.rows) == rows
    assert not back.malformed


def test_snap_file_without_header_shows_nobody() -> None:
    folder = shared_data.folder("snap_piipan")
    header = reference(folder / "example.csv")[0]
    path = folder / "exampleWithInvalidMissingHeader.csv"
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_back(path, build_contract(header))
    assert caught.value.findings[-1].code == "intake.header_missing"
    said = repr(caught.value.findings) + str(caught.value)
    assert not [cell for cell in reference(path)[0] if len(cell) > 3 and cell in said]


def test_hud_export_in_one_archive() -> None:
    path = shared_data.folder("hmis_hud_sample") / "fy2019_sample_hmis_export.zip"
    total = 0
    with zipfile.ZipFile(path) as archive:
        members = [n for n in archive.namelist() if n.lower().endswith(".csv")]
        for member in members:
            text = archive.read(member).decode("utf-8-sig")
            header, *rows = [row for row in csv.reader(text.splitlines(keepends=True)) if row]
            base = member.rsplit("/", 1)[-1]
            contract = build_contract(header, replace(FileFormat(), archive_member=base))
            back = read_back(path, contract, file_name="export.zip")
            assert back.rows == trimmed(rows)
            assert not back.malformed
            total += len(back.rows)
    assert len(members) == 22
    assert total == TOTAL_HUD_ROWS


TOTAL_HUD_ROWS = 142_099


RAGGED_HMIS = {
    ("loader_errors", "Client.csv"): 3,
    ("loader_errors", "Event.csv"): 1,
    ("loader_errors", "Exit.csv"): 1,
    ("validation_files", "Assessment.csv"): 1,
    ("validation_files", "AssessmentQuestions.csv"): 1,
    ("validation_files", "AssessmentResults.csv"): 1,
}


def test_hmis_fixtures_with_marks_ragged_rows_and_a_wrong_extension() -> None:
    folder = shared_data.folder("hmis_hud_sample") / "fy2024_fixtures"
    ragged: dict[tuple[str, str], int] = {}
    marks = 0
    for path in sorted(folder.glob("*/*.csv*")):
        header, *rows = reference(path)
        reader = open_bytes(path, build_contract(header), file_name=path.name)
        back = ReadBack(reader)
        assert back.records_read == len(rows)
        good = [row for row in rows if len(row) == len(header)]
        assert back.rows == trimmed(good)
        if back.malformed:
            ragged[path.parent.name, path.name] = len(back.malformed)
        marks += bool(reader.dialect["byte_order_mark"])
        assert ("intake.extension" in back.codes()) is (path.suffix == ".csvx")
    assert ragged == RAGGED_HMIS
    assert marks == 10


def spectrum() -> list[str]:
    folder = shared_data.ROOT / "dirty_csv" / "csv_spectrum" / "csvs"
    # The JSON of location_coordinates does not hold the values of its CSV.
    return sorted(p.stem for p in folder.glob("*.csv") if p.stem != "location_coordinates")


def test_csv_spectrum_quotes_in_plain_cells() -> None:
    path = shared_data.folder("dirty_csv") / "csv_spectrum" / "csvs" / "location_coordinates.csv"
    header, *rows = reference(path)
    assert read_back(path, build_contract(header, PLAIN)).rows == [tuple(r) for r in rows]


@pytest.mark.parametrize("name", spectrum())
def test_csv_spectrum(name: str) -> None:
    folder = shared_data.folder("dirty_csv") / "csv_spectrum"
    expected = json.loads((folder / "json" / f"{name}.json").read_text(encoding="utf-8"))
    header = reference(folder / "csvs" / f"{name}.csv")[0]
    contract = build_contract([h.strip() for h in header], PLAIN)
    back = read_back(folder / "csvs" / f"{name}.csv", contract)
    assert [list(row) for row in back.rows] == [list(item.values()) for item in expected]
    assert not back.malformed


NEWLINES_IN_CSVLINT = {
    "cr-line-endings": ("CR", 3),
    "crlf-line-endings": ("CRLF", 3),
    "lf-line-endings": ("LF", 3),
    "inconsistent-line-endings": ("mixed", 3),
    "inconsistent-line-endings-unquoted": ("mixed", 3),
    "windows-line-endings": ("CRLF", 2),
}


@pytest.mark.parametrize("name", sorted(NEWLINES_IN_CSVLINT))
def test_csvlint_line_breaks(name: str) -> None:
    path = shared_data.folder("dirty_csv") / "csvlint" / f"{name}.csv"
    expected = reference(path)
    width = len(expected[0])
    file = replace(PLAIN, header=False)
    reader = open_bytes(path, build_contract([f"c{i}" for i in range(width)], file))
    back = ReadBack(reader)
    assert back.rows == [tuple(row) for row in expected]
    assert (reader.dialect["newline"], len(back.rows)) == NEWLINES_IN_CSVLINT[name]


def test_csvlint_invalid_bytes_are_read_as_implied_with_a_warning() -> None:
    path = shared_data.folder("dirty_csv") / "csvlint" / "invalid-byte-sequence.csv"
    first = path.read_bytes().split(b"\n")[0].decode("cp1252").strip()
    names = [n.strip().strip('"') for n in first.split(",")]
    back = read_back(path, build_contract(names))
    assert "intake.encoding_implied" in back.codes()
    assert back.rows


def test_naughty_strings_come_back_as_they_were() -> None:
    folder = shared_data.folder("dirty_csv") / "blns"
    strings: list[str] = json.loads((folder / "blns.json").read_text(encoding="utf-8"))
    writable = [s for s in strings if "\0" not in s]
    path_text = ["text,n\r\n"]
    for n, s in enumerate(writable):
        doubled = s.replace('"', '""')
        path_text.append(f'"{doubled}",{n}\r\n')
    back = read_back("".join(path_text).encode("utf-8"), build_contract(["text", "n"], PLAIN))
    assert [row[0] for row in back.rows] == writable
    assert len(writable) > 500


POLLOCK_SILENT = {
    "row_less_sep_row12_col6.csv": "two quoted cells run together are one cell with a quote in it",
}
POLLOCK_LITERAL = "file_quotation_char_0x27.csv"
"""Doubled double quotes inside single quotes: two characters as they stand, not one."""

POLLOCK_MORE = {
    "file_header_multirow_2.csv": "a second header row is read as a record, for validation",
    "file_header_multirow_3.csv": "so are two",
    "file_multitable_same.csv": "a second table of the same width cannot be told apart",
}
POLLOCK_REFUSED = {
    "file_no_payload.csv": "intake.empty_file",
    "file_field_delimiter_0x2C_0x20.csv": "intake.column_unknown",
    "row_field_delimiter_0_0x20.csv": "intake.record_width",
}


def pollock() -> list[str]:
    folder = shared_data.ROOT / "dirty_csv" / "pollock" / "polluted_sample" / "csv"
    return sorted(path.name for path in folder.glob("*.csv"))


def read_pollock(name: str) -> tuple[ReadBack, list[Row]]:
    folder = shared_data.folder("dirty_csv") / "pollock" / "polluted_sample"
    names = json.loads((folder / "parameters" / "source.csv_parameters.json").read_text())
    facts = json.loads((folder / "parameters" / f"{name}_parameters.json").read_text())
    headless = facts["header_lines"] == 0
    file = FileFormat(null_values=(), header=not headless, preamble_lines=facts["preamble_lines"])
    clean = reference(folder / "clean" / name)
    truth = clean if headless else clean[1:]
    back = read_back(folder / "csv" / name, build_contract(names["column_names"], file))
    return back, [tuple(cell.strip() for cell in row) for row in truth]


@pytest.mark.parametrize("name", pollock())
def test_polluted_files_lose_only_their_polluted_records(name: str) -> None:
    """Each record of the clean truth is read exactly or quarantined; nothing else is read."""
    if name in POLLOCK_REFUSED:
        with pytest.raises(UnreadableSubmissionError) as caught:
            read_pollock(name)
        assert caught.value.findings[-1].code == POLLOCK_REFUSED[name]
        return
    back, truth = read_pollock(name)
    known = set(truth)
    strangers = [row for row in back.rows if row not in known]
    expected = int(name in POLLOCK_SILENT or name == POLLOCK_LITERAL)
    assert len(strangers) == expected or name in POLLOCK_MORE
    if name.startswith("row_") and name not in POLLOCK_SILENT:
        assert len(back.malformed) == 1
        assert len(back.rows) == len(truth) - 1
    elif not back.malformed and name not in POLLOCK_MORE and name not in POLLOCK_SILENT:
        assert back.rows == truth


def test_how_many_polluted_files_conform() -> None:
    outcomes = {"exact": 0, "quarantined": 0, "refused": 0, "more rows": 0, "silent": 0}
    for name in pollock():
        if name in POLLOCK_REFUSED:
            outcomes["refused"] += 1
            continue
        back, truth = read_pollock(name)
        if name in POLLOCK_MORE:
            outcomes["more rows"] += 1
        elif name in POLLOCK_SILENT:
            outcomes["silent"] += 1
        elif back.rows == truth and not back.malformed:
            outcomes["exact"] += 1
        else:
            outcomes["quarantined"] += 1
    assert outcomes == POLLOCK_OUTCOMES


POLLOCK_OUTCOMES = {"exact": 11, "quarantined": 52, "refused": 3, "more rows": 3, "silent": 1}
