import getpass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from enclave.steps.query import identify
from enclave.steps.signed_in import PINNED_ROOT, TRUST
from enclave.zones import Zone
from governance.grants import (
    Account,
    BundleRefusedError,
    publish_bundle,
    publish_people,
    publish_root,
    sign_bundle,
    sign_people,
)
from governance.signing import LocalSigner
from tests.lib.grants import NOW, TODAY, Keys, build_grant, build_people
from tests.lib.memory_store import MemoryStore

KEYS = Keys()
PROJECT = "p20-q0042"


class Plane(SimpleNamespace):
    """As much of a deployment as telling who asks needs."""

    def __init__(self, home: Path) -> None:
        stores = {Zone.POLICY: MemoryStore(), Zone.LEDGER: MemoryStore()}
        entries: list[tuple[str, str]] = []

        def append(tag: str, subject: str, facts: dict[str, Any]) -> None:
            entries.append((subject, str(facts["rules"])))

        super().__init__(
            home=home,
            zones=SimpleNamespace(store=stores.__getitem__),
            policy=stores[Zone.POLICY],
            now=lambda: NOW,
            today=lambda: TODAY,
            ledger=SimpleNamespace(append=append),
            entries=entries,
        )
        (home / TRUST).mkdir()
        (home / TRUST / PINNED_ROOT).write_bytes(KEYS.envelope().to_json())

    def publish(self, version: int, signer: LocalSigner) -> None:
        root = Keys(signer=signer).root()
        account = Account(account=getpass.getuser(), person="p-ruiz", valid_from=TODAY)
        people = build_people(version=version, accounts=(account,))
        publish_people(self.policy, sign_people(people, signer), root=root, now=NOW)
        grant = sign_bundle(build_grant(version=version), signer)
        publish_bundle(self.policy, grant, root=root, now=NOW)

    def identify(self, project: str = PROJECT) -> str:
        return identify(self, project)[0]  # type: ignore[arg-type]  # the parts it uses


def test_a_withdrawn_signer_does_not_come_back_when_the_newest_root_is_deleted(
    tmp_path: Path,
) -> None:
    plane = Plane(tmp_path)
    plane.publish(1, KEYS.signer)
    assert plane.identify() == "p-ruiz"
    signer = LocalSigner.derive(b"n" * 32)
    successor = KEYS.envelope(2, signer_keys=[signer.public_key])
    publish_root(plane.policy, successor, trusted=KEYS.root(), now=NOW)
    plane.publish(2, signer)
    assert plane.identify() == "p-ruiz"
    plane.policy.delete("root/000002.json")
    plane.publish(3, KEYS.signer)
    with pytest.raises(BundleRefusedError, match="Version 2 of root was seen before") as caught:
        plane.identify()
    assert caught.value.rule == "bundle.rollback"
    assert plane.entries == [(f"project/{PROJECT}", "bundle.rollback")]


@pytest.mark.parametrize("typed", ["dana-ruiz", "Dana Ruiz, 123-45-6789", "../people", "", "a\n"])
def test_what_was_typed_as_a_project_does_not_reach_the_public_ledger(
    tmp_path: Path, typed: str
) -> None:
    plane = Plane(tmp_path)
    plane.publish(1, KEYS.signer)
    with pytest.raises(BundleRefusedError) as caught:
        plane.identify(typed)
    assert caught.value.rule == "bundle.missing"
    assert plane.entries == [("project/unknown", "bundle.missing")]
