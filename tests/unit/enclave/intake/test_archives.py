"""Compressed files, archives, wrong formats, and what they may cost."""

import gzip
import io
import stat
import zipfile
import zlib
from dataclasses import replace

import pytest

from enclave.errors import UnreadableSubmissionError
from enclave.intake import IntakeLimits
from governance.contracts.model import FileFormat, FileKind
from tests.lib.intake import build_contract, read_back

TWO = build_contract(["Name", "Town"])
CSV = b"Name,Town\nA,B\nC,D\n"
ROWS = [("A", "B"), ("C", "D")]
MIB = 1 << 20


def pack(members: dict[str, bytes], **info: object) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for key, value in info.items():
                setattr(entry, key, value)
            archive.writestr(entry, data)
    return out.getvalue()


def code_of(data: bytes, contract: object = TWO, **options: object) -> str:
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_back(data, contract, **options)  # type: ignore[arg-type]
    return caught.value.findings[-1].code


def test_gzip_of_one_or_more_members() -> None:
    assert read_back(gzip.compress(CSV), TWO, file_name="x.csv.gz").rows == ROWS
    two = gzip.compress(CSV[:5]) + gzip.compress(CSV[5:]) + b"\0" * 20
    assert read_back(two, TWO, file_name="x.csv.gz").rows == ROWS


def test_gzip_cut_off_or_damaged() -> None:
    packed = gzip.compress(CSV * 1_000)
    assert code_of(packed[:-20]) == "intake.archive_damaged"
    broken = bytearray(packed)
    broken[30] ^= 0xFF
    assert code_of(bytes(broken)) == "intake.archive_damaged"


def test_gzip_bomb_is_refused() -> None:
    body = b"Name,Town\n" + (b"A" * 1_000 + b",B\n") * 80_000
    assert code_of(gzip.compress(body)) == "intake.expansion"


def test_more_than_the_declared_size_is_refused() -> None:
    limits = IntakeLimits(max_uncompressed_bytes=1_000)
    data = b"Name,Town\n" + b"Anna,Groton\n" * 1_000
    assert code_of(gzip.compress(data), limits=limits) == "intake.expansion"
    assert code_of(pack({"a.csv": data}), limits=limits) == "intake.expansion"


def test_zip_with_the_only_file_or_the_contracts_member() -> None:
    assert read_back(pack({"x/a.csv": CSV}), TWO, file_name="x.zip").rows == ROWS
    contract = replace(TWO, file=FileFormat(archive_member="*/people_*.csv"))
    packed = pack({"out/people_2025.csv": CSV, "out/readme.txt": b"hello"})
    assert read_back(packed, contract, file_name="x.zip").rows == ROWS
    by_base = replace(TWO, file=FileFormat(archive_member="people_*.csv"))
    assert read_back(packed, by_base, file_name="x.zip").rows == ROWS


def test_zip_with_no_or_several_members() -> None:
    assert code_of(pack({"a.csv": CSV, "b.csv": CSV})) == "intake.archive_member"
    assert code_of(pack({})) == "intake.archive_member"
    contract = replace(TWO, file=FileFormat(archive_member="*.tsv"))
    assert code_of(pack({"a.csv": CSV}), contract) == "intake.archive_member"


def test_things_systems_leave_in_archives_are_no_members() -> None:
    packed = pack({"a.csv": CSV, "__MACOSX/._a.csv": b"x", ".DS_Store": b"x", "d/": b""})
    assert read_back(packed, TWO, file_name="a.zip").rows == ROWS


@pytest.mark.parametrize(
    "name", ["", "../a.csv", "x/../../a.csv", "/etc/a.csv", "C:\\a.csv", "..\\a.csv", "\\\\host\\a"]
)
def test_names_that_leave_the_archive(name: str) -> None:
    assert code_of(pack({name: CSV})) == "intake.archive_unsafe"


def test_links_and_encrypted_entries() -> None:
    link = pack({"a.csv": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    assert code_of(link) == "intake.archive_unsafe"
    locked = bytearray(pack({"a.csv": CSV}))
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    assert code_of(bytes(locked)) == "intake.archive_unsafe"


def test_too_many_entries() -> None:
    packed = pack({f"{i}.csv": b"" for i in range(1_200)})
    assert code_of(packed) == "intake.archive_members"


def test_zip_bomb_is_refused_by_its_own_directory() -> None:
    bomb = pack({"a.csv": b"\0" * (80 * MIB)})
    assert code_of(bomb) == "intake.expansion"


def test_zip_that_lies_about_its_size() -> None:
    packed = bytearray(pack({"a.csv": b"Name,Town\n" + b"A,B\n" * 100_000}))
    at = packed.rindex(b"PK\x01\x02") + 24
    packed[at : at + 4] = (1_000).to_bytes(4, "little")
    assert code_of(bytes(packed)) == "intake.archive_damaged"


def test_damaged_zips() -> None:
    packed = pack({"a.csv": CSV * 100})
    assert code_of(packed[:-30]) == "intake.archive_damaged"
    broken = bytearray(packed)
    broken[45] ^= 0xFF
    assert code_of(bytes(broken)) == "intake.archive_damaged"


def test_nested_archives() -> None:
    assert code_of(gzip.compress(gzip.compress(CSV))) == "intake.archive_nested"
    assert code_of(pack({"a.zip": pack({"a.csv": CSV})})) == "intake.archive_nested"


def test_other_methods_than_deflate() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.csv", CSV)
    assert code_of(out.getvalue()) == "intake.archive_method"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password-protected Office"),
        (b"PAR1", "a Parquet file"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b'<?xml version="1.0"?>', "an XML document"),
        (b"\x89PNG\r\n", "an image"),
        (b"7z\xbc\xaf\x27\x1c", "another kind"),
        (b"-----BEGIN PGP MESSAGE-----", "encrypted"),
        (bytes(range(1, 9)) * 50, "binary data"),
    ],
)
def test_files_that_are_something_else(head: bytes, words: str) -> None:
    with pytest.raises(UnreadableSubmissionError, match=words) as caught:
        read_back(head + b"\0" * 100, TWO)
    assert caught.value.findings[-1].code == "intake.wrong_format"


def test_a_csv_where_a_workbook_is_declared() -> None:
    contract = replace(TWO, file=FileFormat(kind=FileKind.EXCEL))
    assert code_of(CSV, contract) == "intake.wrong_format"


PACKED = gzip.compress(CSV, mtime=0)
"""The same in every process that collects these tests: it is part of their names."""


@pytest.mark.parametrize(
    ("name", "data", "warned"),
    [
        ("a.csv", CSV, False),
        ("a.CSV.GZ", PACKED, False),
        ("a.csv", PACKED, True),
        ("a.zip", CSV, True),
        ("a.xlsx", CSV, True),
        ("a.csvx", CSV, True),
        ("a", CSV, False),
    ],
)
def test_extensions(name: str, data: bytes, warned: bool) -> None:
    back = read_back(data, TWO, file_name=name)
    assert back.rows == ROWS
    assert ("intake.extension" in back.codes()) is warned


def test_lines_are_found_inside_archives() -> None:
    back = read_back(pack({"a.csv": b"Name,Town\nA\nC,D\n"}), TWO, file_name="a.zip")
    assert back.lines == {1: 2, 2: 3}


def test_zlib_is_not_gzip() -> None:
    assert code_of(zlib.compress(bytes(range(256)) * 40)) in {
        "intake.wrong_format",
        "intake.header_missing",
        "intake.header_too_long",
    }
