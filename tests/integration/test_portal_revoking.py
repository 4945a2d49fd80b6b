"""The request's page offers one revocation and one certificate, whatever its versions."""

import re
from pathlib import Path

from governance.requests.states import Act, Status
from tests.lib.amended import WIDER, amended, statuses
from tests.lib.portal import free_port, run_portal
from tests.lib.signing import Desk

REASON = "The terms were broken."


def test_the_page_offers_one_revocation_and_one_certificate(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "d", base_url=f"http://127.0.0.1:{free_port()}", session_minutes=1440)
    number = amended(desk)

    def links(who: str) -> list[str]:
        html = portal.client(who).get(f"/requests/{number}").text
        return re.findall(rf'href="/requests/{number}/((?:revoke|destruction)[^"]*)"', html)

    with run_portal(tmp_path / "p", programme=desk.office.programme) as portal:
        assert links("p-office") == ["revoke"]
        assert links("p-dol") == ["revoke?version=1"], "whose data only version 1 has"
        where = f"/requests/{number}/revoke?version=1"
        client = portal.client("p-dol")
        assert portal.send(client, where, form_of=where, reason=REASON).status_code == 303
        assert statuses(desk, number) == {Status.REVOKED}
        assert links("p-office") == []
        assert links("p-ruiz") == ["destruction?version=1"]
        for version in ("", "?version=1", "?version=2"):
            page = portal.client("p-ruiz").get(f"/requests/{number}/destruction{version}")
            assert page.status_code == 200
    desk.office.programme.close()


def test_a_request_is_revoked_while_an_amendment_is_typed(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "d", base_url=f"http://127.0.0.1:{free_port()}", session_minutes=1440)
    number = desk.granted()
    desk.sign()
    desk.do(number, "p-ruiz", Act.AMEND, content=WIDER)
    where = f"/requests/{number}/revoke"
    with run_portal(tmp_path / "p", programme=desk.office.programme) as portal:
        office = portal.client("p-office")
        assert portal.send(office, where, form_of=where, reason=REASON).status_code == 303
    assert statuses(desk, number) == {Status.REVOKED}
    desk.sign()
    assert desk.bundle().revoked is not None
    desk.office.programme.close()
