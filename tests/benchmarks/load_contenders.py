"""One contender a process: `python -m tests.benchmarks.load_contenders NAME CSV WORK`."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

HMAC_KEY = bytes(range(32))


def duckdb_floor(csv: Path, work: Path) -> dict[str, float]:
    """DuckDB: CSV to zstd Parquet, every column typed as DuckDB sniffs it."""
    import duckdb

    work.mkdir()
    connection = duckdb.connect()
    started = time.perf_counter()
    connection.execute(
        "COPY (SELECT * FROM read_csv(?)) TO '%s' (FORMAT parquet, COMPRESSION zstd)"
        % (work / "out.parquet"),
        [str(csv)],
    )
    return {"seconds": time.perf_counter() - started}


def pyarrow_floor(csv: Path, work: Path) -> dict[str, float]:
    """pyarrow: stream the CSV into zstd Parquet."""
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    work.mkdir()
    started = time.perf_counter()
    reader = pacsv.open_csv(csv, read_options=pacsv.ReadOptions(block_size=16 << 20))
    with pq.ParquetWriter(work / "out.parquet", reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
    return {"seconds": time.perf_counter() - started}


def _governed_load(csv: Path, work: Path, period: str) -> dict[str, float]:
    """Receive to report of one delivery, in the home at `work` (made when it is not there)."""
    from dataclasses import replace

    from enclave.deployment import init_deployment, open_deployment
    from enclave.steps import (
        land_submission,
        process_submission,
        receive_drops,
        report_submission,
    )
    from enclave.steps.submit import submit_file
    from tests.benchmarks import load_data

    contract = load_data.contract()
    agreement = load_data.agreement(contract)
    deployment = replace(
        open_deployment(work) if work.exists() else init_deployment(work),
        contracts={contract.id: contract},
        agreements={agreement.id: agreement},
    )
    submit_file(deployment, csv, agency="bench", dataset="wages", period=period)
    started = time.perf_counter()
    (submission_id,) = receive_drops(deployment, agreement.id)
    received = time.perf_counter()
    process_submission(deployment, submission_id)
    processed = time.perf_counter()
    land_submission(deployment, submission_id)
    landed = time.perf_counter()
    outcome = report_submission(deployment, submission_id)
    ended = time.perf_counter()
    if outcome.state != "landed":
        raise SystemExit(f"the governed load ended {outcome.state}")
    return {
        "seconds": ended - started,
        "receive_seconds": received - started,
        "process_seconds": processed - received,
        "land_seconds": landed - processed,
        "report_seconds": ended - landed,
        "rows_landed": outcome.rows_landed,
        "rows_quarantined": outcome.rows_quarantined,
    }


def governed(csv: Path, work: Path) -> dict[str, float]:
    """The product, every person new."""
    return _governed_load(csv, work, "2026Q3")


def governed_again(csv: Path, work: Path) -> dict[str, float]:
    """The product, every person known: the next period into the same table."""
    return _governed_load(csv, work, "2026Q4")


_PEER_TEXT = dict.fromkeys(("SSN", "ZIP", "EMPLOYER", "ESTABLISHMENT", "RACE", "NAICS"), str)


def peer(csv: Path, work: Path) -> dict[str, float]:
    """What a user would write today: pandas, Great Expectations, an hmac loop, to_parquet."""
    import hmac
    from importlib import import_module

    import great_expectations as gx
    import pandas as pd

    from tests.benchmarks import load_data

    # By name: the library does not export its expectations to type checkers.
    gxe = import_module("great_expectations.expectations")
    work.mkdir()
    started = time.perf_counter()
    frame = pd.read_csv(csv, dtype=_PEER_TEXT)
    context = gx.get_context(mode="ephemeral")
    suite = gx.ExpectationSuite(name="wages")
    # The same demands as the contract's (load_data.contract), each as its expectation.
    suite.add_expectation(gxe.ExpectColumnValuesToBeUnique(column="SSN"))
    for column in ("SSN", "LAST_NAME", "EMPLOYER"):
        suite.add_expectation(gxe.ExpectColumnValuesToNotBeNull(column=column))
    for column, pattern in (("SSN", "^[0-9]{9}$"), ("ZIP", "^[0-9]{5}$"), ("NAICS", "^[0-9]{6}$")):
        suite.add_expectation(gxe.ExpectColumnValuesToMatchRegex(column=column, regex=pattern))
    for column in ("LAST_NAME", "FIRST_NAME"):
        suite.add_expectation(gxe.ExpectColumnValueLengthsToBeBetween(column=column, max_value=40))
    for column, codes in (
        ("SEX", load_data.SEXES),
        ("RACE", load_data.RACES),
        ("TOWN", load_data.TOWNS),
        ("STATUS", load_data.STATUSES),
        ("FULL_TIME", ("Y", "N")),
    ):
        suite.add_expectation(gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(codes)))
    for column in ("BIRTH_DATE", "HIRED_ON"):
        suite.add_expectation(
            gxe.ExpectColumnValuesToMatchStrftimeFormat(column=column, strftime_format="%Y-%m-%d")
        )
    for column, low, high in (
        ("YEAR", 2000, 2030),
        ("QUARTER", 1, 4),
        ("WAGES", 0, None),
        ("HOURS", 0, 2300),
        ("TAX", 0, None),
        ("WEEKS", 0, 14),
    ):
        suite.add_expectation(
            gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
        )
    suite.add_expectation(
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="WAGES", column_B="TAX", or_equal=True)
    )
    batch = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    definition = batch.add_batch_definition_whole_dataframe("b")
    definition.get_batch({"dataframe": frame}).validate(suite)
    frame = frame[frame["STATUS"].isin(load_data.STATUSES)]
    for column in ("SSN", "EMPLOYER", "ESTABLISHMENT"):
        frame[column] = [
            hmac.new(HMAC_KEY, str(value).encode(), "sha256").hexdigest() for value in frame[column]
        ]
    frame = frame.drop(columns=["LAST_NAME", "FIRST_NAME"])
    frame.to_parquet(work / "out.parquet", compression="zstd")
    return {"seconds": time.perf_counter() - started}


def _peak_mib() -> float:
    """Peak resident memory of this process; getrusage hands on its parent's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return int(status["VmHWM"].split()[0]) / 1024


CONTENDERS: dict[str, Callable[[Path, Path], dict[str, float]]] = {
    "duckdb": duckdb_floor,
    "pyarrow": pyarrow_floor,
    "governed": governed,
    "governed_again": governed_again,
    "peer": peer,
}


if __name__ == "__main__":
    contender, csv_path, work_path = sys.argv[1:4]
    figures = CONTENDERS[contender](Path(csv_path), Path(work_path))
    figures["peak_mib"] = _peak_mib()
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
