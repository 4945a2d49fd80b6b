import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from governance.errors import ConfigurationError
from governance.event_feed import (
    START,
    EventBatch,
    FeedPosition,
    batch_key,
    load_keys,
    parse_batch,
    pin_key,
    read_feed,
)
from governance.event_feed.model import CURRENT_KEY, FEED_TYPE
from governance.signing import Envelope, LocalSigner, sign_envelope
from tests.lib.feed import KEYS, SIGNER, Plane, put_batch

OTHER = LocalSigner.derive(b"\x0f" * 32)


def build_plane(batches: int = 4) -> Plane:
    plane = Plane()
    for n in range(batches):
        plane.receive(f"s{n}")
        plane.publish()
    return plane


def batch_of(plane: Plane, number: int) -> EventBatch:
    return parse_batch(Envelope.from_json(plane.policy.read(batch_key(number))).payload)


def test_a_whole_feed_is_read_and_goes_on_where_it_ended() -> None:
    plane = build_plane(3)
    first = read_feed(plane.policy, KEYS)
    assert [b.number for b in first.batches] == [1, 2, 3]
    assert first.stop is None
    assert (first.position.through, first.position.ledger_head) == (
        3,
        plane.ledger.entry(3).hash,
    )
    assert read_feed(plane.policy, KEYS, first.position).batches == ()
    plane.receive("later")
    plane.publish()
    assert [b.number for b in read_feed(plane.policy, KEYS, first.position).batches] == [4]
    assert [b.number for b in read_feed(plane.policy, KEYS, at_most=2).batches] == [1, 2]


def remove(plane: Plane) -> None:
    plane.policy.delete(batch_key(3))


def remove_with_current(plane: Plane) -> None:
    plane.policy.delete(batch_key(3))
    plane.policy.delete(CURRENT_KEY)


def alter(plane: Plane) -> None:
    raw = Envelope.from_json(plane.policy.read(batch_key(3)))
    changed = raw.payload.replace(b'"dataset":"enrollment"', b'"dataset":"enrolment"')
    assert changed != raw.payload
    forged = Envelope(raw.payload_type, changed, raw.signatures)
    plane.policy.put(batch_key(3), forged.to_json())


def replay(plane: Plane) -> None:
    plane.policy.put(batch_key(3), plane.policy.read(batch_key(2)))


def unsign(plane: Plane) -> None:
    raw = Envelope.from_json(plane.policy.read(batch_key(3)))
    plane.policy.put(batch_key(3), Envelope(raw.payload_type, raw.payload, ()).to_json())


def sign_by_another(plane: Plane) -> None:
    put_batch(plane.policy, batch_of(plane, 3), OTHER)


def sign_as_another_type(plane: Plane) -> None:
    raw = Envelope.from_json(plane.policy.read(batch_key(3)))
    forged = sign_envelope(f"{FEED_TYPE}-x", raw.payload, (SIGNER,))
    plane.policy.put(batch_key(3), forged.to_json())


def fork(plane: Plane) -> None:
    """Signed by the right key, but it does not follow: an older state of the plane restored."""
    put_batch(plane.policy, batch_of(plane, 3).model_copy(update={"previous": "ab" * 32}))


def skip_an_entry(plane: Plane) -> None:
    batch = batch_of(plane, 3)
    put_batch(plane.policy, batch.model_copy(update={"after": batch.after + 1, "events": ()}))


def back_date(plane: Plane) -> None:
    batch = batch_of(plane, 3)
    put_batch(plane.policy, batch.model_copy(update={"at": batch.at - timedelta(days=1)}))


def write_garbage(plane: Plane) -> None:
    plane.policy.put(batch_key(3), b"{}")


