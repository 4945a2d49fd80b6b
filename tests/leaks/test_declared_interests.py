"""What a member says of an interest: who is recused is public, the words are not."""

from pathlib import Path

from governance.audit.tags import Tag
from governance.board import commands as b
from governance.permissions import PUBLIC
from governance.requests.states import Act
from governance.services.ledger import list_entries, read_entry
from tests.lib.portal import free_port, run_portal
from tests.lib.programme import Office

IN_REQUEST, IN_MOTION = "CANARY-SPOUSE-ON-THE-TEAM", "CANARY-SHARES-IN-THE-FUNDER"
PAGES = (
    "/api/v1/bodies",
    "/api/v1/bodies/data_governing_board",
    "/api/v1/bodies/data_governing_board/motions/MO-1",
    "/boards/data_governing_board/motions/MO-1",
    "/boards/data_governing_board/meetings/M-1",
)


def test_the_words_of_an_interest_are_nowhere_public(tmp_path: Path) -> None:
    office = Office(tmp_path / "home", base_url=f"http://127.0.0.1:{free_port()}")
    office.register()
    office.seat_everyone()
    number = office.to_vote()
    office.act("p-dcf", number, Act.DECLARE_INTEREST, text=IN_REQUEST)
    office.meet()
    office.put(number, "MO-1")
    office.on_board("p-oec", b.DeclareInterest, motion="MO-1", text=IN_MOTION)
    p = office.programme
    with run_portal(tmp_path / "portal", programme=p) as portal:
        told = {path: portal.client().get(path) for path in PAGES}
    assert {answer.status_code for answer in told.values()} == {200}
    facts = [
        read_entry(p, PUBLIC, e.seq).facts for e in list_entries(p, PUBLIC, per_page=100).items
    ]
    assert any(f and f["tag"] == Tag.MOTION_PUT for f in facts)
    public = "".join(answer.text for answer in told.values()) + str(facts)
    assert "CANARY" not in public
    assert "p-dcf" in public, "that a member is recused is public"
    office.discard()
