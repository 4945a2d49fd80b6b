"""A requestor's pages: the form with its mistakes, and signing what was shown."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from governance.requests.states import Status
from governance.services.requests import read_request
from tests.lib.journey import Journey
from tests.lib.portal import RunningPortal, free_port, hidden_of, run_portal
from tests.lib.programme import Office

_INPUT = re.compile(r'<input class="usa-input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"')
_AREA = re.compile(r'<textarea[^>]*? name="([^"]+)"[^>]*>\n?(.*?)</textarea>', re.DOTALL)
_SELECT = re.compile(r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_CHOSEN = re.compile(r'value="([^"]*)" selected')
_BOX = re.compile(r'type="(?:checkbox|radio)" name="([^"]+)"[^>]*? value="([^"]*)" checked')


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    home = tmp_path_factory.mktemp("requests")
    office = Office(home, base_url=f"http://127.0.0.1:{free_port()}")
    office.register()
    return Journey(office)


@pytest.fixture(scope="module")
def approved(journey: Journey) -> str:
    return journey.approved()


@pytest.fixture(scope="module")
def portal(
    journey: Journey, approved: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningPortal]:
    assert approved
    home = tmp_path_factory.mktemp("requests-portal")
    with run_portal(home, programme=journey.p) as served:
        yield served


def fill(client: httpx.Client, path: str, **typed: object) -> httpx.Response:
    """Send the page's form as a browser would: everything that stands in it, and what is typed."""
    html = client.get(path).text
    fields: dict[str, object] = dict(hidden_of(html))
    fields |= dict(_INPUT.findall(html)) | dict(_AREA.findall(html))
    for name, inside in _SELECT.findall(html):
        chosen = _CHOSEN.search(inside)
        fields[name] = chosen[1] if chosen else ""
    boxes: dict[str, list[str]] = {}
    for name, value in _BOX.findall(html):
        boxes.setdefault(name, []).append(value)
    return client.post(path, data=fields | boxes | typed)


