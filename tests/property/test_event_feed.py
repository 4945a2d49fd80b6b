"""Whatever is recorded, cut short or damaged: what is read is a beginning of the truth."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.audit import Tag
from governance.event_feed import PUBLISHED, batch_key, read_feed
from governance.event_feed.model import CURRENT_KEY
from governance.event_feed.published import COUNTED
from tests.lib.feed import KEYS, Plane

TAGS = st.sampled_from([*Tag])
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.text(max_size=40), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(), st.none(), st.dictionaries(st.text(max_size=8), st.integers(), max_size=2),
)  # fmt: skip
NAMES = sorted({name for shapes in PUBLISHED.values() for name in shapes} | {"sql", "person"})
ENTRIES = st.tuples(TAGS, st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
SCRIPT = st.lists(st.one_of(ENTRIES, st.just("publish"), st.just("crash")), max_size=25)


def play(script: list[Any]) -> Plane:
    plane = Plane()
    for step in script:
        if step == "publish":
            plane.publish()
        elif step == "crash":
            plane.policy.fail_put_at = plane.policy.puts + 1
            try:
                plane.publish()
            except KeyboardInterrupt:
                plane.reopen()
            plane.policy.fail_put_at = None
        else:
            tag, facts = step
            plane.ledger.append(tag, "submission/s1", facts, at=plane.now)
    plane.publish()
    return plane


@given(SCRIPT)
@settings(max_examples=60, deadline=None)
def test_every_published_entry_is_told_once_and_no_other_fact(script: list[Any]) -> None:
    plane = play(script)
    recorded = [step for step in script if isinstance(step, tuple)]
    reading = read_feed(plane.policy, KEYS)
    assert reading.stop is None
    events = [e for b in reading.batches for e in b.events]
    assert [e.seq for e in events] == [
        seq for seq, (tag, _) in enumerate(recorded, 1) if tag in PUBLISHED
    ]
    for event in events:
        assert all(recorded[event.seq - 1][1][name] == v for name, v in event.facts.items())
    counts = [q for b in reading.batches for q in b.queries]
    for tag, name in COUNTED.items():
        assert sum(getattr(q, name) for q in counts) == sum(t is tag for t, _ in recorded)


@given(
    st.integers(2, 6), st.integers(1, 6), st.sampled_from(["delete", "flip", "swap"]),
    st.integers(0, 10_000), st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_damage_to_any_batch_is_never_read_past(
    size: int,
    target: int,
    damage: str,
    position: int,
    drop_current: bool,
) -> None:
    plane = Plane()
    for n in range(size):
        plane.receive(f"s{n}")
        plane.publish()
    target = min(target, size)
    key, last = batch_key(target), batch_key(size)
    data = plane.policy.read(key)
    if damage == "delete":
        plane.policy.delete(key)
    elif damage == "flip":
        at = position % len(data)
        plane.policy.put(key, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    else:
        other = batch_key(target % size + 1)
        plane.policy.put(key, plane.policy.read(other))
    if drop_current:
        plane.policy.delete(CURRENT_KEY)
    reading = read_feed(plane.policy, KEYS)
    told = [e.subject for b in reading.batches for e in b.events]
    assert told == [f"submission/s{n}" for n in range(len(told))]
    if len(told) >= target:
        # A flipped bit in base64 padding or in another signer's name can leave the bytes as signed.
        assert damage == "flip"
    elif not (damage == "delete" and key == last and drop_current):
        assert reading.stop is not None
        assert reading.stop.number == target
