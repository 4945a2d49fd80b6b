"""Real public files, from drop to receipt: overdose deaths, traffic stops, nutrition assistance.

What each file holds was counted with Python's own csv module; the numbers stand here as literals,
and the reading is repeated beside them.
"""

from collections import Counter
from pathlib import Path

import pytest

from enclave.deployment import Deployment
from enclave.steps.quarantine import export_quarantine
from tests.lib import shared_data
from tests.lib.real_inputs import (
    OVERDOSES,
    STOPS,
    Outcome,
    deliver,
    open_home,
    plain_csv,
    read_table,
    snap,
)
from tests.lib.signed_in import sign_in

pytestmark = pytest.mark.xdist_group("real_inputs")

Loaded = tuple[Deployment, Outcome]


@pytest.fixture(scope="module")
def overdoses(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    shared_data.folder(OVERDOSES.folder)
    deployment = open_home(tmp_path_factory.mktemp("overdoses") / "home")
    (outcome,) = deliver(deployment, OVERDOSES)
    return deployment, outcome


def overdose_rows() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Records of the file, and those a person would pass by the contract's plain words."""
    rows = plain_csv(OVERDOSES.path.read_bytes())
    counties = {"", "FAIRFIELD", "HARTFORD", "LITCHFIELD", "MIDDLESEX", "NEW HAVEN", "NEW LONDON",
                "TOLLAND", "WINDHAM"}  # fmt: skip
    good = [
        row
        for row in rows
        if row["Date"]
        and row["DeathCounty"] in counties
        and row["Fentanyl"] in {"", "Y"}
        and row["Morphine_NotHeroin"] in {"", "Y", "YES"}
        and row["MannerofDeath"] in {"", "Accident", "Natural", "Pending"}
    ]
    return rows, good


def test_every_overdose_death_is_read_and_each_bad_row_has_a_reason(overdoses: Loaded) -> None:
    _, outcome = overdoses
    rows, good = overdose_rows()

    assert (len(rows), len(good)) == (5105, 5081)
    assert outcome.counts == ("landed", 5105, 5081, 24)
    assert outcome.checks == {
        "null.required:reported_on": 2,
        "code.unknown:death_county": 1,
        "format.boolean:fentanyl": 4,
        "format.boolean:morphine_not_heroin": 3,
        "code.unknown:manner_of_death": 14,
    }
    assert outcome.problems == ()
    # Other states and misspelled towns (N HAVEN, NEW CANNAN): told, and landed empty.
    assert outcome.unmapped == {"residence_city": 185, "death_city": 14}


def test_overdose_deaths_land_as_the_plain_reading_has_them(overdoses: Loaded) -> None:
    deployment, _ = overdoses
    _, good = overdose_rows()
    landed = read_table(deployment, "ocme/accidental_drug_deaths")

    assert len(set(landed["person_id"].to_pylist())) == 5081
    years = Counter(landed["reported_on"].to_pylist())
    assert years == Counter(int(row["Date"][6:10]) for row in good)
    assert (years[2012], years[2018]) == (354, 1018)
    assert landed["heroin"].to_pylist().count(True) == 2521
    assert sum(row["Heroin"] == "Y" for row in good) == 2521
    assert Counter(landed["race"].to_pylist()) == Counter(row["Race"] or None for row in good)
    bands = Counter(landed["age"].to_pylist())
    assert bands["30-34"] == 640
    assert sum(row["Age"] in {"30", "31", "32", "33", "34"} for row in good) == 640


def test_overdose_rows_set_aside_come_back_with_their_lines(
    overdoses: Loaded, tmp_path: Path
) -> None:
    """The file has 20,250 lines for its 5,105 records: cells hold line breaks."""
    deployment, outcome = overdoses
    target = tmp_path / "back.csv"
    sign_in(deployment, "ocme")

    count = export_quarantine(deployment, outcome.submission_id, agency="ocme", target=target)

    assert count == 24
    back = plain_csv(target.read_bytes())
    rows, good = overdose_rows()
    bad = [row["ID"] for row in rows if row not in good]
    assert sorted(row["ID"] for row in back) == sorted(bad)
    lines = OVERDOSES.path.read_bytes().decode("utf-8-sig").split("\n")
    for row in back:
        assert lines[int(row["line"]) - 1].startswith(row["ID"])


def test_the_same_overdose_file_again_is_a_duplicate(overdoses: Loaded) -> None:
    deployment, _ = overdoses

    (again,) = deliver(deployment, OVERDOSES)

    assert again.state == "duplicate"
    assert read_table(deployment, "ocme/accidental_drug_deaths").num_rows == 5081


@pytest.fixture(scope="module")
def stops(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    shared_data.folder(STOPS.folder)
    deployment = open_home(tmp_path_factory.mktemp("stops") / "home")
    (outcome,) = deliver(deployment, STOPS)
    return deployment, outcome


def test_traffic_stops_of_lines_that_end_in_carriage_returns(stops: Loaded) -> None:
    """Two drivers are recorded as younger than 15; columns without a name stay out."""
    _, outcome = stops
    rows = plain_csv(STOPS.path.read_bytes())

    assert len(rows) == 6252
    assert sum(int(row["SubjectAge"]) < 15 for row in rows) == 2
    assert outcome.counts == ("landed", 6252, 6250, 2)
    assert outcome.checks == {"range.min:subject_age": 2}
    assert outcome.problems == ()
    misspelled = {"MSYTIC", "MYSTIX", "GROTON CITY"}
    assert sum(row["InterventionLocationName"] in misspelled for row in rows) == 8
    assert outcome.unmapped == {"location_name": 8}


def test_traffic_stops_land_as_the_plain_reading_has_them(stops: Loaded) -> None:
    deployment, _ = stops
    good = [row for row in plain_csv(STOPS.path.read_bytes()) if int(row["SubjectAge"]) >= 15]
    landed = read_table(deployment, "opm/traffic_stops")

    assert Counter(landed["intervention_date"].to_pylist()) == {2013: 1811, 2014: 4439}
    assert Counter(landed["intervention_date"].to_pylist()) == Counter(
        int(row["InterventionDate"][-4:]) for row in good
    )
    assert Counter(landed["reason_for_stop"].to_pylist()) == Counter(
        row["Reason for Stop"] or None for row in good
    )
    assert "reporting_officer_id" not in landed.column_names, "an officer is a person too"
    assert len(set(landed["stop_id"].to_pylist())) == len({row["ProfileNo"] for row in good})


def test_nutrition_assistance_files_good_and_bad(tmp_path: Path) -> None:
    """Bad rows under the threshold are set aside; a file of names, not digests, is refused."""
    shared_data.folder("snap_piipan")
    deployment = open_home(tmp_path / "home")

    (good,) = deliver(deployment, snap("example.csv"))
    (partly,) = deliver(deployment, snap("exampleWithBadRows.csv"))
    (headless,) = deliver(deployment, snap("exampleWithInvalidMissingHeader.csv"))
    (plain,) = deliver(deployment, snap("plaintext-example.csv"))

    rows = plain_csv(snap("exampleWithBadRows.csv").path.read_bytes())
    bad = [
        row
        for row in rows
        if len(row["lds_hash"]) != 128
        or not row["participant_id"].isalnum()
        or not (row["case_id"] or "x").isalnum()
    ]
    assert (len(rows), len(bad)) == (40, 4)
    assert good.counts == ("landed", 40, 40, 0)
    assert partly.counts == ("landed", 40, 36, 4)
    assert partly.checks == {
        "format.pattern:lds_hash": 3,
        "format.pattern:case_id": 1,
        "format.pattern:participant_id": 1,
    }
    assert headless.counts == ("rejected", 0, 0, 0)
    assert headless.problems == ("intake.header_missing",)
    assert plain.counts == ("rejected", 0, 0, 0)
    assert plain.problems == ("intake.column_missing", "intake.columns_missing")
    assert read_table(deployment, "dss/snap_participants").num_rows == 36, (
        "a full delivery replaces"
    )
