"""Office, signer and enclave of one programme in one folder, the policy zone between them."""

import getpass
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from enclave.deployment import Deployment
from tests.lib.deployments import HEADER, csv_rows, drop, load, make_deployment, write_csv
from tests.lib.requests import build_contracts
from tests.lib.signing import Desk


class Planes:
    """A control plane, a signer and a data plane; one policy zone between them."""

    def __init__(self, home: Path, **settings: Any) -> None:
        known = build_contracts()["sde/enrollment"]
        covered = tuple(c for c in known.columns if c.name != "note")
        made = make_deployment(home / "enclave", replace(known, columns=covered))
        key = home / "enclave-key.json"
        key.write_text(json.dumps(dict(made.ledger.public_key.to_dict())))
        self.desk = Desk(
            home, policy_folder=made.home / "zones" / "policy", enclave_event_keys=key, **settings
        )
        self.sit_down("p-ruiz")
        self.enclave: Deployment = replace(made, now=lambda: self.desk.office.clock.now)
        self.rows = home / "rows.csv"

    def sit_down(self, person: str) -> None:
        """Whose sign-in this operating-system user is, from the signer's next run on."""
        self.desk.settings.accounts_file.write_text(f"{getpass.getuser()}: {person}\n")

    def deliver(self) -> None:
        rows = [f"{row},none" for row in csv_rows(120)]
        drop(self.enclave, write_csv(self.rows, rows, header=f"{HEADER},disability"))
        outcomes = load(self.enclave)
        assert [o.state for o in outcomes] == ["landed"], outcomes
