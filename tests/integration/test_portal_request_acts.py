"""Acts on a request through their pages, by those who may and by those who may not."""

from collections.abc import Iterator

import pytest

from governance.requests.states import Status
from governance.services.requests import read_request
from tests.lib.journey import Journey
from tests.lib.portal import RunningPortal, free_port, hidden_of, run_portal
from tests.lib.programme import Office


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    home = tmp_path_factory.mktemp("acts")
    office = Office(home, base_url=f"http://127.0.0.1:{free_port()}")
    office.register()
    journey = Journey(office)
    journey.seat_members()
    return journey


@pytest.fixture(scope="module")
def portal(journey: Journey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    home = tmp_path_factory.mktemp("acts-portal")
    with run_portal(home, programme=journey.p) as served:
        yield served


def test_from_submission_to_the_vote(journey: Journey, portal: RunningPortal) -> None:
    number = journey.submit()
    where = f"/requests/{number}"
    office, owner = portal.client("p-office"), portal.client("p-sde")

    for person in ("p-ruiz", "p-sde", "p-audit"):
        assert portal.client(person).get(f"{where}/complete").status_code == 403
    shown = office.get(f"{where}/complete")
    assert shown.status_code == 200
    assert "Pre-check of the variables" in shown.text
    taken = portal.send(office, f"{where}/complete", form_of=f"{where}/complete")
    assert taken.status_code == 303, taken.text
    assert taken.headers["location"] == f"{where}?said=act_accept_complete"

    refused = portal.send(
        owner, f"{where}/review", form_of=f"{where}/review",
        agency="sde", choice="approve", reason="", conditions="Show us the tables.",
    )  # fmt: skip
    assert refused.status_code == 422
    assert "Reason: Fill this in." in refused.text
    assert "Show us the tables." in refused.text
    assert portal.client("p-dol").get(f"{where}/review").status_code == 200
    approved = portal.send(
        owner, f"{where}/review", form_of=f"{where}/review",
        agency="sde", choice="approve", reason="It serves.", conditions="Show us the tables.\n",
    )  # fmt: skip
    assert approved.status_code == 303
    again = owner.get(f"{where}/review")
    assert '<option value="sde">' not in again.text
    asked = portal.send(
        portal.client("p-dol"), f"{where}/review", form_of=f"{where}/review",
        agency="dol", choice="ask_changes", reason="Fewer years.", conditions="",
    )  # fmt: skip
    assert asked.status_code == 303
    view = read_request(journey.p, journey.actor("p-office"), number)
    assert view.latest.status is Status.RETURNED
    assert view.latest.mend == ("dol: Fewer years.",)


def test_a_stale_form_changes_nothing(journey: Journey, portal: RunningPortal) -> None:
    number = journey.submit(title="Another one")
    where = f"/requests/{number}"
    office, other = portal.client("p-office"), portal.client("p-office2")
    first = office.get(f"{where}/return").text
    assert portal.send(
        other, f"{where}/return", form_of=f"{where}/return", mend="Say where the data lies."
    ).status_code == 303  # fmt: skip
    late = office.post(f"{where}/return", data=hidden_of(first) | {"mend": "Name a funder."})
    assert late.status_code in {403, 409}
    assert read_request(journey.p, journey.actor("p-office"), number).latest.mend == (
        "Say where the data lies.",
    )


def test_the_public_is_sent_to_sign_in(journey: Journey, portal: RunningPortal) -> None:
    number = journey.submit(title="A third one")
    answer = portal.client().get(f"/requests/{number}/complete")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
