"""An agency that analyzes its own data has access once it confirmed that its link is destroyed."""

from datetime import timedelta
from pathlib import Path

from governance.audit.tags import Tag
from governance.grants import decide_access
from governance.services.links import confirm_link_destroyed
from governance.services.people import change_person
from governance.services.recording import record
from tests.lib.journey import MEETING_AT
from tests.lib.requests import CHEN, OKAFOR, RUIZ
from tests.lib.signing import Desk

AT_LABOR = {
    "agency": "dol", "employer": "Department of Labor", "employment_class": "state_employee",
}  # fmt: skip


def test_its_persons_wait_for_its_own_word(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    p, office = desk.office.programme, desk.office.actor("p-office")
    change_person(p, office, "p-okafor", AT_LABOR, reason="Works there.")
    journey = desk.journey
    journey.seat_members()
    number = journey.submit(people=(RUIZ, CHEN, OKAFOR.model_copy(update=AT_LABOR)))
    journey.review(number)
    journey.vote(number)
    desk.to(MEETING_AT + timedelta(days=6))
    desk.send(number)
    desk.sign_agreement(number)
    everybody = ("p-ruiz", "p-chen", "p-okafor")
    desk.train(number, *everybody)
    desk.swear(number, *everybody)
    desk.sign()
    assert [person.id for person in desk.bundle().people] == ["p-ruiz", "p-chen"]
    refused = decide_access(desk.verified(), "p-okafor", desk.today()).denials
    assert [d.rule for d in refused] == ["person.link"]
    assert "has not confirmed that it destroyed its link" in refused[0].reason
    assert "confirms it: /agency" in refused[0].remedy

    # A confirmation that somebody else wrote, past the portal's own check, is not believed.
    told = {"agency": "dol"}
    record(
        p, desk.office.actor("p-ruiz"), Tag.LINK_DESTRUCTION_CONFIRMED, subject=number, facts=told
    )
    desk.sign()
    assert not decide_access(desk.verified(), "p-okafor", desk.today()).permitted

    with p.store.read() as unit:
        assert unit.find_once(f"link:{number}:dol") is None
    confirm_link_destroyed(p, desk.office.actor("p-dol"), number, "dol")
    desk.sign()
    assert decide_access(desk.verified(), "p-okafor", desk.today()).permitted
    p.close()