def test_a_draft_from_nothing_to_submitted(journey: Journey, portal: RunningPortal) -> None:
    ruiz = portal.client("p-ruiz")
    begun = fill(ruiz, "/requests/new", title="Second study", type="initial", continues="")
    where = begun.headers["location"].partition("?")[0]
    number = where.split("/")[2]
    added = fill(ruiz, where, do="add_dataset", add_dataset="sde/enrollment")
    assert added.headers["location"] == f"{where}#datasets"
    assert "sde enrollment" in ruiz.get(where).text
    refused = fill(ruiz, where, do="add_person", **{"new_person.name": "Nora New"})
    assert refused.status_code == 422
    assert "Nora New" in refused.text
    assert "Fill this in." in refused.text
    named = {
        "new_person.name": "Nora New",
        "new_person.email": "nora@example.edu",
        "new_person.employer": "Example University",
        "new_person.employment_class": "university",
        "new_person.role": "analyst",
    }
    assert fill(ruiz, where, do="add_person", **named).status_code == 303
    known = named | {"new_person.email": "P-CHEN@example.org", "new_person.role": "analyst"}
    assert fill(ruiz, where, do="add_person", **known).status_code == 303
    page = ruiz.get(where).text
    assert "Lin Chen" not in page
    assert page.count("Nora New") == 4  # of each the name and its remove button

    wrong = fill(ruiz, f"{where}?said=saved", do="save", ends_on="no day", title="Kept title")
    assert wrong.status_code == 422
    assert "Your changes are saved." not in wrong.text
    assert "Enter a date." in wrong.text
    assert "Kept title" in wrong.text
    chosen = {"datasets.0.variables": ["grade", "year"], "datasets.0.years": "2019, 2020"}
    saved = fill(ruiz, where, do="submit", ends_on="2026-12-31", **chosen)
    assert saved.headers["location"] == f"/requests/{number}/submit", saved.text
    content = read_request(journey.p, journey.actor("p-ruiz"), number).latest.content
    assert content.datasets[0].variables == ("grade", "year")
    assert content.datasets[0].years == (2019, 2020)
    assert "p-chen" not in {p.id for p in content.people}
    incomplete = fill(ruiz, f"/requests/{number}/submit")
    assert incomplete.status_code == 403
    assert "What you can do" in incomplete.text
    assert ">Submit the request<" not in ruiz.get(f"/requests/{number}/submit").text
    assert fill(ruiz, where, do="add_dataset", add_dataset="oec/centers").status_code == 303
    whole = dict.fromkeys(
        ("purpose", "legal_basis", "learning_agenda", "secure_environment", "analysis_plan",
         "dissemination_plan"), "As agreed."
    )  # fmt: skip
    saved = fill(
        ruiz, where, do="submit", ends_on="2026-12-31", destruction_on="2027-01-31",
        ferpa_basis="audit_or_evaluation",
        **whole,
        **chosen,
        **{"datasets.1.variables": ["sector"], "people.2.role": "authorized_representative",
           "purposes.sde": "evaluation", "purposes.oec": "evaluation"},
    )  # fmt: skip
    assert saved.headers["location"] == f"/requests/{number}/submit", saved.text
    sent = fill(ruiz, f"/requests/{number}/submit")
    assert sent.status_code == 303, sent.text
    view = read_request(journey.p, journey.actor("p-office"), number)
    assert view.latest.status is Status.SUBMITTED
    check, office = f"/requests/{number}/complete", portal.client("p-office")
    (field,) = set(re.findall(r'name="(same\.[^"]+)"', office.get(check).text))
    assert "Lin Chen, Department of Labor, as on record" in office.get(check).text
    told = office.get(f"/api/v1/requests/{number}/named").json()["named"]
    assert {one: [x["id"] for x in known] for one, known in told.items()} == {
        field.removeprefix("same."): ["p-chen"]
    }
    assert ruiz.get(f"/api/v1/requests/{number}/named").status_code == 403
    unanswered = fill(office, check)
    assert unanswered.status_code == 422
    assert "Fill this in." in unanswered.text
    assert ">As delivered</td>" in office.get(check).text
    assert "<li>Nora New, Example University: analyst" in office.get(check).text
    assert fill(office, check, **{field: "p-chen"}).status_code == 303
    assert "Lin Chen" in ruiz.get(f"/requests/{number}").text


def test_nobody_writes_themselves_another_employer(journey: Journey, portal: RunningPortal) -> None:
    ruiz = portal.client("p-ruiz")
    begun = fill(ruiz, "/requests/new", title="Third study", type="initial")
    number = begun.headers["location"].split("/")[2]
    token = ruiz.get("/api/session").json()["csrf_token"]
    content: dict[str, list[dict[str, str]]] = {
        "people": [
            {
                "id": "p-ruiz", "name": "Somebody", "employer": "The state",
                "employment_class": "state_employee", "role": "requestor",
            }
        ]
    }  # fmt: skip

    def save() -> httpx.Response:
        return ruiz.post(
            f"/api/v1/requests/{number}/save-draft",
            json={"content": content},
            headers={"X-CSRF-Token": token},
        )

    refused = save()
    assert refused.status_code == 422
    assert "name on record" in refused.text
    assert "Dana Ruiz" not in refused.text
    content["people"][0]["name"] = "Dana Ruiz"
    answer = save()
    assert answer.status_code == 200, answer.text
    people = read_request(journey.p, journey.actor("p-ruiz"), number).latest.content.people
    assert [(p.name, p.employment_class) for p in people] == [("Dana Ruiz", "university")]


def test_autosave_keeps_mistakes_and_says_so(journey: Journey, portal: RunningPortal) -> None:
    ruiz = portal.client("p-ruiz")
    number = (
        fill(ruiz, "/requests/new", title="Fourth", type="initial")
        .headers["location"]
        .split("/")[2]
    )
    hidden = hidden_of(ruiz.get(f"/requests/{number}/edit").text)
    kept = ruiz.post(
        f"/requests/{number}/draft", data=hidden | {"ends_on": "soon", "title": "Fourth"}
    )
    assert kept.status_code == 200, kept.text
    assert "Draft saved" in kept.json()["said"]
    assert 'value="soon"' in ruiz.get(f"/requests/{number}/edit").text
    stale = ruiz.post(f"/requests/{number}/draft", data=hidden | {"title": "Other window"})
    assert stale.status_code == 409


