"""Pages after the decision: the agency's, the requestor's persons, documents, the certificate."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from governance.requests.states import Status
from governance.services.requests import read_request
from tests.lib.afterwards import Afterwards
from tests.lib.portal import RunningPortal, free_port, hidden_of, run_portal

PDF = {"file": ("table one.pdf", b"%PDF-1.7 made up", "application/pdf")}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Afterwards:
    home = tmp_path_factory.mktemp("afterwards")
    return Afterwards(home, base_url=f"http://127.0.0.1:{free_port()}")


@pytest.fixture(scope="module")
def portal(story: Afterwards, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("afterwards-portal"), programme=story.p) as served:
        yield served


def test_an_agency_sees_its_own_and_no_other(story: Afterwards, portal: RunningPortal) -> None:
    for person in ("p-sde", "p-stew"):
        html = portal.client(person).get("/agency").text
        assert f'href="/requests/{story.live}"' in html
        assert "A study that waits" in html
        assert "=cmd.csv" in html
        assert f'href="/requests/{story.over}"' not in html
    owner = portal.client("p-sde").get("/agency").text
    assert f'href="/requests/{story.waiting}/review"' in owner
    assert portal.client("p-sde").get("/agency?agency=dol").status_code == 403
    assert portal.client("p-ruiz").get("/agency").status_code == 403
    assert portal.client().get("/agency").status_code == 303
    office = portal.client("p-office").get("/agency?agency=dol").text
    assert '<option value="dol" selected>' in office
    for page in ("submissions", "destructions"):
        assert portal.client("p-stew").get(f"/agency/{page}").status_code == 200
        assert portal.client("p-stew").get(f"/agency/{page}?agency=dol").status_code == 403
        assert portal.client("p-audit").get(f"/agency/{page}?agency=dol&format=csv").text


def test_a_link_is_confirmed_by_its_agency_once(story: Afterwards, portal: RunningPortal) -> None:
    dol = portal.client("p-dol")
    html = dol.get("/agency").text
    assert f"Confirm that the link for {story.live} is destroyed" in html
    sent = {"number": story.live, "agency": "dol"}
    office = portal.client("p-office")
    assert portal.send(office, "/agency/links", **sent).status_code == 403
    assert portal.send(dol, "/agency/links", **sent).status_code == 303
    assert "</a>: confirmed." in dol.get("/agency").text
    assert portal.send(portal.client("p-sde"), "/agency/links", **sent).status_code == 403


def test_my_people_say_what_access_lacks(story: Afterwards, portal: RunningPortal) -> None:
    rows = portal.client("p-ruiz").get("/people/mine?format=json").json()
    mine = {(row["number"], row["name"]): row for row in rows}
    live = mine[story.live, "Dana Ruiz"]
    assert live["access"] == "no"
    assert "Dana Ruiz has not signed the confidentiality statement." in live["why"]
    assert "No training is recorded." in live["why"]
    assert (
        "There is no grant in force: the request is revoked." in mine[story.over, "Lin Chen"]["why"]
    )
    html = portal.client("p-ruiz").get("/people/mine?access=no").text
    assert "What is missing, and what mends it" in html
    assert "no request that names anybody" in portal.client("p-holder").get("/people/mine").text
    assert portal.client().get("/people/mine").status_code == 303


def _post(client: httpx.Client, path: str, page: str, **typed: object) -> httpx.Response:
    return client.post(path, data=hidden_of(page) | typed)


def test_destruction_is_certified_as_it_was_shown(story: Afterwards, portal: RunningPortal) -> None:
    path, ruiz = f"/requests/{story.over}/destruction", portal.client("p-ruiz")
    assert portal.client("p-sde").get(path).status_code == 403
    assert ruiz.get(f"/requests/{story.live}/destruction").status_code == 403
    assert ruiz.get(f"/requests/{story.over}/certificate").status_code == 404
    one = {f"destroyed.0.{k}": v for k, v in (
        ("what", "Two extracts"), ("where", "Server A"), ("how", "Key destroyed"))}  # fmt: skip
    typed = {**one, "destroyed.0.on": "no day", "capacity": "The representative"}
    wrong = _post(ruiz, path, ruiz.get(path).text, **typed, do="show")
    assert wrong.status_code == 422
    assert "Enter a date." in wrong.text
    assert "Two extracts" in wrong.text
    later = _post(ruiz, path, wrong.text, **{**typed, "destroyed.0.on": "2099-01-01"}, do="show")
    assert "This is in the future." in later.text
    typed["destroyed.0.on"] = story.p.today.isoformat()
    added = _post(ruiz, path, later.text, **typed, do="add_survives")
    assert 'name="survives.0.where"' in added.text
    typed |= {"survives.0.what": "A backup", "survives.0.where": "Tape 7",
              "survives.0.until": "2027-01-01", "survives.0.protected": "Encrypted"}  # fmt: skip
    blind = _post(ruiz, path, added.text, **typed, do="certify")
    assert "Certify exactly this text" in blind.text  # shown first, never certified unseen
    other = _post(ruiz, path, blind.text, **{**typed, "survives.0.what": "No backup"}, do="certify")
    assert other.status_code == 403
    shown = _post(ruiz, path, added.text, **typed, do="show")
    done = _post(ruiz, path, shown.text, **typed, do="certify")
    assert done.headers["location"] == f"/requests/{story.over}?said=destruction_certified"
    view = read_request(story.p, story.actor("p-ruiz"), story.over)
    assert view.latest.status is Status.DESTRUCTION_CERTIFIED
    assert view.latest.certified is not None
    assert view.latest.certified.survives == "A backup in Tape 7 until 2027-01-01 (Encrypted)"
    page = portal.client("p-sde").get(f"/requests/{story.over}/certificate").text
    assert "Tape 7" in page
    assert view.latest.certified.digest in page
    pdf = ruiz.get(f"/requests/{story.over}/certificate?format=pdf")
    assert pdf.content.startswith(b"%PDF-")


def test_documents_are_filed_listed_and_read(story: Afterwards, portal: RunningPortal) -> None:
    path, ruiz = f"/requests/{story.live}/documents", portal.client("p-ruiz")
    page = ruiz.get(path).text
    sent = {"kind": "output", "title": "", "confidential": "yes"}
    filed = ruiz.post(path, data=hidden_of(page) | sent, files=PDF)
    assert filed.headers["location"] == f"{path}?said=document_filed"
    html = ruiz.get(path).text
    found = re.findall(rf'href="({path}/[^"]+)"', html)
    assert len(found) == 1
    assert "table one.pdf" in html
    read = portal.client("p-sde").get(found[0])
    assert read.content == PDF["file"][1]
    assert read.headers["content-disposition"].startswith("attachment; ")
    assert read.headers["x-content-type-options"] == "nosniff"
    assert portal.client("p-dcf").get(found[0]).status_code == 403
    assert portal.client("p-dcf").get(path).status_code == 403
    nothing = ruiz.post(
        path, data=hidden_of(html) | {**sent, "kind": "", "title": "Kept"}, files={}
    )
    assert nothing.status_code in {415, 422}
    program = {"file": ("a.pdf", b"MZ not a pdf", "application/pdf")}
    assert ruiz.post(path, data=hidden_of(html) | sent, files=program).status_code == 415
    entries = ruiz.get(f"/ledger?text={story.live}&tag=attachment:read&format=json").json()
    assert len(entries) == 1


def test_a_publication_is_proposed_seen_and_stands_in_the_register(
    story: Afterwards, portal: RunningPortal
) -> None:
    path, ruiz = f"/requests/{story.live}/publications", portal.client("p-ruiz")
    wrong = portal.send(ruiz, path, form_of=path, title="Kept findings", kind="", venue="")
    assert wrong.status_code == 422
    assert "Kept findings" in wrong.text
    sent = {"title": "Quiet findings", "kind": "brief", "venue": "A web site"}
    day = (story.p.today + timedelta(days=20)).isoformat()
    page = ruiz.get(path).text
    good = ruiz.post(path, data=hidden_of(page) | sent | {"planned_on": day}, files=PDF)
    assert good.headers["location"] == f"{path}?said=publication_proposed"
    rows = ruiz.get(f"{path}?format=json").json()
    own = next(r for r in rows if r["title"] == "Quiet findings")
    one = f"{path}/{own['publication']}"
    assert (own["state"], own["unseen"]) == ("waiting", "DOL, SDE")
    public = portal.client()
    for told in (f"/register/{story.live}", "/register.atom", "/register/open-data/register.json"):
        assert "Quiet findings" not in public.get(told).text
    for stranger in ("p-dcf", "p-holder"):
        assert portal.client(stranger).get(one).status_code == 403
    office = portal.client("p-office")
    assert "Record it as published" not in office.get(one).text
    for agency in ("p-sde", "p-dol"):
        owner = portal.client(agency)
        assert f'href="{one}"' in owner.get("/agency").text
        seen = portal.send(owner, f"{one}/seen", form_of=one, comment=f"Read by {agency}.")
        assert seen.headers["location"] == f"{one}?said=publication_seen"
        assert f'href="{one}"' not in owner.get("/agency").text
    assert "Read by p-dol." in ruiz.get(one).text
    assert f'href="{one}"' in office.get("/office").text
    facts = {"title": "Quiet findings", "published_on": story.p.today.isoformat()}
    bad = portal.send(office, f"{one}/published", form_of=one, address="javascript:1", **facts)
    assert bad.status_code == 422
    assert "Use the form that the hint describes." in bad.text
    link = "https://example.org/quiet"
    done = portal.send(office, f"{one}/published", form_of=one, address=link, **facts)
    assert done.headers["location"] == f"{one}?said=publication_recorded"
    assert link in public.get(f"/register/{story.live}").text
    assert "Quiet findings" in public.get("/register.atom").text
    again = ruiz.get(f"{path}?format=json").json()
    assert next(r for r in again if r["title"] == "Quiet findings")["state"] == "published"
    back = f"{path}/{story.proposed}"
    taken = portal.send(ruiz, f"{back}/withdraw", form_of=back, reason="A mistake in table 2.")
    assert taken.headers["location"] == f"{back}?said=publication_withdrawn"
    assert "A mistake in table 2." in ruiz.get(back).text
    assert ruiz.get(f"{path}/pub-none").status_code == 404
