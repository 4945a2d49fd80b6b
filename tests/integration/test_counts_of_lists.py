"""Counts of the ledger's pages, kept between two looks, on both databases."""

from governance.audit.tags import Tag
from governance.permissions import PUBLIC
from governance.requests.states import Act
from governance.services.ledger import list_entries
from governance.services.request_lists import ListQuery, list_requests
from governance.services.verifying import tags_in_use
from tests.lib.programme import Office

DRAFTED = (Tag.DATA_REQUEST_DRAFTED,)


def totals(office: Office) -> tuple[int, int]:
    p = office.programme
    return list_entries(p, PUBLIC).total, list_entries(p, PUBLIC, tags=DRAFTED).total


def test_what_came_since_is_counted_too(office: Office) -> None:
    everything, drafted = totals(office)
    assert everything == len(office.people)
    assert drafted == 0
    number = office.begin()
    assert totals(office) == (everything + 1, 1)
    office.act("p-ruiz", number, Act.SUBMIT)
    office.begin()
    assert totals(office) == (everything + 3, 2)
    assert totals(office) == (everything + 3, 2)
    page = list_entries(office.programme, PUBLIC, tags=DRAFTED, page=2, per_page=1)
    assert (page.total, page.pages, len(page.items)) == (2, 2, 1)


def test_a_status_filters_whatever_the_list_is_sorted_by(office: Office) -> None:
    numbers = [office.begin() for _ in range(3)]
    for number in numbers[:2]:
        office.act("p-ruiz", number, Act.SUBMIT)
    for sort in ("number", "updated_at", "status", "title"):
        for descending in (False, True):
            query = ListQuery(status=("submitted",), sort=sort, descending=descending)
            found = list_requests(office.programme, office.actor("p-office"), query)
            assert found.total == 2
            listed = [row.number for row in found.items]
            assert sorted(listed) == numbers[:2]
            if sort == "number":
                assert listed == sorted(numbers[:2], reverse=descending)
    query = ListQuery(status=("submitted", "draft"))
    assert list_requests(office.programme, office.actor("p-office"), query).total == 3


def test_the_tags_of_the_chain_are_each_named_once(office: Office) -> None:
    number = office.begin()
    office.act("p-ruiz", number, Act.SUBMIT)
    assert tags_in_use(office.programme) == (
        Tag.DATA_REQUEST_DRAFTED, Tag.DATA_REQUEST_SUBMITTED, Tag.PERSON_REGISTERED,
    )  # fmt: skip
