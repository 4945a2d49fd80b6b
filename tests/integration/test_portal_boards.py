"""A meeting through its pages: notice, session, motion, votes, result, papers."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.lib.journey import MEETING_AT, MEMBERS, Journey
from tests.lib.portal import RunningPortal, free_port, run_portal
from tests.lib.programme import Office

pytestmark = pytest.mark.xdist_group("portal_boards")

BOARD = "/boards/data_governing_board"


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    home = tmp_path_factory.mktemp("boards")
    office = Office(home, base_url=f"http://127.0.0.1:{free_port()}", session_minutes=600)
    office.register()
    journey = Journey(office)
    journey.seat_members()
    return journey


@pytest.fixture(scope="module")
def portal(journey: Journey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    home = tmp_path_factory.mktemp("boards-portal")
    with run_portal(home, programme=journey.p) as served:
        yield served


def step_a_meeting_from_notice_to_result(journey: Journey, portal: RunningPortal) -> None:
    number = journey.submit()
    journey.review(number)
    office = portal.client("p-office")
    assert portal.client("p-sde").get(f"{BOARD}/notice").status_code == 403
    typed = {"meeting": "DGB-3", "day": "2026-03-12", "rescheduled_from": ""}
    wrong = portal.send(office, f"{BOARD}/notice", form_of=f"{BOARD}/notice", time="nine", **typed)
    assert wrong.status_code == 422
    assert "Use hours and minutes" in wrong.text
    noticed = portal.send(
        office, f"{BOARD}/notice", form_of=f"{BOARD}/notice", time="10:00", **typed
    )
    meeting = f"{BOARD}/meetings/DGB-3"
    assert noticed.headers["location"] == f"{meeting}?said=board_notice"
    assert "10:00 a.m. EDT" in portal.client().get(meeting).text

    journey.office.clock.to(MEETING_AT + timedelta(minutes=1))
    office = portal.client("p-office")
    assert portal.send(office, f"{meeting}/open", form_of=meeting).status_code == 303
    for agency in MEMBERS:
        sent = portal.send(office, f"{meeting}/arrive", form_of=meeting, person=f"p-{agency}")
        assert sent.status_code == 303, sent.text
    sde = portal.client("p-sde")
    moved = portal.send(
        sde, f"{meeting}/move", form_of=f"{meeting}/move", motion="M-1", kind="data_request",
        about=number, other_about="", text=f"Approve {number}.", conditions="Show the tables.",
    )  # fmt: skip
    assert moved.status_code == 303, moved.text
    motion = f"{BOARD}/motions/M-1"
    assert portal.send(office, f"{motion}/put", form_of=motion).status_code == 303
    silent = portal.send(
        sde, f"{motion}/vote", form_of=motion, agency="sde", choice="in_favor", rationale=""
    )
    assert silent.status_code in {403, 422}
    for agency in MEMBERS:
        cast = portal.send(
            portal.client(f"p-{agency}"), f"{motion}/vote", form_of=motion,
            agency=agency, choice="in_favor", rationale="It serves the purpose.",
        )  # fmt: skip
        assert cast.status_code == 303, cast.text
    again = portal.send(
        sde, f"{motion}/vote", form_of=motion, agency="sde", choice="against", rationale="No."
    )
    assert again.status_code in {403, 422}
    assert portal.send(office, f"{motion}/close", form_of=motion).status_code == 303
    public = portal.client().get(motion).text
    assert "passed" in public
    assert "quorum" in public.casefold()
    where = f"/requests/{number}/record-vote"
    recorded = portal.send(office, where, form_of=where, motion="M-1")
    assert recorded.status_code == 303, recorded.text
    ended = portal.send(
        office, f"{meeting}/end", form_of=f"{meeting}/end", how="close", reason="Done."
    )
    assert ended.status_code == 303, ended.text


def step_papers_of_a_meeting(portal: RunningPortal) -> None:
    papers = f"{BOARD}/meetings/DGB-3/papers"
    for kind in ("notice", "agenda", "minutes"):
        assert portal.client().get(f"{papers}/{kind}").status_code == 200
        pdf = portal.client().get(f"{papers}/{kind}?format=pdf")
        assert pdf.content.startswith(b"%PDF-")
    assert portal.client("p-sde").get(f"{papers}/packet").status_code == 200
    assert portal.client("p-ruiz").get(f"{papers}/packet").status_code == 403
    assert portal.client().get(f"{BOARD}/meetings/none").status_code == 404
    assert portal.client().get("/boards/none").status_code == 404
    assert portal.client().get("/meetings?format=csv").status_code == 200


def test_a_meeting_and_its_papers(journey: Journey, portal: RunningPortal) -> None:
    """One story: the papers are those of the meeting that was held."""
    step_a_meeting_from_notice_to_result(journey, portal)
    step_papers_of_a_meeting(portal)
