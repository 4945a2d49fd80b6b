"""Two of the office erase facts of the ledger, on pages and as JSON; nobody does it alone."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from governance.audit import Tag
from governance.decisions import AccessDeniedError
from governance.permissions import PUBLIC
from governance.requests.states import Act
from governance.services.erasing import Outcome, list_erasures
from governance.services.ledger import list_entries, read_entry, verify
from tests.lib.portal import RunningPortal, run_portal, token_of
from tests.lib.programme import Office

PAGE = "/ledger/erasures"
API = "/api/v1/ledger/erasures"


@pytest.fixture
def portal(small_office: Office, tmp_path: Path) -> Iterator[RunningPortal]:
    """A portal, and two denials of somebody's on record."""
    number = small_office.begin()
    for _ in range(2):
        with pytest.raises(AccessDeniedError):
            small_office.act("p-holder", number, Act.SUBMIT)
    with run_portal(tmp_path / "portal", programme=small_office.programme) as served:
        yield served


def denials(office: Office) -> list[int]:
    found = list_entries(office.programme, PUBLIC, tags=[Tag.ACTION_DENIED]).items
    return [e.seq for e in found if e.subject == "Q0001"]


def test_two_of_the_office_erase_on_pages_and_as_json(
    portal: RunningPortal, small_office: Office
) -> None:
    p, (second, first) = small_office.programme, denials(small_office)
    one, two = portal.client("p-office"), portal.client("p-office2")
    for person in ("p-ruiz", "p-audit", "p-sde"):
        assert portal.client(person).get(PAGE).status_code == 403, person
    assert f'href="{PAGE}?entry={first}"' in one.get(f"/ledger/{first}").text
    assert PAGE not in portal.client("p-ruiz").get(f"/ledger/{first}").text

    typed = {"kind": "entry", "what": str(first), "reason": "asked_by_person", "words": "A letter."}
    for field, wrong in (("reason", ""), ("what", "99999"), ("kind", "meeting")):
        refused = portal.send(one, PAGE, form_of=PAGE, **(typed | {field: wrong}))
        assert refused.status_code == 422, field
        assert "usa-error-message" in refused.text, field
        assert "A letter." in refused.text, field
    assert portal.send(one, PAGE, form_of=PAGE, **typed).status_code == 303
    shown = one.get(PAGE).text
    assert "You asked for it, so somebody else carries it out." in shown
    (asked,) = list_erasures(p, small_office.actor("p-office"))
    where = f"{PAGE}/{asked.seq}"
    assert portal.send(one, f"{where}/confirm").status_code == 403
    assert f'action="{where}/confirm"' in two.get(PAGE).text
    assert portal.send(two, f"{where}/confirm", form_of=PAGE).status_code == 303
    assert read_entry(p, PUBLIC, first).erased
    assert "Nothing waits." in two.get(PAGE).text
    assert portal.send(two, f"{where}/drop").status_code == 403

    wanted = {"kind": "entry", "what": str(second), "reason": "mistake", "once": "t"}
    made = sent(two, API, wanted)
    assert made.status_code == 201, made.text
    assert sent(two, API, wanted).json() == made.json()
    seq = made.json()["seq"]
    assert sent(two, f"{API}/{seq}/confirm").status_code == 403
    assert sent(one, f"{API}/{seq}/drop").status_code == 204
    assert sent(one, f"{API}/{seq}/confirm").status_code == 403
    again = sent(two, API, wanted | {"once": "u"}).json()["seq"]
    assert sent(one, f"{API}/{again}/confirm").json() == {"entries": 1}
    assert sent(one, f"{API}/{again}/confirm").json() == {"entries": 0}
    assert sent(two, API, wanted | {"once": "v"}).status_code == 403
    assert sent(two, API, wanted | {"reason": "Because of Dana."}).status_code == 422
    listed = one.get(API, params={"outcome": "confirmed"}).json()
    assert [x["seq"] for x in listed["items"]] == [again, asked.seq]
    assert [x.outcome for x in list_erasures(p, small_office.actor("p-office"))] == [
        Outcome.CONFIRMED, Outcome.DROPPED, Outcome.CONFIRMED
    ]  # fmt: skip
    assert verify(p).verified


def sent(client: httpx.Client, path: str, body: dict[str, str] | None = None) -> httpx.Response:
    """As a program of the person's own sends it."""
    token = token_of(client.get("/account").text)
    return client.post(path, json=body, headers={"x-csrf-token": token})
