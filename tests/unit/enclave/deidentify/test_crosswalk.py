from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

from enclave.deidentify import Crosswalk, MissingIdentityError
from enclave.deidentify import crosswalk_store as stored
from enclave.errors import EvidenceError, KeyRingError
from enclave.keys import KeyId
from governance.errors import ConfigurationError, LeaseHeldError, PreconditionFailedError
from tests.lib.memory import MemoryRing, MemoryStore


class Identity:
    """An identity zone with its keys."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.ring = MemoryRing()

    def crosswalk(self, agency: str = "dol", domain: str = "ssn", generation: int = 0) -> Crosswalk:
        return Crosswalk(
            self.store, self.ring, agency, domain, at_least_generation=generation, wait_seconds=0
        )

    def load(
        self, people: Sequence[str | None], agency: str = "dol", domain: str = "ssn"
    ) -> list[bytes]:
        with self.crosswalk(agency, domain) as crosswalk:
            ids = resolve(crosswalk, people)
            crosswalk.commit()
        return ids

    def segments(self) -> list[str]:
        return [key for key in self.store.objects if "/segments/" in key]


@pytest.fixture
def identity() -> Identity:
    return Identity()


def resolve(crosswalk: Crosswalk, people: Sequence[str | None]) -> list[bytes]:
    batch = pa.record_batch({"ssn": pa.array(people, pa.string())})
    return [row.tobytes() for row in crosswalk.resolve(batch)]


def fail_after(crosswalk: Crosswalk) -> None:
    resolve(crosswalk, numbered(0, 10))
    resolve(crosswalk, [None])


def numbered(start: int, stop: int) -> list[str]:
    return [f"{number:09d}" for number in range(start, stop)]


def test_one_person_has_one_id_and_different_people_different_ones(identity: Identity) -> None:
    ids = identity.load(["000000001", "000000002", "000000001"])
    assert ids[0] == ids[2] != ids[1]
    assert len(ids[0]) == 16


def test_a_second_load_finds_the_same_ids(identity: Identity) -> None:
    first = identity.load(numbered(0, 500))
    again = identity.load(list(reversed(numbered(250, 750))))
    assert again[250:] == list(reversed(first[250:]))
    assert not set(again[:250]) & set(first)


def test_ids_are_random_and_not_made_from_the_identifier() -> None:
    one, other = Identity(), Identity()
    other.ring = one.ring
    assert one.load(["000000001"]) != other.load(["000000001"])


def test_agency_and_domain_each_have_their_own_ids(identity: Identity) -> None:
    made = [
        identity.load(["000000001"], agency=agency, domain=domain)[0]
        for agency in ("dol", "sde")
        for domain in ("ssn", "sasid")
    ]
    assert len(set(made)) == 4


def test_two_threads_agree_on_a_new_person(identity: Identity) -> None:
    people = numbered(0, 20_000)
    rng = np.random.default_rng(7)
    batches = [[people[i] for i in rng.permutation(20_000)] for _ in range(8)]
    with identity.crosswalk() as crosswalk, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda batch: resolve(crosswalk, batch), batches))
        assert crosswalk.commit().new_people == 20_000
    ids: dict[str, bytes] = {}
    for batch, answer in zip(batches, answers, strict=True):
        for person, code in zip(batch, answer, strict=True):
            assert ids.setdefault(person, code) == code
    assert len(set(ids.values())) == 20_000


def test_resolving_while_another_thread_commits(identity: Identity) -> None:
    with identity.crosswalk() as crosswalk, ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(resolve, crosswalk, numbered(start % 5 * 100, start % 5 * 100 + 300))
            for start in range(60)
        ]
        for _ in range(10):
            crosswalk.commit()
        answers = [future.result() for future in waiting]
        state = crosswalk.commit()
    assert state.people == 700
    assert len({code for answer in answers for code in answer}) == 700
    assert len(set(identity.load(numbered(0, 700)))) == 700


def test_a_pass_that_fails_leaves_nothing(identity: Identity) -> None:
    with (
        pytest.raises(MissingIdentityError),
        identity.crosswalk() as crosswalk,
    ):
        fail_after(crosswalk)
    assert identity.store.objects == {}


def test_a_pass_that_starts_over_forgets_whom_it_leaves_out(identity: Identity) -> None:
    known = identity.load(numbered(0, 5))
    with identity.crosswalk() as crosswalk:
        resolve(crosswalk, numbered(0, 10))
        crosswalk.forget()
        assert resolve(crosswalk, numbered(0, 7))[:5] == known
        assert crosswalk.commit().people == 7


@pytest.mark.parametrize("where", ["segments", "manifest"])
def test_a_crash_during_the_commit_leaves_no_person(identity: Identity, where: str) -> None:
    before = identity.load(numbered(0, 10))
    identity.store.fail_on = f"crosswalk/dol/ssn/{where}"
    with pytest.raises(ConnectionError):
        identity.load(numbered(0, 100))
    identity.store.fail_on = None
    with identity.crosswalk() as crosswalk:
        assert crosswalk.people == 10
        assert resolve(crosswalk, numbered(0, 10)) == before
    identity.load(numbered(0, 100))
    assert len(identity.segments()) == 1


def test_a_rerun_after_the_commit_writes_nothing(identity: Identity) -> None:
    first = identity.load(numbered(0, 100))
    objects = dict(identity.store.objects)
    assert identity.load(numbered(0, 100)) == first
    assert identity.store.objects == objects


def test_another_writer_in_spite_of_the_lease_loses(identity: Identity) -> None:
    identity.load(numbered(0, 5))
    with identity.crosswalk() as crosswalk:
        resolve(crosswalk, numbered(0, 10))
        manifest = identity.store.read("crosswalk/dol/ssn/manifest")
        identity.store.put("crosswalk/dol/ssn/manifest", manifest)
        with pytest.raises(PreconditionFailedError):
            crosswalk.commit()


def test_only_one_pass_at_a_time(identity: Identity) -> None:
    with identity.crosswalk():
        with pytest.raises(LeaseHeldError), identity.crosswalk():
            pass
        with identity.crosswalk(domain="sasid"):
            pass
    with identity.crosswalk():
        pass


def test_outside_its_context_it_does_nothing(identity: Identity) -> None:
    crosswalk = identity.crosswalk()
    with pytest.raises(EvidenceError):
        resolve(crosswalk, ["000000001"])
    with crosswalk:
        pass
    with pytest.raises(EvidenceError):
        crosswalk.commit()


def test_no_identity_no_id(identity: Identity) -> None:
    with identity.crosswalk() as crosswalk, pytest.raises(MissingIdentityError):
        resolve(crosswalk, ["000000001", None])


@pytest.mark.parametrize("part", ["manifest", "segments"])
@pytest.mark.parametrize("change", ["flip", "cut", "empty", "noise"])
def test_an_altered_object_is_noticed(identity: Identity, part: str, change: str) -> None:
    identity.load(numbered(0, 10))
    key = next(k for k in identity.store.objects if part in k)
    content = identity.store.read(key)
    changed = {
        "flip": content[:40] + bytes([content[40] ^ 1]) + content[41:],
        "cut": content[:-1],
        "empty": b"",
        "noise": b"x" * len(content),
    }[change]
    identity.store.put(key, changed)
    with pytest.raises(EvidenceError), identity.crosswalk():
        pass


def test_a_segment_cannot_stand_in_for_another(identity: Identity) -> None:
    identity.load(numbered(0, 10))
    identity.load(numbered(0, 10), agency="sde")
    ours, theirs = identity.segments()
    identity.store.put(ours, identity.store.read(theirs))
    with pytest.raises(EvidenceError), identity.crosswalk():
        pass


def test_a_missing_segment_is_noticed(identity: Identity) -> None:
    identity.load(numbered(0, 10))
    identity.store.delete(identity.segments()[0])
    with pytest.raises(EvidenceError), identity.crosswalk():
        pass


def test_an_older_manifest_is_noticed_by_who_knows_the_ledger(identity: Identity) -> None:
    identity.load(numbered(0, 100))
    old = dict(identity.store.objects)
    identity.load(numbered(0, 110))
    identity.store.objects = old
    with pytest.raises(EvidenceError), identity.crosswalk(generation=2):
        pass
    with pytest.raises(EvidenceError), Identity().crosswalk(generation=1):
        pass


def test_a_destroyed_key_closes_the_crosswalk(identity: Identity) -> None:
    identity.load(numbered(0, 10))
    identity.ring.destroy(KeyId("crosswalk-data", "dol", 1))
    with pytest.raises(KeyRingError), identity.crosswalk():
        pass


def test_rotated_keys_change_no_id(identity: Identity) -> None:
    first = identity.load(numbered(0, 10))
    identity.ring.rotate("crosswalk-data", "dol")
    identity.ring.rotate("crosswalk-lookup", "dol")
    again = identity.load(numbered(0, 20))
    assert again[:10] == first
    assert identity.load(numbered(0, 20)) == again


def test_small_segments_are_merged(identity: Identity) -> None:
    known: dict[str, bytes] = {}
    for start in range(0, 640, 10):
        people = numbered(start, start + 10)
        known |= dict(zip(people, identity.load(people), strict=True))
    assert len(identity.segments()) <= 8
    assert identity.load(list(known)) == list(known.values())


def test_full_segments_are_left_alone(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enclave.deidentify.crosswalk.SEGMENT_ENTRIES", 64)
    first = identity.load(numbered(0, 200))
    full = set(identity.segments())
    assert len(full) == 4
    second = identity.load(numbered(0, 400))
    assert len(full & set(identity.segments())) == 3
    assert second[:200] == first


def test_nothing_of_the_identifier_lies_in_the_store(identity: Identity) -> None:
    identity.load(["078051120"])
    for content, info in identity.store.objects.values():
        assert b"078051120" not in content
        assert "078051120" not in info.key


@pytest.mark.parametrize(("agency", "domain"), [("../sde", "ssn"), ("dol", "a/b"), ("", "ssn")])
def test_names_are_plain(identity: Identity, agency: str, domain: str) -> None:
    with pytest.raises(ConfigurationError):
        stored.CrosswalkStore(identity.store, identity.ring, agency, domain)


def test_a_person_taken_out_is_known_no_more_and_the_others_still_are(identity: Identity) -> None:
    people = numbered(1, 50)
    before = dict(zip(people, identity.load(people), strict=True))
    gone = people[7]

    with identity.crosswalk() as crosswalk:
        state = crosswalk.erase(pa.record_batch({"ssn": pa.array([gone])}))

    assert (state.generation, state.people, state.new_people) == (2, 48, -1)
    assert len(identity.segments()) == 1, "the segment that held the link is deleted"
    after = dict(zip(people, identity.load(people), strict=True))
    assert {p for p in people if before[p] != after[p]} == {gone}, "who comes again is somebody new"


def test_taking_out_somebody_unknown_writes_nothing(identity: Identity) -> None:
    identity.load(numbered(1, 5))
    before = dict(identity.store.objects)

    with identity.crosswalk() as crosswalk:
        state = crosswalk.erase(pa.record_batch({"ssn": pa.array(["999000111"])}))

    assert (state.generation, state.new_people) == (1, 0)
    assert identity.store.objects == before


def test_the_last_person_may_be_taken_out(identity: Identity) -> None:
    identity.load(["000000001"])

    with identity.crosswalk() as crosswalk:
        state = crosswalk.erase(pa.record_batch({"ssn": pa.array(["000000001"])}))
        assert crosswalk.people == 0

    assert state.people == 0
    assert identity.segments() == []
