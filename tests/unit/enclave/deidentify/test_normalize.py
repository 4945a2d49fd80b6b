import csv
from datetime import date, datetime

import pyarrow as pa
import pytest

from enclave.deidentify.normalize import Normalizer, normalize, normalizer_for
from tests.lib.builders import build_column
from tests.lib.shared_data import folder


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("078051120", "078051120"),
        ("078-05-1120", "078051120"),
        (" 078 05 1120 ", "078051120"),
        ("78051120", "078051120"),
        ("1234567", "001234567"),
        ("123456", None),
        ("0780511200", None),
        ("07805112O", None),
        ("0780a1120", None),
        ("000000000", None),
        ("999-99-9999", None),
        ("123456789", None),
        ("٠٧٨٠٥١١٢٠", None),
        ("", None),
        (None, None),
    ],
)
def test_ssn(given: str | None, expected: str | None) -> None:
    assert normalize(pa.array([given], pa.string()), Normalizer.SSN).to_pylist() == [expected]
    mixed = normalize(pa.array(["219099999", given], pa.string()), Normalizer.SSN)
    assert mixed.to_pylist() == ["219099999", expected]


def test_a_number_gets_its_leading_zeros_back() -> None:
    numbers = pa.array([78051120, None], pa.int64())
    assert normalize(numbers, Normalizer.SSN).to_pylist() == ["078051120", None]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0012345", "12345"),
        ("12345", "12345"),
        (" 7 ", "7"),
        ("0000", None),
        ("12a", None),
        ("", None),
    ],
)
def test_sasid(given: str, expected: str | None) -> None:
    assert normalize(pa.array([given]), Normalizer.SASID).to_pylist() == [expected]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("José-María  Ñandú", "jose maria nandu"),
        ("O'Neil, Jr.", "oneil"),
        ("SMITH III", "smith"),
        ("Jr", "jr"),
        ("Łukasz Groß", "lukasz gross"),
        ("...", None),
        ("", None),
        (None, None),
    ],
)
def test_name(given: str | None, expected: str | None) -> None:
    assert normalize(pa.array([given], pa.string()), Normalizer.NAME).to_pylist() == [expected]


def test_names_as_the_published_vectors_have_them() -> None:
    path = folder("snap_piipan") / "name_tests.csv"
    with path.open(newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    normalized = normalize(pa.array([row[0] for row in rows]), Normalizer.NAME).to_pylist()
    wrong = [i for i, row in enumerate(rows) if row[1] != normalized[i]]
    assert wrong == []


def test_social_security_numbers_of_the_published_vectors_are_all_read() -> None:
    path = folder("snap_piipan") / "test_ssns.csv"
    texts = pa.array(path.read_text().split())
    assert normalize(texts, Normalizer.SSN).null_count == 0


def test_dates() -> None:
    days = pa.array([date(1990, 1, 2), None, date(1960, 12, 31)])
    assert normalize(days, Normalizer.DATE).to_pylist() == ["19900102", None, "19601231"]
    times = pa.array([datetime(1960, 1, 2, 23, 59), None], pa.timestamp("us"))  # noqa: DTZ001
    assert normalize(times, Normalizer.DATE).to_pylist() == ["19600102", None]


def test_codes_keep_their_zeros() -> None:
    codes = pa.array(["00 a7", "00  A7", None, "  "])
    assert normalize(codes, Normalizer.CODE).to_pylist() == ["00 A7", "00 A7", None, None]


@pytest.mark.parametrize(
    ("name", "kind", "domain", "options", "expected"),
    [
        ("person", "string", "ssn", {}, Normalizer.SSN),
        ("worker_ssn", "string", "composite", {}, Normalizer.SSN),
        ("sasid", "integer", "sasid", {}, Normalizer.SASID),
        ("last_name", "string", "name_dob", {}, Normalizer.NAME),
        ("birth_date", "date", "name_dob", {}, Normalizer.DATE),
        ("institution_name", "string", "ccic_student", {}, Normalizer.CODE),
        ("case_id", "string", "case", {}, Normalizer.CODE),
        ("case_id", "string", "case", {"normalize": "name"}, Normalizer.NAME),
    ],
)
def test_which_rule(
    name: str, kind: str, domain: str, options: dict[str, str], expected: Normalizer
) -> None:
    assert normalizer_for(build_column(name, kind), domain, options) is expected


def test_a_rule_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="soundex"):
        normalizer_for(build_column("x"), "ssn", {"normalize": "soundex"})
