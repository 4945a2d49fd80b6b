"""Federal cash assistance submissions, good and bad: one fixed-width file, four datasets of it.

What each file holds was counted by slicing its lines; the literals stand here, and for the large
file the slicing is repeated beside them.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.lib import shared_data
from tests.lib.real_inputs import TANF_NAMES, deliver, open_home, read_table, tanf

pytestmark = pytest.mark.xdist_group("real_inputs")

DATASETS = ("tanf_families", "tanf_adults", "tanf_children", "tanf_second_children")

LANDED = {
    "small_correct_file.txt": (1, 0, 0, 0),
    "tanf_section1_header_test.txt": (1, 0, 0, 0),
    "ADS.E2J.FTP1.TS142": (1, 1, 1, 1),
}
"""Rows of families, adults, children, second children; without a record a dataset lands empty."""

WHOLE_FILE = {
    "ADS.E2J.FTP2.TS06": ("rejected", "intake.record_type_unknown"),
    "ADS.E2J.FTP2.TS142.txt": ("rejected", "intake.record_type_unknown"),
    "bad_TANF_S1.txt": ("rejected", "intake.header_record_repeated"),
    "bad_missing_header.txt": ("rejected", "intake.header_record_missing"),
    "bad_trailer_1.txt": ("rejected", "intake.trailer_count"),
    "bad_trailer_2.txt": ("rejected", "intake.trailer_record_missing"),
    "bad_two_headers.txt": ("rejected", "intake.header_record_repeated"),
    "empty_file": ("refused", "intake.empty"),
    "no_records.txt": ("rejected", "intake.trailer_count"),
    "small_bad_tanf_s1.txt": ("rejected", "intake.trailer_count"),
    "small_tanf_section1.txt": ("rejected", "intake.trailer_count"),
    "small_tanf_section2.txt": ("rejected", "intake.trailer_count"),
    "tanf_section1_blanks.txt": ("rejected", "intake.trailer_count"),
}
"""Files that no dataset takes a row of, with the reason told.

Section 2 (closed cases, T4 and T5) is another submission than the agreement's; several trailers
state the count of the file they were cut from.
"""


def lines_of(name: str) -> list[str]:
    return tanf(name).path.read_bytes().decode("ascii").splitlines()


def with_second_child(lines: list[str]) -> list[str]:
    """Records of children whose second half, from position 60, is used."""
    return [line for line in lines if line[:2] == "T3" and line[60:69].strip(" 0")]


def test_every_file_of_the_folder_is_accounted_for() -> None:
    folder = shared_data.folder("tanf_fixed_width")
    told = {"ADS.E2J.FTP1.TS06", *LANDED, *WHOLE_FILE}

    assert told == set(TANF_NAMES)
    assert told == {path.name for path in folder.iterdir()} - {"layout.json"}


def test_a_quarter_of_active_cases(tmp_path_factory: pytest.TempPathFactory) -> None:
    """2,643 records as the trailer says; seven adults are sent twice and both copies set aside."""
    shared_data.folder("tanf_fixed_width")
    real = tanf("ADS.E2J.FTP1.TS06")
    lines = lines_of(real.name)
    assert Counter(line[:2] for line in lines) == {
        "HE": 1,
        "T1": 815,
        "T2": 882,
        "T3": 946,
        "TR": 1,
    }
    adults = Counter(line[2:19] + line[29:38] for line in lines if line[:2] == "T2")
    repeated = sum(count for count in adults.values() if count > 1)
    assert repeated == 14
    deployment = open_home(tmp_path_factory.mktemp("quarter") / "home")

    outcomes = {outcome.dataset: outcome for outcome in deliver(deployment, real)}

    assert outcomes["tanf_families"].counts == ("landed", 815, 815, 0)
    assert outcomes["tanf_adults"].counts == ("landed", 882, 868, 14)
    assert outcomes["tanf_adults"].checks == {"unique.together:key": 14}
    assert outcomes["tanf_children"].counts == ("landed", 946, 946, 0)
    second = with_second_child(lines)
    assert len(second) == 430
    assert outcomes["tanf_second_children"].counts == ("landed", 430, 430, 0)
    others = read_table(deployment, "dss/tanf_second_children")
    assert len(set(others["person_id"].to_pylist())) == len({line[69:78] for line in second}) == 423
    assert all(outcome.problems == () for outcome in outcomes.values())

    kept = [line for line in lines if line[:2] == "T2" and adults[line[2:19] + line[29:38]] == 1]
    landed = read_table(deployment, "dss/tanf_adults")
    assert len(set(landed["person_id"].to_pylist())) == len({line[29:38] for line in kept}) == 777
    children = read_table(deployment, "dss/tanf_children")
    ciphers = {line[28:37] for line in lines if line[:2] == "T3"}
    assert len(set(children["person_id"].to_pylist())) == len(ciphers) == 931
    cases = set(read_table(deployment, "dss/tanf_families")["case_number"].to_pylist())
    assert cases >= set(landed["case_number"].to_pylist()), "cases join within the agency"
    assert cases >= set(children["case_number"].to_pylist())


@pytest.mark.parametrize("name", LANDED)
def test_small_files_that_hold_together(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared_data.folder("tanf_fixed_width")
    types = Counter(line[:2] for line in lines_of(name))
    second = len(with_second_child(lines_of(name)))
    assert (*(types[t] for t in ("T1", "T2", "T3")), second) == LANDED[name]
    deployment = open_home(tmp_path_factory.mktemp("small") / "home")

    outcomes = {outcome.dataset: outcome for outcome in deliver(deployment, tanf(name))}

    for dataset, rows in zip(DATASETS, LANDED[name], strict=True):
        assert outcomes[dataset].counts == ("landed", rows, rows, 0)
        assert outcomes[dataset].problems == (() if rows else ("intake.no_records",))


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[str, ...]]]:
    """What became of each unusable file: states and reasons, the same for all four datasets."""
    shared_data.folder("tanf_fixed_width")
    deployment = open_home(tmp_path_factory.mktemp("refused") / "home")
    found = {}
    for name in WHOLE_FILE:
        outcomes = deliver(deployment, tanf(name))
        assert [outcome.dataset for outcome in outcomes] == list(DATASETS)
        assert all(outcome.counts[1:] == (0, 0, 0) for outcome in outcomes)
        found[name] = {(outcome.state, *outcome.problems) for outcome in outcomes}
    assert deployment.lake.tables() == []
    return found


@pytest.mark.parametrize("name", WHOLE_FILE)
def test_files_that_are_refused_whole(name: str, refused: dict[str, set[tuple[str, ...]]]) -> None:
    assert refused[name] == {WHOLE_FILE[name]}


def test_an_odd_line_is_not_passed_over(tmp_path: Path) -> None:
    """The same file with its trailer put right: the line that is no record still refuses it."""
    shared_data.folder("tanf_fixed_width")
    text = "\n".join(lines_of("small_bad_tanf_s1.txt")).replace("TRAILER0002643", "TRAILER0000004")
    path = tmp_path / "mended.txt"
    path.write_text(text + "\n", encoding="ascii")
    deployment = open_home(tmp_path / "home")

    outcomes = deliver(deployment, tanf("small_bad_tanf_s1.txt"), path)

    assert {outcome.problems for outcome in outcomes} == {("intake.record_type_unknown",)}
