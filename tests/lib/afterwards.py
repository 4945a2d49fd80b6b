"""A programme after its first decisions: a grant in force, one revoked, publications, matches."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from governance.people import PortalRole
from governance.requests.states import Act
from governance.services.ledger import make_checkpoint
from governance.services.publications import (
    propose_publication,
    record_publication,
    see_publication,
)
from governance.services.records import record_cost, record_match
from tests.lib.journey import LAST_DAY, Journey
from tests.lib.programme import Office, build_person

AGAIN = datetime(2026, 4, 9, 14, tzinfo=UTC)
SECRET = "Rosalind Unlikelyname"
"""A person that only a draft names; nothing public may."""


class Afterwards(Journey):
    """`live` has a grant, `over` had one, `waiting` waits for owners, `draft` was never sent."""

    def __init__(self, home: Path, **settings: Any) -> None:
        office = Office(home, **settings)
        state = {"employment_class": "state_employee"}
        steward = build_person("p-stew", PortalRole.DATA_STEWARD, agency="sde", **state)
        secret = build_person("p-secret", name=SECRET)
        analyst = office.people["p-okafor"].model_copy(update={"agency": "dol"})
        office.people |= {"p-stew": steward, "p-secret": secret, "p-okafor": analyst}
        office.register()
        super().__init__(office)
        self.live = self.approved()
        self.to_grant(self.live)
        self.over = self.submit(title=f"A study by {SECRET}")
        self.review(self.over)
        self.vote(self.over, at=AGAIN, meeting="DGB-4", motion="M-2")
        self.office.clock.to(AGAIN + timedelta(days=1))
        self.to_grant(self.over)
        self.ask(self.over, "p-office", Act.REVOKE, on=self.p.today, reason="It is not needed.")
        self.waiting = self.submit(title="A study that waits")
        self.ask(self.waiting, "p-office", Act.ACCEPT_COMPLETE)
        self.draft = self.office.begin()
        office_actor = self.actor("p-office")
        self.brief = self.publish(self.live, "A brief")
        self.proposed = self.propose(self.live, "Findings that wait")
        see_publication(self.p, self.actor("p-dol"), self.live, self.proposed, comment="Good.")
        record_cost(self.p, office_actor, {"year": 2026, "heading": "Staff", "cents": 1234500})
        record_match(
            self.p, office_actor,
            {"received": "2026-04-02", "sender": "SDE", "receiver": "DOL", "request": self.live,
             "file_name": "=cmd.csv", "fields": ["grade"], "match_date": "2026-04-03",
             "authorized_representative": "Lin Chen"},
        )  # fmt: skip
        make_checkpoint(self.p)

    def propose(self, number: str, title: str, **facts: Any) -> str:
        """A publication that its agencies have yet to see; its id."""
        told = {"title": title, "kind": "report", "venue": "A web site",
                "planned_on": self.p.today + timedelta(days=60), **facts}  # fmt: skip
        proposed = propose_publication(self.p, self.actor("p-ruiz"), number, told)
        return proposed.facts.publication

    def publish(self, number: str, title: str) -> str:
        """Proposed, seen by both agencies, and recorded as published; its id."""
        publication = self.propose(number, title)
        for agency in ("sde", "dol"):
            see_publication(self.p, self.actor(f"p-{agency}"), number, publication)
        facts = {"address": "https://example.org/brief", "published_on": self.p.today}
        record_publication(self.p, self.actor("p-office"), number, publication, facts)
        return publication


__all__ = ["AGAIN", "LAST_DAY", "SECRET", "Afterwards"]
