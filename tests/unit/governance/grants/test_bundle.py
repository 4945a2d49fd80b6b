import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from governance.canonical import canonical_json
from governance.grants import (
    BundleRefusedError,
    Comparison,
    parse_bundle,
    parse_people,
    pin_root,
    sign_bundle,
    sign_people,
    verify_bundle,
    verify_people,
)
from governance.grants.model import GRANT_TYPE, PEOPLE_TYPE, ROOT_TYPE
from governance.signing import Envelope, LocalSigner, sign_envelope
from tests.lib.grants import NOW, Keys, build_dataset, build_grant, build_people, build_person

KEYS = Keys()
STRANGER = LocalSigner.derive(b"x" * 32)


def refused(envelope: Envelope, **options: Any) -> str:
    now = options.pop("now", NOW)
    root = options.pop("root", KEYS.root())
    with pytest.raises(BundleRefusedError) as caught:
        verify_bundle(envelope, root, now, **options)
    return caught.value.rule


def test_a_signed_bundle_verifies_and_says_what_was_signed() -> None:
    bundle = build_grant()
    stored = Envelope.from_json(sign_bundle(bundle, KEYS.signer).to_json())
    verified = verify_bundle(stored, KEYS.root(), NOW, 1, project="p20-q0042")
    assert verified.bundle == bundle
    assert verified.root_version == 1
    assert verified.signed_by == (KEYS.signer.public_key.key_id,)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: replace(e, payload=e.payload.replace(b'"version":1', b'"version":2')),
        lambda e: replace(e, signatures=()),
        lambda e: replace(e, payload_type=PEOPLE_TYPE),
        lambda e: replace(e, signatures=(replace(e.signatures[0], algorithm="none"),)),
        lambda e: replace(e, signatures=(replace(e.signatures[0], algorithm="RS256"),)),
        lambda e: sign_envelope(GRANT_TYPE, e.payload, (STRANGER,)),
        lambda e: sign_envelope(GRANT_TYPE, e.payload, (KEYS.root_signer,)),
        lambda e: sign_envelope(PEOPLE_TYPE, e.payload, (KEYS.signer,)),
    ],
    ids=["altered", "unsigned", "other type", "alg none", "alg RS256", "stranger", "root", "type"],
)
def test_what_the_signer_did_not_sign_is_refused(spoil: Callable[[Envelope], Envelope]) -> None:
    assert refused(spoil(sign_bundle(build_grant(), KEYS.signer))) == "bundle.signature"


def test_a_threshold_of_two_needs_two_signers() -> None:
    second = LocalSigner.derive(b"t" * 32)
    root = KEYS.root(signer_keys=[KEYS.signer.public_key, second.public_key], signer_threshold=2)
    assert refused(sign_bundle(build_grant(), KEYS.signer), root=root) == "bundle.signature"
    twice = sign_bundle(build_grant(), KEYS.signer, KEYS.signer)
    assert refused(twice, root=root) == "bundle.signature"
    both = sign_bundle(build_grant(), KEYS.signer, second)
    assert verify_bundle(both, root, NOW).bundle.version == 1


def test_times_bound_what_is_believed() -> None:
    signed = sign_bundle(build_grant(), KEYS.signer)
    issued, stale = build_grant().issued_at, build_grant().expires_at
    verify_bundle(signed, KEYS.root(), stale - timedelta(seconds=1))
    assert refused(signed, now=stale) == "bundle.fresh"
    verify_bundle(signed, KEYS.root(), issued - timedelta(minutes=5))
    assert refused(signed, now=issued - timedelta(minutes=6)) == "bundle.issued"
    assert refused(signed, root=KEYS.root(expires_at=NOW)) == "root.expired"


def test_an_older_version_than_seen_is_refused() -> None:
    signed = sign_bundle(build_grant(version=4), KEYS.signer)
    digest = verify_bundle(signed, KEYS.root(), NOW, 4).digest
    assert refused(signed, last_seen_version=5) == "bundle.rollback"
    verify_bundle(signed, KEYS.root(), NOW, 4, last_seen_digest=digest)
    options = {"last_seen_version": 4, "last_seen_digest": "00"}
    assert refused(signed, **options) == "bundle.equivocation"


def test_a_bundle_of_another_project_is_refused() -> None:
    signed = sign_bundle(build_grant(), KEYS.signer)
    assert refused(signed, project="p20-q0043") == "bundle.project"


