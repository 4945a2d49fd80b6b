"""A programme in which no list of the portal is empty, and most have several pages.

Names have capitals and none, days are missing here and there, and several rows tie in each column.
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from enclave.event_feed import EventFeed
from enclave.ledger import Ledger
from governance.board import commands as b
from governance.objects.local import LocalFolderStore
from governance.papers.records import RecordsRequest
from governance.people import Person, PortalRole
from governance.requests.states import Act, Status
from governance.services.attachments import Upload, file_attachment
from governance.services.erasing import Erasable
from governance.services.feed import follow_feed
from governance.services.ledger import make_checkpoint
from governance.services.publications import propose_publication
from governance.services.records import record_cost, record_match, route_request
from governance.services.requests import begin_request
from governance.services.webhooks import register_webhook
from tests.lib.erasing import ask, erased
from tests.lib.feed import SIGNER
from tests.lib.programme import MEETS_AT, build_person
from tests.lib.requests import build_content
from tests.lib.statuses import EveryStatus

_FAMILY = ("Ångström", "de la Cruz", "Okafor", "ruiz", "O'Neil", "Zhang", "=SUM(A1)", "van Dyk")
_EMPLOYERS = ("Example University", "department of labor", "State College", "Other Institute")
_AGENCIES = ("sde", "dol", None, "dcf", None)


class EveryList(EveryStatus):
    """The programme of `EveryStatus`, with enough of everything."""

    def __init__(self, home: Path, **settings: Any) -> None:
        key = home / "enclave-key.json"
        key.write_text(json.dumps(SIGNER.public_key.to_dict()))
        super().__init__(home, enclave_event_keys=key, **settings)
        self.desk = self.actor("an operator")
        events = ["data_request:submitted", "data_request:returned"]
        hook, _ = register_webhook(self.p, self.desk, "https://hooks.example.org/a", events)
        self.hook = hook.id
        for name in "bcdefghi":
            register_webhook(
                self.p, self.desk, f"https://hooks.example.org/{name}", ["data_request:approved"]
            )
        self._people()
        self._requests()
        self._meetings()
        self._records()
        self._data_plane()

    def _people(self) -> None:
        made: dict[str, Person] = {}
        for n in range(40):
            agency = _AGENCIES[n % len(_AGENCIES)]
            role = PortalRole.DATA_STEWARD if agency else PortalRole.REQUESTOR
            roles = (role, PortalRole.SIGNATORY) if n % 4 == 0 else (role,)
            person = build_person(
                f"p-many-{n:02}", *roles, name=f"Person {_FAMILY[n % len(_FAMILY)]}",
                employer=_EMPLOYERS[n % len(_EMPLOYERS)], agency=agency,
                employment_class="state_employee" if agency else "university",
                parties=("SDE",) if n % 4 == 0 else (),
                employed_from=date(2020, 1 + n % 5, 1),
                employed_until=date(2026, 1 + n % 6, 10) if n % 3 == 0 else None,
            )  # fmt: skip
            made[person.id] = person
        self.office.register(made)

    def _requests(self) -> None:
        asks = self.office.actor("p-stranger")
        for n in range(14):
            content = build_content(
                title=("Wages", "attendance", "Child care", "=1+1")[n % 4],
                organization=_EMPLOYERS[n % 3],
                people=(),
                ends_on=None if n % 3 else date(2026, 12, 1 + n),
                destruction_on=None if n % 3 else date(2027, 1, 15),
            )
            number = begin_request(self.p, asks, content)
            if n == 0:
                self.draft = number
        number, asker = self.numbers[Status.GRANTED], self.actor("the requestor")
        for n in range(9):
            title = ("Approval", "proposal", "+draft")[n % 3]
            kind = ("irb_approval", "proposal", "other")[n % 3]
            upload = Upload(kind, f"{title} {n}", "text/plain", b"x" * (n + 1), n % 2 == 0)  # type: ignore[arg-type]  # of the list
            file_attachment(self.p, asker, number, upload)
            output = {
                "title": f"{title} {n}", "kind": ("article", "report")[n % 2], "venue": "A journal",
                "planned_on": f"2026-0{5 + n % 4}-01",
            }  # fmt: skip
            propose_publication(self.p, asker, number, output)
        number = self.numbers[Status.RETURNED]
        for _ in range(5):
            self.office.act("p-ruiz", number, Act.SUBMIT)
            self.office.act("p-office", number, Act.RETURN, mend=("Name a funder.",))

    def _meetings(self) -> None:
        for n in range(12):
            starts = MEETS_AT + timedelta(days=30 * (n % 6 + 1))
            self.office.on_board("p-office", b.NoticeMeeting, meeting=f"N-{n}", starts_at=starts)
        for n in range(8):
            self.office.on_board(
                "p-dol", b.FileProxy, agency="dol", holder="p-holder",
                valid_from=date(2026, 4 + n % 4, 1), valid_until=date(2026, 9 + n % 3, 1),
            )  # fmt: skip

    def _records(self) -> None:
        for n in range(18):
            cost = {"year": 2024 + n % 3, "heading": ("Staff", "hosting")[n % 2], "cents": 99 * n}
            record_cost(self.p, self.desk, cost)
            record_match(
                self.p, self.desk,
                {"received": f"2026-02-{n + 1:02}", "sender": ("SDE", "DOL")[n % 2],
                 "receiver": "DOL", "request": self.numbers[Status.GRANTED],
                 "file_name": f"=cmd{n}.csv", "fields": ["grade"],
                 "match_date": f"2026-03-{n % 3 + 1:02}" if n % 4 else None},
            )  # fmt: skip
        for n in range(9):
            asked = RecordsRequest(
                f"FOI-{n}", "Everything.", date(2026, 3, 1 + n % 4), agency=("sde", "dol")[n % 2]
            )
            route_request(self.p, self.desk, asked)
            make_checkpoint(self.p)
        for status in (Status.WITHDRAWN, Status.DENIED):
            ask(self.office, Erasable.REQUEST, self.numbers[status])
        ask(self.office, Erasable.PERSON, "p-left-office")
        erased(self.office, Erasable.PERSON, "p-left")

    def _data_plane(self) -> None:
        kept = LocalFolderStore(self.p.settings.home / "enclave-ledger", "ledger")
        ledger, now = Ledger(kept, SIGNER), self.office.clock.now
        for n in range(18):
            name, agency = f"submission/s{n}", ("sde", "dol")[n % 2]
            facts = {
                "agency": agency, "dataset": ("enrollment", "graduation")[n % 3 % 2],
                "period": f"202{n % 4}", "revision": 1 + n % 2,
            }  # fmt: skip
            at = now + timedelta(minutes=n)
            ledger.append("submission:received", name, facts, at=at)
            if n % 3 == 0:
                rejected = {**facts, "rows_read": 10 * n, "rows_failed": n}
                ledger.append("submission:rejected", name, rejected, at=at)
            if n % 2 == 0:
                destroyed = {"agency": agency, "dataset": "enrollment", "clause": f"§ {n % 3}"}
                destroyed |= {"due_on": f"2026-03-{10 + n}"} if n % 4 else {}
                ledger.append("raw_file:destroyed", name, destroyed, at=at)
        project = self.p.rules.numbers.project(self.numbers[Status.GRANTED])
        for n in range(12):
            at, tag = now + timedelta(days=n), ("answered", "denied", "stopped")[n % 3]
            asked = {"person": "p-ruiz", "sql": "SELECT 1"}
            for _ in range(1 + n % 2):
                ledger.append(f"query:{tag}", f"project/{project}", asked, at=at)
            if n % 2 == 0:
                worked: dict[str, Any] = {
                    "project": project, "agencies": 2, "offered_rows": 100 + n,
                    "matched_people": 90 - n % 3, "unmatched_rows": 10,
                    "matrix_sha256": f"{n:064x}",
                }  # fmt: skip
                ledger.append("match:completed", f"project/{project}", worked, at=at)
            digest = {"project": project, "receipt_sha256": f"{n:064x}"}
            released: dict[str, Any] = {"cells": 40 + n % 4, "suppressed": n % 3, **digest}
            ledger.append("output:released", f"project/{project}", released, at=at)
        EventFeed(ledger, kept, self.p.policy).publish(now + timedelta(days=12))
        follow_feed(self.p)
