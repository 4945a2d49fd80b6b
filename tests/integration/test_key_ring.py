"""The key ring over both stores: one key for all who race for it, tombstones, tampering."""

import base64
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from enclave.adapters.keyring import StoredKeyRing, init_ring, open_ring
from enclave.adapters.wrapping import LocalWrapper, create_wrapping_key, load_wrapping_key
from enclave.errors import KeyRingError
from enclave.keys import KeyId
from enclave.settings import EnclaveSettings
from enclave.zones import Zone, Zones
from governance.errors import ConfigurationError
from governance.objects import ObjectStore
from tests.lib.rings import build_ring

ROOT = Path(__file__).resolve().parents[2]
WRAPPING_KEY = secrets.token_bytes(32)
RECORD = "keys/staging/sde.json"

ASKER = """
import sys
from pathlib import Path
from tests.lib.rings import build_ring
ring = build_ring(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
print(*(ring.current("staging", f"a{n}").material.hex() for n in range(20)), flush=True)
"""


@pytest.fixture
def store(zones: Zones) -> ObjectStore:
    return zones.store(Zone.IDENTITY)


def open_again(store: ObjectStore, key: bytes = WRAPPING_KEY, **options: Any) -> StoredKeyRing:
    return StoredKeyRing(store, LocalWrapper(key), **options)


def test_a_key_is_made_once_and_found_again(store: ObjectStore) -> None:
    key = open_again(store).current("staging", "sde")
    assert str(key.id) == "staging/sde/1"
    assert len(key.material) == 32
    ring = open_again(store)
    assert ring.current("staging", "sde").material == key.material
    assert ring.get(key.id).material == key.material
    others = [ring.current("curated", "sde"), ring.current("staging", "dol")]
    assert len({key.material, *(other.material for other in others)}) == 3
    assert key.material not in store.read(RECORD)


def test_threads_and_rings_that_race_get_the_same_key(store: ObjectStore) -> None:
    rings = [open_again(store) for _ in range(4)]
    start = threading.Barrier(16)

    def ask(n: int) -> bytes:
        start.wait()
        return rings[n % 4].current("staging", "sde").material

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1
    assert len(list(open_again(store).states())) == 1


def test_processes_that_race_get_the_same_keys(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, str(tmp_path / "ring"), WRAPPING_KEY.hex()],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    answers = [process.communicate("go\n")[0] for process in processes]
    assert len(set(answers)) == 1
    assert len(set(answers[0].split())) == 20


def test_rotation_keeps_what_was_before(store: ObjectStore) -> None:
    ring = open_again(store)
    first = ring.current("staging", "sde")
    second = ring.rotate("staging", "sde")
    assert second.id.version == 2
    assert second.material != first.material
    assert ring.current("staging", "sde") == second
    assert ring.get(first.id) == first
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: open_again(store).rotate("staging", "sde"), range(4)))
    assert sorted(key.id.version for key in made) == [3, 4, 5, 6]


def test_another_ring_sees_a_rotation_after_its_refresh(store: ObjectStore) -> None:
    slow, quick = open_again(store), open_again(store, refresh_seconds=0)
    first = slow.current("staging", "sde")
    assert quick.current("staging", "sde") == first
    second = open_again(store).rotate("staging", "sde")
    assert slow.current("staging", "sde") == first
    assert quick.current("staging", "sde") == second
    assert slow.get(second.id) == second


def test_a_destroyed_key_is_gone_for_everybody_and_says_when(store: ObjectStore) -> None:
    ring, other = open_again(store), open_again(store, refresh_seconds=0)
    key = ring.current("quarantine", "sde")
    kept = ring.rotate("quarantine", "sde")
    other.get(key.id)
    ring.destroy(key.id)
    ring.destroy(key.id)
    for each in (ring, other, open_again(store)):
        with pytest.raises(KeyRingError, match="destroyed on 20"):
            each.get(key.id)
        assert each.current("quarantine", "sde") == kept
    ring.destroy(kept.id)
    with pytest.raises(KeyRingError, match="destroyed"):
        ring.current("quarantine", "sde")
    states = list(open_again(store).states())
    assert [(str(state.id), state.algorithm) for state in states] == [
        ("quarantine/sde/1", None),
        ("quarantine/sde/2", None),
    ]
    assert all(state.destroyed_at for state in states)
    record = json.loads(store.read("keys/quarantine/sde.json"))
    assert not any("wrapped" in version for version in record["versions"])
    assert ring.rotate("quarantine", "sde").id.version == 3


