"""Two loads at once over the same drops: each submission once, whoever takes it."""

import json
import secrets
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from enclave.deployment import init_deployment
from enclave.steps.submit import submit_file
from enclave.zones import Zone
from tests.lib.command import ROOT, clean_environment, enclave_command
from tests.lib.graduates import write_graduates

pytestmark = [pytest.mark.functional, pytest.mark.slow]
PERIODS = ("2019-20", "2020-21", "2021-22", "2022-23")
ROWS, FAILING = 3_000, 3
LOADS = 2


@pytest.mark.parametrize("kind", ["local and SQLite", "Azure and PostgreSQL"])
def test_two_loads_at_once_load_each_submission_once(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    settings = _shared_settings(request) if kind.startswith("Azure") else {}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"
    deployment = init_deployment(home)
    for number, period in enumerate(PERIODS):
        path = write_graduates(
            tmp_path / f"SDE_graduation_{period}_v1.csv", rows=ROWS + number, failing=FAILING
        )
        submit_file(deployment, path, agency="sde", dataset="graduation")
    again = tmp_path / f"SDE_graduation_{PERIODS[-1]}_v1.csv"
    submit_file(deployment, again, agency="sde", dataset="graduation")

    loads = [
        subprocess.Popen(
            enclave_command("load", "--all", "--home", home, "--json"),
            cwd=ROOT,
            env=clean_environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(LOADS)
    ]
    said = [load.communicate(timeout=240) for load in loads]

    assert [load.returncode for load in loads] == [0] * LOADS, said
    assert all(json.loads(out) is not None and not errors for out, errors in said)
    states = {s.id: s.state for s in deployment.store.list()}
    assert sorted(states.values()) == ["duplicate", *["landed"] * len(PERIODS)]
    (table,) = deployment.lake.tables()
    assert len(deployment.lake.history(table)) == len(PERIODS)
    expected = sum(ROWS + number - FAILING for number in range(len(PERIODS)))
    people = deployment.lake.dataset(table, ["person_id"]).to_table().column("person_id")
    assert len(people) == expected
    assert len(people.unique()) == ROWS + len(PERIODS) - 1 - FAILING, "one id a person"
    tags = [
        (str(entry.tag), entry.subject)
        for entry in deployment.ledger.entries()
        if entry.subject.startswith("submission/")
    ]
    done = [pair for pair in tags if pair[0] != "receipt:issued"]  # a receipt may be written anew
    assert [pair for pair in done if done.count(pair) > 1] == [], "nothing is done twice"
    landed = [subject for tag, subject in tags if tag == "table:committed"]
    assert sorted(landed) == sorted(f"submission/{i}" for i in states if states[i] == "landed")
    assert deployment.ledger.verify().verified
    assert list(deployment.zones.store(Zone.STAGING).list()) == []
    assert len(list(deployment.zones.store(Zone.QUARANTINE).list())) == len(PERIODS)
    deployment.store.close()


def _shared_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """What two machines of one deployment would share."""
    server: str = request.getfixturevalue("postgres_url")
    name = f"loads_{secrets.token_hex(6)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return {
        "ENCLAVE_DATABASE_URL": server.rsplit("/", 1)[0] + f"/{name}",
        "ENCLAVE_AZURE_CONNECTION_STRING": request.getfixturevalue("azurite").connection_string,
        "ENCLAVE_CONTAINER_PREFIX": f"l{secrets.token_hex(6)}",
    }
