"""Curated tables on both stores: encrypted files, atomic commits, landings side by side."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake.exceptions import DeltaError

from enclave.adapters.keyring import StoredKeyRing
from enclave.adapters.parquet_encryption import ParquetEncryption
from enclave.evidence import (
    ClearedTable,
    DeidentifiedTable,
    ReceivedSubmission,
    RiskMeasures,
    StagedFile,
)
from enclave.lake import CommitFacts, Lake
from enclave.zones import Zone, Zones
from governance.agreements import DeliveryMode
from governance.digests import sha256_of

SCHEMA = pa.schema([("person_id", pa.string()), ("year", pa.int32())])
TABLE = "curated_sde__yearly_enrollment"
LANDERS = 8


@pytest.fixture
def encryption(ring: StoredKeyRing) -> ParquetEncryption:
    return ParquetEncryption(ring)


@pytest.fixture
def lake(zones: Zones, encryption: ParquetEncryption) -> Lake:
    return Lake(zones, encryption.dataset_config)


def stage(
    zones: Zones, encryption: ParquetEncryption, n: int, *, period: str, revision: int = 1
) -> ClearedTable:
    """Three people's rows of one submission, encrypted, in staging."""
    rows = pa.table(
        {"person_id": [f"canary-{n}-{i}" for i in range(3)], "year": [n] * 3}, schema=SCHEMA
    )
    sink = io.BytesIO()
    with pq.ParquetWriter(
        sink, SCHEMA, encryption_properties=encryption.encryption_properties("sde")
    ) as writer:
        writer.write_table(rows)
    data = sink.getvalue()
    key = f"sde/{n:032x}/0000.parquet"
    zones.store(Zone.STAGING).put(key, data)
    received = ReceivedSubmission(
        submission_id=f"{n:032x}",
        agency="sde",
        dataset="enrollment",
        period=period,
        revision=revision,
        size_bytes=1,
        sha256="",
        agreement_id="MOU-TEST-1",
        agreement_version="1.0.0",
        contract_version="1.0.0",
    )
    file = StagedFile(key, 3, len(data), sha256_of(data))
    table = DeidentifiedTable(received, f"plan {n}", "code", (file,), 3, 0)
    return ClearedTable(table, RiskMeasures(3, 3, 0, 0.0, None, ()))


def land(lake: Lake, cleared: ClearedTable) -> int:
    facts = CommitFacts("1.0.0", DeliveryMode.APPEND)
    snapshot, _ = lake.land(cleared, table=TABLE, schema=SCHEMA, facts=facts)
    return snapshot.version


def years(lake: Lake, version: int | None = None) -> list[int]:
    table = lake.dataset(TABLE, version=version).to_table()
    return sorted(table.column("year").to_pylist())


def test_what_lands_is_read_back_and_lies_there_encrypted(
    zones: Zones, encryption: ParquetEncryption, lake: Lake
) -> None:
    assert land(lake, stage(zones, encryption, 1, period="2024")) == 0
    assert years(lake) == [1, 1, 1]
    assert lake.tables() == [TABLE]
    store = zones.store(Zone.CURATED)
    for info in store.list():
        assert b"canary" not in store.read(info.key)


def test_landing_again_changes_nothing(
    zones: Zones, encryption: ParquetEncryption, lake: Lake
) -> None:
    first = stage(zones, encryption, 1, period="2024")
    assert land(lake, first) == 0
    assert land(lake, stage(zones, encryption, 2, period="2025")) == 1
    assert land(lake, first) == 0
    assert years(lake) == [1, 1, 1, 2, 2, 2]


def test_files_a_commit_names_are_not_overwritten_by_what_is_staged_later(
    zones: Zones, encryption: ParquetEncryption, lake: Lake
) -> None:
    store = zones.store(Zone.CURATED)
    land(lake, stage(zones, encryption, 1, period="2024"))
    before = {i.key: store.read(i.key) for i in store.list() if i.key.endswith(".parquet")}
    assert land(lake, stage(zones, encryption, 1, period="2024")) == 0, "new bytes, same submission"
    assert {key: store.read(key) for key in before} == before


def test_a_correction_replaces_its_period_and_the_past_stays_readable(
    zones: Zones, encryption: ParquetEncryption, lake: Lake
) -> None:
    land(lake, stage(zones, encryption, 1, period="2024"))
    land(lake, stage(zones, encryption, 2, period="2025"))
    assert land(lake, stage(zones, encryption, 3, period="2024", revision=2)) == 2
    assert years(lake) == [2, 2, 2, 3, 3, 3]
    assert years(lake, version=1) == [1, 1, 1, 2, 2, 2]
    snapshots = [lake.state(TABLE, version) for version in range(3)]
    assert [(s.version, s.plan_hash) for s in snapshots if s] == [
        (0, "plan 1"),
        (1, "plan 2"),
        (2, "plan 3"),
    ]
    assert [commit["version"] for commit in lake.history(TABLE)] == [2, 1, 0]


def test_landings_side_by_side_lose_nothing(
    zones: Zones, encryption: ParquetEncryption, lake: Lake
) -> None:
    cleared = [stage(zones, encryption, n, period=str(2000 + n)) for n in range(LANDERS)]
    start = threading.Barrier(LANDERS)

    def run(one: ClearedTable) -> int:
        start.wait()
        return land(Lake(zones, encryption.dataset_config), one)

    with ThreadPoolExecutor(LANDERS) as pool:
        versions = list(pool.map(run, cleared))
    assert sorted(versions) == list(range(LANDERS))
    assert years(lake) == sorted(list(range(LANDERS)) * 3)


def test_one_submission_landed_by_two_processes_is_one_commit(
    zones: Zones, encryption: ParquetEncryption, lake: Lake
) -> None:
    land(lake, stage(zones, encryption, 1, period="2024"))
    cleared = stage(zones, encryption, 2, period="2025")
    start = threading.Barrier(LANDERS)

    def run(_: int) -> int:
        start.wait()
        return land(Lake(zones, encryption.dataset_config), cleared)

    with ThreadPoolExecutor(LANDERS) as pool:
        assert set(pool.map(run, range(LANDERS))) == {1}
    assert years(lake) == [1, 1, 1, 2, 2, 2]


def test_who_loses_a_commit_waits_a_little_longer_each_time(
    zones: Zones, encryption: ParquetEncryption, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(lake, stage(zones, encryption, 1, period="2024"))
    pauses: list[float] = []
    commit, losses = lake._commit, 6

    def lose(*args: Any, **fields: Any) -> int:
        if len(pauses) < losses:
            raise DeltaError("somebody else came first")
        return commit(*args, **fields)

    monkeypatch.setattr(lake, "_commit", lose)
    monkeypatch.setattr("enclave.lake.lake.time.sleep", pauses.append)

    assert land(lake, stage(zones, encryption, 2, period="2025")) == 1

    assert len(pauses) == losses
    assert len(set(pauses)) == losses, "no two pauses are alike"
    for attempt, pause in enumerate(pauses, start=1):
        assert 0.01 * 2**attempt <= pause <= min(2.0, 0.02 * 2**attempt)
