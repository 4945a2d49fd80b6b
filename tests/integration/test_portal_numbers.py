"""Numbers in addresses and forms that are none: a refusal in words, never a failure of ours."""

from pathlib import Path

from tests.lib.portal import free_port, run_portal
from tests.lib.programme import Office

HUGE = "9" * 5000
"""More digits than Python reads (sys.int_info.default_max_str_digits)."""


def test_numbers_of_thousands_of_digits_are_no_failure(tmp_path: Path) -> None:
    office = Office(tmp_path / "home", base_url=f"http://127.0.0.1:{free_port()}")
    office.register()
    number = office.begin()
    where = f"/requests/{number}"
    with run_portal(tmp_path / "portal", programme=office.programme) as portal:
        ruiz = portal.client("p-ruiz")
        for asked in (HUGE, "²", "0", "-1", "x", "٣"):
            assert ruiz.get(f"{where}?version={asked}").status_code == 404
            assert ruiz.get(f"{where}/withdraw?version={asked}").status_code == 404
        assert ruiz.get(f"{where}?version=1").status_code == 200
        assert portal.client().get(f"/report/{HUGE}").status_code == 404
        assert portal.client().get("/report/2026").status_code == 200
        edit = f"{where}/edit"
        sent = portal.send(ruiz, edit, form_of=edit, do=f"remove_people:{HUGE}", position=HUGE)
        assert sent.status_code in {303, 422}
    office.discard()
