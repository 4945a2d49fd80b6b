"""Values of the real files' identifying columns appear in nothing that is kept or said."""

import logging
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest

import enclave
import governance
import schemas
from enclave.deployment import Deployment
from governance.contracts import DatasetContract, IdentifierRole, TreatmentKind
from tests.lib import shared_data
from tests.lib.leaks import WINDOW, Needles, find_leaks
from tests.lib.real_inputs import (
    HOMELESS,
    OVERDOSES,
    STOPS,
    RealInput,
    deliver,
    open_home,
    plain_csv,
    plain_members,
    snap,
    tanf,
)

Rows = list[dict[str, str]]
PACKAGES = [Path(next(iter(package.__path__))) for package in (enclave, governance, schemas)]
DELTA_WORDS = frozenset({"transaction", "operation"})

LANDED_AS_THEY_ARE = {TreatmentKind.KEEP, TreatmentKind.REDACT_TEXT, TreatmentKind.ROUND}
"""What these columns say is meant to be landed; free text is masked word by word, tested apart."""


def test_the_search_finds_what_is_there() -> None:
    needles = Needles({"name": ["Quillfeather"], "ssn": ["219099999"], "short": ["Ann"]})

    assert len(needles) == 2
    assert Needles({}, ["Zzyxqu"]).found_in(b"a zzyxquson") == {"Zzyxqu"}
    assert needles.found_in(b'{"x": "QUILLFEATHER, A"}') == {"name"}
    assert needles.found_in(b"ssn 219099999.") == {"ssn"}
    assert needles.found_in(b"12190999990, Ann") == set()


def needles_of(tables: Iterable[tuple[DatasetContract, Rows]]) -> Needles:
    """Distinctive values of the columns that may not be landed as they are.

    Left out: what is short, what a column that is landed tells anyway (`Residence`), and the codes
    of the contract, which a receipt lists (the counties).
    """
    told: set[str] = set()
    secret: dict[tuple[str, IdentifierRole], set[str]] = {}
    for contract, rows in tables:
        for column in contract.columns:
            values = {row.get(column.source_name) or "" for row in rows}
            kind = column.treatment.kind if column.treatment else None
            told |= {code.lower() for code in column.codes or ()}
            if kind in LANDED_AS_THEY_ARE and column.role is not IdentifierRole.DIRECT:
                told |= {value.strip().lower() for value in values}
            elif len(values) > 20 or column.role is IdentifierRole.DIRECT:
                secret[f"{contract.dataset}.{column.name}", column.role] = values
    text = "\n".join(told)
    return Needles(
        {
            name: [v for v in values if _is_distinctive(v, role) and v.strip().lower() not in text]
            for (name, role), values in secret.items()
        }
    )


@cache
def _own_words() -> frozenset[str]:
    """Words of the product itself and of Delta: no value of a row when they turn up."""
    files = [file for package in PACKAGES for file in package.rglob("*")]
    texts = [
        f.read_text(encoding="utf-8") for f in files if f.suffix in {".py", ".yaml", ".html", ".j2"}
    ]
    return frozenset(re.findall(r"[a-z]+", "\n".join(texts).lower())) | DELTA_WORDS


def _is_distinctive(value: str, role: IdentifierRole) -> bool:
    """No short number, no short or common word."""
    value = value.strip().lower()
    if value.isdigit():
        return len(value) >= 9
    if len(value) < WINDOW:
        return False
    if value.isalpha():
        return role is IdentifierRole.DIRECT and value not in _own_words()
    return True


def search(
    deployment: Deployment,
    real: RealInput,
    needles: Needles,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> list[str]:
    with caplog.at_level(logging.DEBUG):
        outcomes = deliver(deployment, real)
    assert outcomes
    said = capfd.readouterr()
    spoken = {"log": caplog.text, "standard error": said.err, "standard output": said.out}
    return find_leaks(deployment, needles, spoken)


def test_overdose_deaths(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Case numbers, days of death, coordinates, places in words."""
    shared_data.folder(OVERDOSES.folder)
    deployment = open_home(tmp_path / "home")
    contract = deployment.contracts["ocme/accidental_drug_deaths"]
    needles = needles_of([(contract, plain_csv(OVERDOSES.path.read_bytes()))])

    assert len(needles) > 7_500
    assert needles.found_in(OVERDOSES.path.read_bytes()), "they are there to be found"
    assert search(deployment, OVERDOSES, needles, caplog, capfd) == []


def test_traffic_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Officers, roads, coordinates, days."""
    shared_data.folder(STOPS.folder)
    deployment = open_home(tmp_path / "home")
    contract = deployment.contracts["opm/traffic_stops"]
    needles = needles_of([(contract, plain_csv(STOPS.path.read_bytes()))])

    assert len(needles) > 3_000
    assert needles.found_in(STOPS.path.read_bytes()), "they are there to be found"
    assert search(deployment, STOPS, needles, caplog, capfd) == []


def test_homeless_services(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Names, social security numbers, birth dates, addresses, staff."""
    shared_data.folder(HOMELESS.folder)
    deployment = open_home(tmp_path / "home")
    members = plain_members(HOMELESS.path)
    contracts = [c for c in deployment.contracts.values() if c.agency == "cceh"]
    needles = needles_of((c, members[str(c.file.archive_member)]) for c in contracts)

    assert len(needles) > 100_000
    assert search(deployment, HOMELESS, needles, caplog, capfd) == []


def test_cash_assistance(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Case numbers, social security numbers or their ciphers, birth dates."""
    real = tanf("ADS.E2J.FTP1.TS06")
    shared_data.folder(real.folder)
    deployment = open_home(tmp_path / "home")
    lines = real.path.read_bytes().decode("ascii").splitlines()
    contracts = [
        deployment.contracts[f"dss/tanf_{x}"]
        for x in ("families", "adults", "children", "second_children")
    ]
    needles = needles_of((contract, sliced(contract, lines)) for contract in contracts)

    assert len(needles) > 2_900
    assert search(deployment, real, needles, caplog, capfd) == []


def sliced(contract: DatasetContract, lines: list[str]) -> Rows:
    """The records of the contract's type, cut by its positions."""
    kind = str(contract.file.record_type)
    return [
        {
            column.source_name: line[column.start : column.start + column.width]
            for column in contract.columns
            if column.start is not None and column.width is not None
        }
        for line in lines
        if line.startswith(kind)
    ]


@pytest.mark.parametrize("name", ["exampleWithBadRows.csv", "plaintext-example.csv"])
def test_nutrition_assistance(
    name: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Digests and numbers of a file with bad rows; names and numbers of one that was refused."""
    real = snap(name)
    shared_data.folder(real.folder)
    deployment = open_home(tmp_path / "home")
    rows = plain_csv(real.path.read_bytes())
    values: Mapping[str, set[str]] = {
        column: {row[column] for row in rows if row[column] not in {"true", "false"}}
        for column in rows[0]
        if column not in {"participant_closing_date", "recent_benefit_issuance_dates"}
    }
    needles = Needles(values)

    assert len(needles) > 30
    assert search(deployment, real, needles, caplog, capfd) == []
