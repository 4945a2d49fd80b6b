"""Memory does not grow with the file: peak of fresh processes that read 50 MB and 200 MB."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1 << 20

READ = """
import json, sys
from enclave.intake import open_submission
from governance.contracts.model import FileFormat, FileKind
from tests.lib.intake import build_contract
path, kind = sys.argv[1:]
contract = build_contract(["a", "b", "c", "d"], FileFormat(kind=FileKind(kind)))
with open(path, "rb") as stream:
    with open_submission(stream, file_name=path, contract=contract) as reader:
        rows = bad = 0
        for batch in reader.batches():
            rows += batch.rows.num_rows
            bad += len(batch.malformed)
        lines = reader.line_numbers([1, rows + bad])
# Not getrusage: its peak is handed on from the process that started this one.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({"rows": rows, "bad": bad, "peak": peak, "line": lines[rows + bad]}))
"""


def read_in_process(path: Path, kind: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), kind], check=True, capture_output=True, text=True
    )
    facts: dict[str, float] = json.loads(done.stdout)
    return facts


CSV_LINES = [b'%d,"O\'Hara, J.",2025-01-02,some words of text\n' % (10**8 + i) for i in range(1000)]
CSV_LINES[500] = b"a ragged record\n"
JSON_LINES = [
    b'{"a": %d, "b": "O\'Hara", "c": "2025-01-02", "d": "words"}\n' % i for i in range(1000)
]


def write(path: Path, header: bytes, lines: list[bytes], size: int, *, pack: bool) -> int:
    block = b"".join(lines)
    times = size // len(block)
    with gzip.open(path, "wb", 1) if pack else path.open("wb") as stream:
        stream.write(header)
        for _ in range(times):
            stream.write(block)
    return times * len(lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "header", "lines", "pack"),
    [
        ("delimited", b"a,b,c,d\n", CSV_LINES, False),
        ("delimited", b"a,b,c,d\n", CSV_LINES, True),
        ("json_lines", b"", JSON_LINES, False),
    ],
    ids=["csv", "csv.gz", "jsonl"],
)
def test_peak_memory_is_that_of_a_few_blocks(
    tmp_path: Path, kind: str, header: bytes, lines: list[bytes], pack: bool
) -> None:
    peaks = []
    for size in (50 * MIB, 200 * MIB):
        path = tmp_path / f"{size}"
        records = write(path, header, lines, size, pack=pack)
        facts = read_in_process(path, kind)
        assert facts["rows"] + facts["bad"] == records
        assert facts["line"] == records + bool(header)
        peaks.append(facts["peak"])
        path.unlink()
    assert peaks[1] < peaks[0] * 1.25, peaks
    assert peaks[1] < 700


@pytest.mark.slow
def test_a_bomb_and_an_endless_cell_cost_little_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.csv.gz"
    with gzip.open(bomb, "wb", 6) as stream:
        stream.write(b"a,b,c,d\n")
        for _ in range(500):
            stream.write(b"\0" * MIB)
    endless = tmp_path / "endless.csv"
    with endless.open("wb") as stream:
        stream.write(b'a,b,c,d\n1,2,3,"')
        for _ in range(300):
            stream.write(b"x" * MIB)
    for path in (bomb, endless):
        refuse = (
            READ.replace("import json", "import json, contextlib", 1)
            .replace(
                "    with open_submission",
                "    with contextlib.suppress(UnreadableSubmissionError), open_submission",
            )
            .replace(
                "from enclave.intake",
                "from enclave.errors import UnreadableSubmissionError\nfrom enclave.intake",
                1,
            )
        )
        refuse = refuse.replace(
            "        rows = bad = 0\n", "        rows = bad = 0\n        lines = {0: 0}\n"
        )
        refuse = refuse.split("print(")[0] + "print(json.dumps({'peak': peak}))"
        done = subprocess.run(
            [sys.executable, "-c", refuse, str(path), "delimited"],
            check=True,
            capture_output=True,
            text=True,
        )
        assert json.loads(done.stdout)["peak"] < 700
