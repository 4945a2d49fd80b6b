"""Grants of the demonstration: the signer beside the programme, with a root made in the home."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from governance.canonical import canonical_json
from governance.event_feed.trust import pin_key
from governance.grants import create_root, pin_root
from governance.grants.publish import publish_root
from governance.services import Programme
from governance.services.ledger_copy import make_checkpoint
from governance.signer import RunReport, SignerSettings, open_signing, run_once
from governance.signing import LocalSigner

_ROOT_DAYS: Final = 1100


@dataclass
class Bundles:
    """The signer beside the programme.

    Attributes:
        published: How many documents were signed so far.
    """

    programme: Programme
    settings: SignerSettings
    published: int = 0

    def run(self) -> RunReport:
        """One run of the signer: whatever the ledger supports now is signed and published."""
        report = run_once(open_signing(self.programme, self.settings))
        self.published += len(report.published)
        return report

    def checkpoint(self) -> None:
        """The ledger's copy outside, with a signed checkpoint."""
        make_checkpoint(self.programme)


def make_signer(programme: Programme, home: Path, now: datetime) -> Bundles:
    """Make a root and a signer, and publish the root; the root key lies in `offline`.

    A real root key is made on a machine without a network and never comes near this one.
    """
    settings = SignerSettings(home=home / "signer")
    root, key = LocalSigner.generate(), LocalSigner.generate()
    envelope = create_root(
        version=1,
        expires_at=now + timedelta(days=_ROOT_DAYS),
        root_signers=[root],
        signer_keys=[key.public_key],
    )
    _create(home / "offline" / "root-key.pem", root.to_pem())
    _create(settings.key_file, key.to_pem())
    _create(settings.root_file, envelope.to_json())
    _create(home / "root.json", envelope.to_json())
    _create(home / "ledger-key.json", canonical_json(programme.signer.public_key.to_dict()))
    pin_key(settings.ledger_keys_file, canonical_json(programme.signer.public_key.to_dict()))
    publish_root(programme.policy, envelope, trusted=pin_root(envelope), now=now)
    return Bundles(programme, settings)


def _create(path: Path, data: bytes) -> None:
    """A file only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
