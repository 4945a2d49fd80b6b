"""A filter tells nothing that the list does not show: what an unsubmitted draft asks for is not."""

from typing import Any

from governance.permissions import Actor
from governance.requests.model import RequestedDataset
from governance.requests.states import Act
from governance.services.agencies import list_uses, read_agency
from governance.services.request_lists import ListQuery, list_requests
from tests.lib.programme import Office
from tests.lib.requests import build_content


def test_the_agency_of_a_draft_is_found_by_nobody(office: Office) -> None:
    """Submitted for `sde` and `dol`, returned, and edited since to ask for `oec` too."""
    number, p = office.begin(), office.programme
    office.act("p-ruiz", number, Act.SUBMIT)
    office.act("p-office", number, Act.RETURN, mend=("Name a funder.",))
    asked = build_content()
    centers = RequestedDataset(dataset="oec/centers", variables=("sector",))
    more = asked.model_copy(
        update={"datasets": (*asked.datasets, centers), "title": "Quokkas, too"}
    )
    office.act("p-ruiz", number, Act.SAVE_DRAFT, content=more)
    with p.store.read() as unit:
        request = unit.request(number)
    assert request is not None
    assert "oec" in request.latest.content.agencies

    def found(actor: Actor, **wanted: Any) -> list[str]:
        return [row.number for row in list_requests(p, actor, ListQuery(**wanted)).items]

    for person in office.people.values():
        actor = Actor(person=person)
        assert found(actor, agency=("oec",)) == [], person.id
        assert found(actor, data_of="oec") == [], person.id
        assert found(actor, text="oec") == [], person.id
        assert found(actor, text="quokkas") == [], person.id
        assert found(actor, agency=("sde",)) == found(actor), person.id
        assert found(actor, agency=("oec", "dol")) == found(actor), person.id
    assert found(office.actor("p-sde")) == [number]
    assert list_uses(p, office.actor("p-oec"), "oec") == ()
    assert read_agency(p, office.actor("p-oec"), "oec").waiting == ()


def test_a_draft_is_found_by_its_agency_by_whom_it_is_shown_to(office: Office) -> None:
    number = office.begin()
    query = ListQuery(agency=("sde",))
    who = {
        person.id
        for person in office.people.values()
        if list_requests(office.programme, Actor(person=person), query).total
    }
    assert who == {"p-ruiz", "p-chen", "p-okafor", "p-office", "p-office2", "p-audit"}, number
