"""A programme with a signer beside it, and a request whose chain is whole up to a point."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from governance.canonical import canonical_json
from governance.grants import GrantBundle, create_root, pin_root
from governance.grants.bundle import VerifiedBundle, verify_bundle
from governance.grants.publish import fetch_bundle
from governance.requests.states import Act
from governance.services.requests import begin_request
from governance.signer import Kept, RunReport, SignerSettings, Signing, open_signing, run_once
from governance.signing import LocalSigner
from tests.lib.journey import FIRST_DAY, LAST_DAY, MEETING_AT, Journey
from tests.lib.programme import STARTS_AT, Office
from tests.lib.requests import build_content

PARTIES = ("sde", "dol", "Example University")
PROJECT = "p20-q0001"
DIGEST = "ab" * 32
ROOT_KEY = LocalSigner.derive(b"r" * 32)
KEY = LocalSigner.derive(b"s" * 32)
VALID = date(2026, 12, 1)


class Desk:
    """The office, a journey through its services, and the signer with a folder of its own."""

    def __init__(self, home: Path, database_url: str | None = None, **settings: Any) -> None:
        self.office = Office(home / "control", database_url, **settings)
        signs = self.office.people["p-signs"]
        self.office.people["p-signs"] = signs.model_copy(update={"parties": PARTIES})
        self.office.register()
        self.journey = Journey(self.office)
        self.kept: Kept | None = None
        self.settings = SignerSettings(home=home / "signer")
        self.settings.home.mkdir(parents=True)
        self.settings.key_file.write_bytes(KEY.to_pem())
        envelope = create_root(
            version=1,
            expires_at=STARTS_AT + timedelta(days=20_000),
            root_signers=[ROOT_KEY],
            signer_keys=[KEY.public_key],
        )
        self.settings.root_file.write_bytes(envelope.to_json())
        self.root = pin_root(envelope)
        ledger_key = self.office.programme.signer.public_key
        self.settings.ledger_keys_file.write_bytes(canonical_json(ledger_key.to_dict()))

    @property
    def signing(self) -> Signing:
        """The signer, opened anew as after a restart."""
        return open_signing(self.office.programme, self.settings)

    def keep(self) -> None:
        """From now on the signer is one that runs on, and reads only what was added."""
        self.kept = Kept(self.signing)

    def sign(self) -> RunReport:
        return run_once(self.signing, self.kept)

    def bundle(self, project: str = PROJECT) -> GrantBundle:
        return self.verified(project).bundle

    def verified(self, project: str = PROJECT) -> VerifiedBundle:
        policy, now = self.office.programme.policy, self.office.clock.now
        return verify_bundle(fetch_bundle(policy, project), self.root, now, project=project)

    def versions(self, project: str = PROJECT) -> list[str]:
        """Numbers of what lies in the policy zone."""
        listed = self.office.programme.policy.list(f"grants/{project}/")
        return [info.key.rsplit("/", 1)[1].removesuffix(".json") for info in listed]

    def do(self, number: str, who: str, act: Act, /, **facts: Any) -> Any:
        return self.journey.ask(number, who, act, **facts)

    def send(self, number: str, **facts: Any) -> None:
        """The sharing agreement, out for signature."""
        self.do(
            number, "p-office", Act.SEND_AGREEMENT, agreement="DSA-1", digest=DIGEST,
            parties=PARTIES, effective_on=FIRST_DAY, ends_on=LAST_DAY, **facts,
        )  # fmt: skip

    def sign_agreement(self, number: str, **facts: Any) -> None:
        for party in PARTIES:
            self.do(
                number, "p-signs", Act.SIGN_AGREEMENT, party=party, digest=DIGEST,
                signed_on=FIRST_DAY, **facts,
            )  # fmt: skip

    def train(self, number: str, *people: str, until: date = VALID) -> None:
        for person in people:
            self.do(number, "p-office", Act.RECORD_TRAINING, person=person, valid_until=until)

    def swear(self, number: str, *people: str, **facts: Any) -> None:
        for person in people:
            self.do(number, person, Act.SIGN_NDA, person=person, signed_on=self.today(), **facts)

    def today(self) -> date:
        return self.office.programme.today

    def to(self, at: datetime) -> None:
        self.office.clock.to(at)

    def granted(self, *people: str, redrafted: bool = False) -> str:
        """A request whose chain is whole for those persons; not signed yet.

        Redrafted, its form was saved several times before it was submitted.
        """
        number = self._redrafted() if redrafted else self.journey.approved()
        self.to(MEETING_AT + timedelta(days=6))
        self.send(number)
        self.sign_agreement(number)
        named = people or ("p-ruiz", "p-chen")
        self.train(number, *named)
        self.swear(number, *named)
        return number

    def _redrafted(self) -> str:
        journey = self.journey
        journey.seat_members()
        number = begin_request(self.office.programme, journey.actor("p-ruiz"), build_content())
        for title in ("A first title", "A second title"):
            self.do(number, "p-ruiz", Act.SAVE_DRAFT, content=build_content(title=title))
        self.do(number, "p-ruiz", Act.SUBMIT)
        journey.review(number)
        journey.vote(number)
        return number

    def tags(self) -> list[str]:
        """Tags of the whole chain."""
        with self.office.programme.store.read() as unit:
            rows = unit.connection.exec_driver_sql("SELECT tag FROM ledger_entries ORDER BY seq")
            return [row.tag for row in rows]

    def facts(self, seq: int) -> dict[str, Any]:
        with self.office.programme.store.read() as unit:
            statement = f"SELECT facts FROM ledger_payloads WHERE seq = {seq}"
            found: dict[str, Any] = json.loads(
                unit.connection.exec_driver_sql(statement).scalar_one()
            )
            return found
