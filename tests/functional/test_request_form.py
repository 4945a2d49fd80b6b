"""The request form in a real browser: checked as it is typed, and whole without scripts."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from governance.services.requests import read_request
from tests.lib.journey import Journey
from tests.lib.portal import PHONE, RunningPortal, free_port, run_portal
from tests.lib.programme import Office

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("request_form")]
TEXTS = {
    "Purpose and scope": "Whether attendance and earnings go together.",
    "Legal basis": "20 U.S.C. 1232g(b)(3)",
    "How it fits the learning agenda": "Question 2.",
    "Requesting organization": "State University",
    "Secure environment": "The programme's enclave.",
    "Analysis": "Regression on group means.",
    "Dissemination": "A report, shown to the agencies before.",
    "Last day of use": "2026-12-31",
    "Destruction by": "2027-01-30",
}


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    home = tmp_path_factory.mktemp("form")
    office = Office(home, base_url=f"http://127.0.0.1:{free_port()}")
    office.register()
    return Journey(office)


@pytest.fixture(scope="module")
def portal(journey: Journey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("form-portal"), programme=journey.p) as served:
        yield served


def begin(page: "Page", title: str) -> str:
    page.goto("/requests/new")
    page.get_by_label("Name of the request").fill(title)
    page.get_by_label("Type").select_option("initial")
    page.get_by_role("button", name="Begin the request").click()
    page.wait_for_url("**/edit*")
    found = re.search(r"/requests/([^/]+)/edit", page.url)
    assert found is not None
    return found[1]


def add_dataset(page: "Page", dataset: str) -> None:
    page.get_by_label("Add a dataset").select_option(dataset)
    page.get_by_role("button", name="Add the dataset").click()
    page.get_by_role("heading", name=f"({dataset})").wait_for()


def test_the_checks_follow_what_is_typed(portal: RunningPortal, browser: "Browser") -> None:
    page = portal.page(browser, "p-ruiz")
    number = begin(page, "Followed by the checks")
    add_dataset(page, "dol/quarterly_wages")
    checked, status = page.locator("#checked"), page.locator("[data-autosave-status]")
    assert "No variable of dol/quarterly_wages is asked for." in checked.inner_text()
    # Wages of single persons are for employees of the state only; the requestor is none.
    page.get_by_role("checkbox", name=re.compile("^amount")).evaluate("box => box.click()")
    page.get_by_role("rowheader", name="dol/quarterly_wages: amount").wait_for()
    assert "No variable of dol/quarterly_wages" not in checked.inner_text()
    before = status.inner_text()
    assert re.search(r"Draft saved .* E[SD]T.*The checks below find \d+ things to mend", before)
    # A date that is none yet is kept as typed, and the rest of the form is checked all the same.
    page.get_by_label("Legal basis").fill("20 U.S.C. 1232g(b)(3)")
    page.get_by_text("No legal basis is named.").wait_for(state="detached")
    assert int(re.findall(r"\d+ things", status.inner_text())[0].split()[0]) == (
        int(re.findall(r"\d+ things", before)[0].split()[0]) - 1
    )
    page.goto(f"/requests/{number}/edit")
    assert page.get_by_label("Legal basis").input_value() == "20 U.S.C. 1232g(b)(3)"
    page.context.close()


def test_the_form_is_whole_without_scripts(
    journey: Journey, portal: RunningPortal, browser: "Browser"
) -> None:
    context = browser.new_context(
        base_url=portal.url, java_script_enabled=False, viewport={"width": PHONE, "height": 900}
    )
    cookies = portal.client("p-ruiz").cookies.jar
    context.add_cookies(
        [{"name": c.name, "value": c.value or "", "url": portal.url} for c in cookies]
    )
    page = context.new_page()
    number = begin(page, "Typed without scripts")
    for dataset, variable in (("sde/enrollment", "grade"), ("dol/quarterly_wages", "town")):
        add_dataset(page, dataset)
        part = page.get_by_role("region", name=f"({dataset})")
        part.get_by_text(re.compile(f"^{variable}")).first.click()
        page.get_by_role("button", name="Save draft").click()
    page.get_by_label("Only in totals and means").nth(1).fill("town")
    for label, text in TEXTS.items():
        page.get_by_label(label, exact=False).first.fill(text)
    page.get_by_label("Last day of use").fill("")
    page.get_by_role("button", name="Save draft").click()
    assert page.get_by_label("Legal basis").input_value() == TEXTS["Legal basis"]
    assert "The last day of use is open." in page.locator("#checked").inner_text()
    page.get_by_label("Last day of use").fill(TEXTS["Last day of use"])
    page.get_by_role("button", name="Save draft").click()
    left = page.locator("#checked").inner_text()
    assert "The last day of use is open." not in left
    for still in ("purpose relied on for sde", "basis for education", "authorized representative"):
        assert still in left
    content = read_request(journey.p, journey.actor("p-ruiz"), number).latest.content
    assert {d.dataset: d.variables for d in content.datasets} == {
        "sde/enrollment": ("grade",), "dol/quarterly_wages": ("town",),
    }  # fmt: skip
    assert {d.dataset: d.totals_only for d in content.datasets} == {
        "sde/enrollment": (), "dol/quarterly_wages": ("town",),
    }  # fmt: skip
    assert content.organization == TEXTS["Requesting organization"]
    context.close()
