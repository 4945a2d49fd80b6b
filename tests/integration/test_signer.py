"""The signer on a real programme: what it publishes, when, and each once; on both databases."""

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.errors import ProgrammeError
from governance.grants import (
    BundleRefusedError,
    create_root,
    decide_access,
    publish_root,
    sign_bundle,
)
from governance.grants.bundle import verify_people
from governance.grants.publish import fetch_people, published_marks
from governance.objects.opening import open_container
from governance.people import PersonEnded
from governance.permissions import SIGNER
from governance.requests.model import RequestedDataset
from governance.requests.states import Act, Status
from governance.services.ledger import make_checkpoint
from governance.services.requests import read_request
from governance.signer import RunReport, SignerKeyError, run_forever, running
from governance.signer.publishing import Publisher
from governance.signing import LocalSigner
from tests.lib.azurite import Azurite
from tests.lib.deployments import CrashError
from tests.lib.journey import MEETING_AT, Journey
from tests.lib.programme import STARTS_AT
from tests.lib.requests import build_content
from tests.lib.signing import KEY, PROJECT, ROOT_KEY, Desk


@pytest.fixture
def desk(database_of_office: str | None, tmp_path: Path) -> Iterator[Desk]:
    """A programme on each database."""
    made = Desk(tmp_path, database_of_office)
    yield made
    made.office.programme.close()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Desk]:
    """A programme on SQLite."""
    made = Desk(tmp_path)
    yield made
    made.office.programme.close()


def people(desk: Desk) -> list[str]:
    return [person.id for person in desk.bundle().people]


def status(desk: Desk, number: str) -> list[Status]:
    view = read_request(desk.office.programme, SIGNER, number)
    return [version.status for version in view.request.versions]


@pytest.mark.parametrize("runs_on", [False, True])
def test_a_grant_follows_its_request_from_the_last_signature_to_the_revocation(
    desk: Desk, *, runs_on: bool
) -> None:
    if runs_on:
        desk.keep()
    number = desk.journey.approved()
    desk.to(MEETING_AT + timedelta(days=6))
    desk.send(number)
    report = desk.sign()
    assert report.published == []
    rules = {denial.rule for denial in report.waiting[number]}
    assert rules == {"chain.signatures", "chain.people"}

    desk.sign_agreement(number)
    desk.train(number, "p-ruiz", "p-chen", "p-okafor")
    desk.swear(number, "p-ruiz", "p-chen")
    assert desk.sign().published == [(f"grants/{PROJECT}", 1)]
    assert people(desk) == ["p-ruiz", "p-chen"]
    assert status(desk, number) == [Status.GRANTED]
    assert decide_access(desk.verified(), "p-ruiz", desk.today()).permitted
    assert desk.tags()[-2:] == ["grant:published", "data_request:granted"]
    assert desk.sign().published == []

    desk.swear(number, "p-okafor")
    assert desk.sign().published == [(f"grants/{PROJECT}", 2)]
    assert people(desk) == ["p-ruiz", "p-chen", "p-okafor"]

    desk.train(number, "p-chen", until=date(2026, 12, 24))
    assert desk.sign().published == [(f"grants/{PROJECT}", 3)]

    desk.do(number, "p-office", Act.RECORD_LEAVER, person="p-okafor", left_on=desk.today())
    assert desk.sign().published == [(f"grants/{PROJECT}", 4)]
    assert people(desk) == ["p-ruiz", "p-chen"]

    with desk.office.programme.store.begin() as unit:
        last = desk.today() - timedelta(days=1)
        ended = PersonEnded(
            subject="p-chen", at=desk.office.clock(), by="p-office", last_day=last, reason="Left."
        )
        unit.append("person", "p-chen", (ended,), based_on=None, actor="p-office")
    assert desk.sign().published == [(f"grants/{PROJECT}", 5)]
    assert people(desk) == ["p-ruiz"]
    begun = desk.bundle().granted_from

    wider = build_content(
        datasets=(
            RequestedDataset(dataset="sde/enrollment", variables=("grade", "year")),
            RequestedDataset(dataset="dol/quarterly_wages", variables=("amount", "year")),
        )
    )
    desk.do(number, "p-ruiz", Act.AMEND, content=wider)
    desk.do(number, "p-ruiz", Act.SUBMIT, version=2)
    assert desk.sign().published == []
    assert desk.bundle().granted_from == begun
    desk.journey.review(number, version=2)
    desk.journey.vote(number, at=MEETING_AT + timedelta(days=28), meeting="DGB-4", motion="M-2")
    desk.send(number, version=2)
    report = desk.sign()
    assert report.published == [(f"grants/{PROJECT}", 6)]  # the old version, before it is stale
    assert number in report.waiting
    desk.sign_agreement(number, version=2)
    # Other variables are other terms: until somebody accepts them the older grant goes on.
    report = desk.sign()
    assert report.published == []
    assert "chain.people" in {d.rule for d in report.waiting[number]}
    assert decide_access(desk.verified(), "p-ruiz", desk.today()).permitted
    desk.swear(number, "p-ruiz", version=2)
    assert desk.sign().published == [(f"grants/{PROJECT}", 7)]
    granted = desk.bundle().dataset("sde/enrollment")
    assert granted is not None
    assert granted.columns == ("grade", "year")
    assert status(desk, number) == [Status.SUPERSEDED, Status.GRANTED]

    reason = "The terms were broken."
    desk.do(number, "p-office", Act.REVOKE, version=2, on=desk.today(), reason=reason)
    assert desk.sign().published == [(f"grants/{PROJECT}", 8)]
    denied = decide_access(desk.verified(), "p-ruiz", desk.today())
    assert {d.rule for d in denied.denials} == {"grant.revoked"}
    assert reason in denied.denials[0].reason
    told = desk.facts(desk.tags().index("grant:revoked") + 1)["facts"]
    assert told == {"project": PROJECT, "version": 8, "reason": "the request was revoked"}
    assert desk.sign().published == []
    assert desk.tags().count("grant:published") == 8