def test_what_is_shown_is_what_is_signed(
    journey: Journey, approved: str, portal: RunningPortal
) -> None:
    office, signs = portal.client("p-office"), portal.client("p-signs")
    where = f"/requests/{approved}"
    dates = {"effective_on": "2026-03-16", "ends_on": "2026-12-31"}
    shown = fill(office, f"{where}/send", do="show", **dates)
    assert shown.status_code == 200
    digest = hidden_of(shown.text)["digest"]
    sent = office.post(
        f"{where}/send", data=hidden_of(shown.text) | dates | {"do": "send", "irb": ""}
    )
    assert sent.status_code == 303, sent.text
    paper = signs.get(f"{where}/agreement")
    assert digest in paper.text
    pdf = signs.get(f"{where}/agreement?format=pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert (
        "Sign the sharing agreement" not in portal.client("p-ruiz").get(f"{where}/agreement").text
    )
    wrong = fill(signs, f"{where}/agreement", party="SDE", name="Somebody Else")
    assert wrong.status_code == 422
    assert "your own name" in wrong.text
    view = read_request(journey.p, journey.actor("p-office"), approved)
    assert view.latest.agreement is not None
    for party in view.latest.agreement.parties:
        signed = fill(signs, f"{where}/agreement", party=party, name="Person p-signs")
        assert signed.status_code == 303, signed.text
    ruiz = portal.client("p-ruiz")
    assert portal.client("p-sde").get(f"{where}/nda").status_code == 403
    assert fill(ruiz, f"{where}/nda", name="Dana Ruiz").status_code == 303
    assert "You signed this statement on" in ruiz.get(f"{where}/nda").text
    own = ruiz.get(f"/api/v1/requests/{approved}/ndas/p-ruiz?version=1").json()
    assert (own["accepted_version"], own["again"]) == (1, False)
    assert "Sign your confidentiality statement" not in ruiz.get(where).text
    chen = portal.client("p-chen")
    (work,) = chen.get("/api/v1/own/work").json()["items"]
    assert (work["number"], work["statement"]) == (approved, "missing")
    link = f'href="{where}/nda?version=1">Sign your confidentiality statement</a>'
    for path in ("/", "/requests"):
        assert link in chen.get(path).text
        assert "Your signature is waited for" not in ruiz.get(path).text
    assert "Your signature is waited for" not in portal.client().get("/").text
    # Whose turn it is: said on the home page, and on the list to who is no requestor too.
    home = chen.get("/").text
    assert re.search(rf'<h2>Your turn</h2>\s*<ul[^>]*>\s*<li><a href="{where}">', home)
    assert "No request waits for you today." in signs.get("/").text
    assert "Your turn" not in portal.client().get("/").text
    assert f'href="{where}"' in signs.get("/requests").text
    assert "Record that a condition is met" not in office.get(where).text
    owner = portal.client("p-sde").get(where).text
    assert "<strong>Parties to the sharing agreement:</strong>" in owner

    # A training counts a year at most, and not once it has ended: said beside the field.
    today = journey.p.today
    for days, words in ((400, "is valid for 12 months at most"), (-1, "is not in date")):
        until = (today + timedelta(days=days)).isoformat()
        refused = fill(office, f"{where}/training", person="p-ruiz", valid_until=until)
        assert refused.status_code == 422
        assert words in refused.text
        assert "training on hire and every year" in refused.text
        assert f'value="{until}"' in refused.text
    late = {"completed_on": "2099-01-01", "valid_until": (today + timedelta(days=9)).isoformat()}
    refused = fill(office, f"{where}/training", person="p-ruiz", **late)
    assert "would lie in the future" in refused.text
    until = (today + timedelta(days=300)).isoformat()
    assert fill(office, f"{where}/training", person="p-ruiz", valid_until=until).status_code == 303
    html = office.get(where).text
    assert "Terms accepted" in html
    assert "version 1, on March" in html