def test_unknown_keys_are_refused(store: ObjectStore) -> None:
    ring = open_again(store)
    ring.current("staging", "sde")
    for key_id in (KeyId("staging", "sde", 2), KeyId("staging", "dol", 1)):
        with pytest.raises(KeyRingError, match="no key"):
            ring.get(key_id)
        with pytest.raises(KeyRingError, match="no key"):
            ring.destroy(key_id)


def test_another_wrapping_key_does_not_open_the_ring(store: ObjectStore) -> None:
    open_again(store).current("staging", "sde")
    with pytest.raises(KeyRingError, match="another wrapping key"):
        open_again(store, secrets.token_bytes(32)).current("staging", "sde")


def test_a_changed_record_is_noticed(store: ObjectStore) -> None:
    ring = open_again(store)
    ring.current("staging", "sde")
    ring.current("staging", "dol")
    good = json.loads(store.read(RECORD))
    other = json.loads(store.read("keys/staging/dol.json"))["versions"][0]

    def changed(**fields: object) -> bytes:
        return json.dumps({**good, "versions": [{**good["versions"][0], **fields}]}).encode()

    wrapped = bytearray(base64.b64decode(good["versions"][0]["wrapped"]))
    wrapped[5] ^= 1
    records = [
        changed(wrapped=base64.b64encode(wrapped).decode()),
        changed(wrapped="AAAA"),
        changed(wrapped="not base64!"),
        changed(wrapped=other["wrapped"]),
        changed(wrapped=other["wrapped"], check=other["check"]),
        changed(check="00" * 32),
        changed(check="é"),
        changed(version=2),
        changed(algorithm=None, wrapped=None),
        json.dumps({**good, "scope": "dol"}).encode(),
        json.dumps({**good, "format": "key-ring/9"}).encode(),
        store.read("keys/staging/dol.json"),
        b"",
        b"[]",
        b'{"versions": 1}',
    ]
    for record in records:
        store.put(RECORD, record)
        with pytest.raises(KeyRingError):
            open_again(store).current("staging", "sde")


def test_bad_names_are_refused(store: ObjectStore) -> None:
    ring = open_again(store)
    for purpose, scope in (
        ("", "a"),
        ("a", ""),
        ("A", "a"),
        ("a/b", "c"),
        ("a", "../b"),
        ("a", "é"),
    ):
        with pytest.raises(KeyRingError):
            ring.current(purpose, scope)
    assert str(ring.current("staging", "sde/education").id) == "staging/sde/education/1"
    assert [str(s.id) for s in ring.states()] == ["staging/sde/education/1"]


def test_no_representation_shows_material(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ring = build_ring(tmp_path, WRAPPING_KEY)
    key = ring.current("staging", "sde")
    said = [repr(ring), repr(key), str(key), f"{key}", str(list(ring.states())), caplog.text]
    ring.destroy(key.id)
    with pytest.raises(KeyRingError) as caught:
        ring.get(key.id)
    said.append("".join(traceback.format_exception(caught.value)))
    said.append(repr(LocalWrapper(WRAPPING_KEY)))
    for secret in (key.material, WRAPPING_KEY):
        forms = (secret.hex(), repr(secret)[2:-1], base64.b64encode(secret).decode())
        assert not any(form in text for form in forms for text in said)


def test_the_wrapping_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "wrapping.key"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: create_wrapping_key(path), range(8)))
    key = load_wrapping_key(path)
    create_wrapping_key(path)
    assert load_wrapping_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["wrapping.key"]


def test_an_unsafe_or_damaged_wrapping_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrapping.key"
    with pytest.raises(ConfigurationError, match="missing"):
        load_wrapping_key(path)
    create_wrapping_key(path)
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="Others may read"):
        load_wrapping_key(path)
    path.chmod(0o600)
    for text in ("", "zz", "00" * 31, "é"):
        path.write_text(text)
        with pytest.raises(ConfigurationError):
            load_wrapping_key(path)


def test_a_deployment_opens_its_own_ring(
    settings_local: EnclaveSettings, zones_local: Zones
) -> None:
    identity = zones_local.store(Zone.IDENTITY)
    with pytest.raises(ConfigurationError, match="enclave init"):
        open_ring(settings_local, identity)
    init_ring(settings_local)
    key = open_ring(settings_local, identity).current("staging", "sde")
    init_ring(settings_local)
    assert open_ring(settings_local, identity).get(key.id).material == key.material
