"""Papers of a public meeting show what was submitted, without persons, and never a draft."""

from pathlib import Path

from governance.board import commands as b
from tests.lib.portal import free_port, run_portal
from tests.lib.programme import Office
from tests.lib.requests import build_content

BOARD = "/boards/data_governing_board/meetings/M-1"


def test_public_papers_of_a_meeting_show_no_draft_and_no_person(tmp_path: Path) -> None:
    office = Office(tmp_path / "home", base_url=f"http://127.0.0.1:{free_port()}")
    office.register()
    office.seat_everyone()
    draft = office.begin(build_content(title="CANARY-DRAFT", organization="CANARY-DRAFT"))
    number = office.to_vote(build_content(title="What Dana Ruiz measured"))
    office.meet()
    office.put(number, "MO-1")
    office.on_board(
        "p-sde", b.MoveMotion, meeting="M-1", motion="MO-2", kind="other",
        text="Thank the stewards.", about=draft,
    )  # fmt: skip
    with run_portal(tmp_path / "portal", programme=office.programme) as portal:
        anybody, member = portal.client(), portal.client("p-oec")
        papers = [anybody.get(f"{BOARD}/papers/{kind}") for kind in ("notice", "agenda", "minutes")]
        packet = member.get(f"{BOARD}/papers/packet")
        calendar = anybody.get("/meetings.ics").text.replace("\r\n ", "")
        link = next(x[4:] for x in calendar.splitlines() if x.startswith("URL:"))
        assert anybody.get(link).status_code == 200
    assert {answer.status_code for answer in (*papers, packet)} == {200}
    public = "".join(answer.text for answer in papers)
    assert "CANARY" not in public + packet.text
    assert "Dana Ruiz" not in public
    assert "What [name withheld] measured" in public
    assert "What Dana Ruiz measured" in packet.text
    office.discard()