def test_a_grant_is_published_anew_before_it_is_stale_and_says_the_same(local: Desk) -> None:
    number = local.granted()
    local.sign()
    first, granted = local.bundle(), local.tags().count("data_request:granted")
    local.to(local.office.clock.now + timedelta(days=3))
    assert local.sign().published == []
    local.to(local.office.clock.now + timedelta(days=1))
    assert local.sign().published == [(f"grants/{PROJECT}", 2)]
    second = local.bundle()
    assert second.expires_at - first.expires_at >= timedelta(days=4)
    assert (second.granted_from, second.people) == (first.granted_from, first.people)
    assert local.tags().count("data_request:granted") == granted
    assert status(local, number) == [Status.GRANTED]
    local.to(local.office.clock.now + timedelta(days=10))
    with pytest.raises(BundleRefusedError):
        local.bundle()
    assert local.sign().published == [(f"grants/{PROJECT}", 3)]


def test_a_chain_that_breaks_takes_the_grant_back_until_it_is_whole_again(local: Desk) -> None:
    number = local.granted("p-ruiz")
    local.sign()
    local.do(number, "p-office", Act.RECORD_LEAVER, person="p-ruiz", left_on=local.today())
    report = local.sign()
    assert report.published == [(f"grants/{PROJECT}", 2)]
    taken = local.bundle().revoked
    assert taken is not None
    assert "not whole" in taken.reason
    assert number in report.waiting
    assert local.sign().published == []
    local.train(number, "p-okafor")
    local.swear(number, "p-okafor")
    assert local.sign().published == [(f"grants/{PROJECT}", 3)]
    assert local.bundle().revoked is None
    assert people(local) == ["p-okafor"]