def tell_more(plane: Plane) -> None:
    payload = json.loads(Envelope.from_json(plane.policy.read(batch_key(3))).payload)
    payload["events"][0]["facts"]["file_name"] = "smith.csv"
    data = json.dumps(payload).encode()
    plane.policy.put(batch_key(3), sign_envelope(FEED_TYPE, data, (SIGNER,)).to_json())


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (remove, "feed.gap"),
        (remove_with_current, "feed.gap"),
        (alter, "feed.signature"),
        (replay, "feed.number"),
        (unsign, "feed.signature"),
        (sign_by_another, "feed.signature"),
        (sign_as_another_type, "feed.signature"),
        (write_garbage, "feed.signature"),
        (fork, "feed.chain"),
        (skip_an_entry, "feed.chain"),
        (back_date, "feed.chain"),
        (tell_more, "feed.malformed"),
    ],
)
def test_what_does_not_verify_stops_the_feed_and_what_did_is_kept(
    damage: Callable[[Plane], None], rule: str
) -> None:
    plane = build_plane()
    damage(plane)
    reading = read_feed(plane.policy, KEYS)
    assert [b.number for b in reading.batches] == [1, 2]
    assert reading.stop is not None
    assert (reading.stop.rule, reading.stop.number) == (rule, 3)
    assert "smith" not in reading.stop.reason
    again = read_feed(plane.policy, KEYS, reading.position)
    assert (again.batches, again.stop) == ((), reading.stop)

    plane.feed.publish(plane.now, mend=True)
    mended = read_feed(plane.policy, KEYS, reading.position)
    assert ([b.number for b in mended.batches], mended.stop) == ([3, 4], None)


def test_a_feed_that_was_rolled_back_is_told() -> None:
    plane = build_plane()
    position = read_feed(plane.policy, KEYS).position
    for number in (3, 4):
        plane.policy.delete(batch_key(number))
    plane.policy.put(CURRENT_KEY, plane.policy.read(batch_key(2)))
    stop = read_feed(plane.policy, KEYS, position).stop
    assert stop is not None
    assert stop.rule == "feed.rolled_back"


def test_a_silent_feed_is_told_and_a_sign_of_life_ends_it() -> None:
    plane = build_plane(1)
    reading = read_feed(plane.policy, KEYS)
    assert reading.silent_since(plane.now + timedelta(hours=30)) is None
    assert reading.silent_since(plane.now + timedelta(hours=40)) is not None
    plane.now += timedelta(hours=25)
    assert plane.publish() == 1
    assert plane.publish(heartbeat=True) == 2
    assert plane.publish(heartbeat=True) == 2
    reading = read_feed(plane.policy, KEYS, reading.position)
    assert reading.batches[0].events == ()
    assert reading.silent_since(plane.now + timedelta(hours=30)) is None


def test_an_empty_feed_is_no_stop() -> None:
    reading = read_feed(Plane().policy, KEYS)
    assert (reading.batches, reading.position, reading.stop) == ((), START, None)
    assert reading.silent_since(Plane().now) is None
    assert FeedPosition() == START


def test_keys_are_pinned_once_and_another_only_when_said(tmp_path: Path) -> None:
    file = tmp_path / "trust" / "enclave.json"
    jwk = json.dumps(SIGNER.public_key.to_dict()).encode()
    with pytest.raises(ConfigurationError, match="trust-enclave"):
        load_keys(file)
    pin_key(file, jwk)
    pin_key(file, jwk)
    assert load_keys(file) == KEYS
    other = json.dumps(OTHER.public_key.to_dict()).encode()
    with pytest.raises(ConfigurationError, match="Another key"):
        pin_key(file, other)
    assert load_keys(file) == KEYS
    pin_key(file, other, also=True)
    assert set(load_keys(file)) == {*KEYS, OTHER.public_key.key_id}
    assert file.stat().st_mode & 0o777 == 0o600
    single = tmp_path / "single.json"
    single.write_bytes(jwk)
    assert load_keys(single) == KEYS


@pytest.mark.parametrize("bad", [b"", b"[]", b"{}", b'{"keys":[]}', b'{"kty":"RSA"}', b"\xff"])
def test_what_is_no_key_is_refused(tmp_path: Path, bad: bytes) -> None:
    with pytest.raises(ConfigurationError, match="no public key"):
        pin_key(tmp_path / "k.json", bad)
    (tmp_path / "k.json").write_bytes(bad)
    with pytest.raises(ConfigurationError, match="no public key"):
        load_keys(tmp_path / "k.json")