@pytest.mark.parametrize(
    "spoil",
    [
        {"surprise": True},
        {"format": "data-enclave/grant/2"},
        {"version": 0},
        {"version": "1"},
        {"datasets": []},
        {"approvals": []},
        {"granted_until": "2020-01-01"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"issued_at": "2026-03-01T15:00:00"},
        {"project": "../escape"},
    ],
)
def test_a_signed_document_this_version_does_not_know_is_refused(spoil: dict[str, Any]) -> None:
    raw = build_grant().model_dump(mode="json") | spoil
    envelope = sign_envelope(GRANT_TYPE, canonical_json(raw), (KEYS.signer,))
    assert refused(envelope) == "bundle.malformed"


@pytest.mark.parametrize("field", ['"granted_until":"2030-12-31"', '"revoked":null'])
def test_a_field_named_twice_is_refused(field: str) -> None:
    payload = sign_bundle(build_grant(), KEYS.signer).payload
    twice = payload.replace(b'"format"', field.encode() + b',"format"', 1)
    assert refused(sign_envelope(GRANT_TYPE, twice, (KEYS.signer,))) == "bundle.malformed"
    root = KEYS.envelope()
    again = root.payload.replace(b'"version":1', b'"version":1,"version":1')
    with pytest.raises(BundleRefusedError, match="twice"):
        pin_root(sign_envelope(ROOT_TYPE, again, (KEYS.root_signer,)))


def test_a_refusal_says_where_and_not_what() -> None:
    raw = build_grant().model_dump(mode="json")
    raw["people"][0]["nda_signed_on"] = "secret-value"
    with pytest.raises(BundleRefusedError) as caught:
        parse_bundle(canonical_json(raw))
    assert "people.0.nda_signed_on" in str(caught.value)
    assert "secret-value" not in str(caught.value)


def test_contradictions_are_refused_where_they_are_made() -> None:
    with pytest.raises(ValidationError, match="twice"):
        build_grant(people=(build_person(), build_person()))
    with pytest.raises(ValidationError, match="twice"):
        build_grant(datasets=(build_dataset(), build_dataset()))
    with pytest.raises(ValidationError, match="two values"):
        Comparison(column="grade", operator="between", values=(1,))
    with pytest.raises(ValidationError, match="one type"):
        Comparison(column="grade", operator="in", values=(1, "1"))


def test_a_bundle_survives_json_and_finds_its_parts() -> None:
    bundle = build_grant(
        datasets=(
            build_dataset(
                row_filter=(Comparison(column="grade", operator="in", values=("09", "10")),),
                years=(2024, 2025),
            ),
        )
    )
    again = parse_bundle(json.dumps(bundle.model_dump(mode="json")).encode())
    assert again == bundle
    assert again.dataset("sde/enrollment") is not None
    assert again.dataset("dol/wages") is None
    assert again.person("p-ruiz") is not None
    assert again.person("nobody") is None


def test_people_are_who_the_signed_mapping_says_they_are() -> None:
    signed = sign_people(build_people(version=2), KEYS.signer)
    people = verify_people(signed, KEYS.root(), NOW, 2)
    assert people.person_of("druiz", date(2026, 3, 2)) == "p-ruiz"
    assert people.person_of("druiz", date(2025, 12, 31)) is None
    assert people.person_of("root", date(2026, 3, 2)) is None
    ended = build_people().accounts[0].model_copy(update={"valid_until": date(2026, 3, 1)})
    assert build_people(accounts=(ended,)).person_of("druiz", date(2026, 3, 2)) is None
    with pytest.raises(BundleRefusedError, match="older"):
        verify_people(signed, KEYS.root(), NOW, 3)
    with pytest.raises(BundleRefusedError, match="stale"):
        verify_people(signed, KEYS.root(), NOW + timedelta(days=31))
    with pytest.raises(BundleRefusedError):
        verify_people(sign_people(build_people(), STRANGER), KEYS.root(), NOW)
    with pytest.raises(BundleRefusedError, match=r"accounts\.0"):
        parse_people(canonical_json({"accounts": [1]}))
    with pytest.raises(ValidationError, match="twice"):
        build_people(accounts=build_people().accounts * 2)


def test_only_keys_whose_signatures_verified_are_said_to_have_signed() -> None:
    signed = sign_bundle(build_grant(), STRANGER, KEYS.signer, KEYS.signer)

    verified = verify_bundle(signed, KEYS.root(), NOW, 1)

    assert verified.signed_by == (KEYS.signer.public_key.key_id,)


@pytest.mark.parametrize("version", [0, -1, 1_000_000_001, 10**400])
def test_a_version_nobody_counted_to_is_refused(version: int) -> None:
    payload = canonical_json(build_grant().model_dump(mode="json"))
    text = payload.replace(b'"version":1', b'"version":' + str(version).encode())

    signed = sign_envelope(GRANT_TYPE, text, (KEYS.signer,))

    assert refused(signed) == "bundle.malformed"