def test_conditions_of_owners_hold_access_back(local: Desk) -> None:
    local.journey.seat_members()
    number = local.journey.submit()
    local.do(number, "p-office", Act.ACCEPT_COMPLETE)
    for agency, asked in (("sde", ("Only in the enclave.",)), ("dol", ())):
        local.do(
            number, f"p-{agency}", Act.REVIEW_PART, agency=agency, choice="approve",
            reason="Fine.", conditions=asked,
        )  # fmt: skip
    local.journey.vote(number)
    local.to(MEETING_AT + timedelta(days=6))
    local.send(number)
    local.sign_agreement(number)
    local.train(number, "p-ruiz")
    local.swear(number, "p-ruiz")
    assert {d.rule for d in local.sign().waiting[number]} == {"chain.conditions"}
    local.do(number, "p-office", Act.MEET_CONDITION, condition="sde-1", met_on=local.today())
    assert local.sign().published == [(f"grants/{PROJECT}", 1)]


def crash_points() -> list[tuple[str, str, int]]:
    """Owner, function and how many calls pass before the process dies."""
    return [
        ("policy", "put", 0), ("policy", "put", 1), ("policy", "put", 2),
        ("publisher", "publish", 0), ("running", "save_memory", 0), ("running", "save_memory", 1),
        ("running", "record", 0), ("running", "record", 1), ("running", "act_on_request", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("owner", "name", "passing"), crash_points())
def test_killed_anywhere_the_next_run_adopts_what_was_published(
    local: Desk,
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
    name: str,
    passing: int,
    *,
    after: bool,
) -> None:
    local.settings.accounts_file.write_text("druiz: p-ruiz\n")
    number = local.granted()
    target: object = {"policy": local.office.programme.policy, "running": running}.get(
        owner, Publisher
    )
    original: Callable[..., Any] = getattr(target, name)
    calls = 0

    def guarded(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == passing + 1 and not after:
            raise CrashError
        result = original(*args, **kwargs)
        if calls == passing + 1:
            raise CrashError
        return result

    with monkeypatch.context() as patch:
        patch.setattr(target, name, guarded)
        try:
            local.sign()
            assert calls <= passing, "it never got there"
        except CrashError:
            pass
    published = local.versions()
    local.to(local.office.clock.now + timedelta(minutes=5))
    local.sign()
    assert local.sign().published == []
    assert local.bundle().version == 1
    assert local.versions() == ["000001", "current"]
    assert set(published) <= {"000001", "current"}
    tags = local.tags()
    assert tags.count("grant:published") == 1
    assert tags.count("data_request:granted") == 1
    assert tags.count("people:published") == 1
    assert status(local, number) == [Status.GRANTED]
    entry = tags.index("grant:published") + 1
    assert local.facts(entry)["facts"]["digest"] == local.verified().digest


def test_foreign_documents_in_the_policy_zone_use_up_their_number_and_nothing_else(
    local: Desk,
) -> None:
    number = local.granted()
    local.sign()
    policy = local.office.programme.policy
    stranger = LocalSigner.derive(b"x" * 32)
    policy.put(f"grants/{PROJECT}/000002.json", b"not a document")
    forged = local.bundle().model_copy(update={"version": 99, "people": ()})
    policy.put(f"grants/{PROJECT}/current.json", sign_bundle(forged, stranger).to_json())
    local.sign()
    assert local.bundle().version == 1
    assert people(local) == ["p-ruiz", "p-chen"]
    local.swear(number, "p-okafor")
    local.train(number, "p-okafor")
    local.sign()
    assert local.bundle().version == 3


def test_a_policy_zone_put_back_to_an_older_state_gets_a_higher_number(local: Desk) -> None:
    number = local.granted()
    local.sign()
    policy = local.office.programme.policy
    older = policy.read(f"grants/{PROJECT}/current.json")
    local.swear(number, "p-okafor")
    local.train(number, "p-okafor")
    local.sign()
    policy.delete(f"grants/{PROJECT}/000002.json")
    policy.put(f"grants/{PROJECT}/current.json", older)
    local.sign()
    assert local.bundle().version == 3
    assert people(local) == ["p-ruiz", "p-chen", "p-okafor"]


def test_the_people_mapping_follows_the_records(local: Desk) -> None:
    local.settings.accounts_file.write_text("druiz: p-ruiz\ngone: p-nobody\nlchen: p-chen\n")
    local.granted()
    local.sign()

    def mapping() -> dict[str, str]:
        now = local.office.clock.now
        known = verify_people(fetch_people(local.office.programme.policy), local.root, now)
        return {a.account: a.person for a in known.accounts}

    assert mapping() == {"druiz": "p-ruiz", "lchen": "p-chen"}
    local.settings.accounts_file.write_text("druiz: p-ruiz\n")
    assert local.sign().published == [("people", 2)]
    assert mapping() == {"druiz": "p-ruiz"}
    local.settings.accounts_file.write_text("druiz: [p-ruiz]\n")
    with pytest.raises(ProgrammeError, match="mistakes"):
        local.sign()


def test_a_signer_that_the_newest_root_does_not_name_signs_nothing(local: Desk) -> None:
    local.granted()
    other = LocalSigner.derive(b"o" * 32)
    expires = STARTS_AT + timedelta(days=20_000)
    second = create_root(
        version=2, expires_at=expires, root_signers=[ROOT_KEY], signer_keys=[other.public_key]
    )
    policy, now = local.office.programme.policy, local.office.clock.now
    publish_root(policy, second, trusted=local.root, now=now)
    with pytest.raises(SignerKeyError, match="Root 2 does not name"):
        local.sign()
    assert local.versions() == []
    local.settings.key_file.write_bytes(other.to_pem())
    assert local.sign().published == [(f"grants/{PROJECT}", 1)]
    local.settings.key_file.write_bytes(KEY.to_pem())


def test_the_loop_goes_on_after_a_refusal_and_ends_when_told(local: Desk) -> None:
    number = local.granted("p-ruiz")
    stop, told = threading.Event(), []

    def tell(what: RunReport | ProgrammeError) -> None:
        told.append(what)
        if len(told) == 1:
            local.settings.accounts_file.write_text("broken: [1]\n")
            local.swear(number, "p-okafor")
            local.train(number, "p-okafor")
        elif isinstance(what, ProgrammeError):
            local.settings.accounts_file.unlink()
        elif "p-okafor" in people(local):
            stop.set()

    settings = local.settings.model_copy(update={"poll_seconds": 0.01})
    run_forever(replace(local.signing, settings=settings), stop=stop, tell=tell)
    assert isinstance(told[0], RunReport)
    assert any(isinstance(what, ProgrammeError) for what in told)
    assert len(told) < 10


def test_grants_are_published_and_adopted_in_blob_storage(
    tmp_path: Path, azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    policy = open_container(
        "policy", f"t{secrets.token_hex(6)}-policy", account_url=None,
        connection_string=azurite.connection_string, create=True,
    )  # fmt: skip
    desk.office.programme = replace(desk.office.programme, policy=policy)
    desk.journey = Journey(desk.office)
    number = desk.granted()
    make_checkpoint(desk.office.programme)
    before = published_marks(policy, PROJECT)
    with monkeypatch.context() as patch:
        patch.setattr(running, "record", _die)
        with pytest.raises(CrashError):
            desk.sign()
    assert desk.sign().recorded == [(f"grants/{PROJECT}", 1)]
    granted = published_marks(policy, PROJECT)
    assert granted != before
    desk.do(number, "p-office", Act.REVOKE, on=desk.today(), reason="Enough.")
    assert (f"grants/{PROJECT}", 2) in desk.sign().published
    assert published_marks(policy, PROJECT) != granted
    assert desk.bundle().revoked is not None
    desk.office.programme.close()


def _die(*_: object, **__: object) -> None:
    raise CrashError
