"""While an amendment is being drafted, the others still read what they decided on and signed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from governance.permissions import SIGNER
from governance.requests.states import Act
from governance.services.agreements import Terms, send_agreement, sign_agreement
from governance.services.attachments import Upload, file_attachment
from governance.services.requests import act_on_request
from tests.lib.portal import RunningPortal, free_port, run_portal
from tests.lib.programme import Office
from tests.lib.requests import build_content


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("open"), base_url=f"http://127.0.0.1:{free_port()}")
    made.register()
    made.seat_everyone()
    yield made
    made.discard()


@pytest.fixture(scope="module")
def amended(office: Office) -> str:
    """Granted, a document filed, its amendment in draft with another document."""
    number, p = office.to_approved(), office.programme
    ruiz = office.actor("p-ruiz")
    file_attachment(p, ruiz, number, Upload("other", "Of version one", "text/plain", b"one"))
    terms = Terms(p.today, p.today + timedelta(days=400))
    sent = send_agreement(p, office.actor("p-office"), number, terms).latest.agreement
    assert sent is not None
    for party in sent.parties:
        sign_agreement(
            p, office.actor("p-signs"), number, party, digest=sent.digest, name="Person p-signs"
        )
    act_on_request(p, SIGNER, number, Act.GRANT, {"bundle_version": 1, "bundle_digest": "ab" * 32})
    office.act("p-ruiz", number, Act.AMEND, content=build_content(title="CANARY-AMENDED"))
    file_attachment(p, ruiz, number, Upload("other", "CANARY-FILED", "text/plain", b"CANARY-TWO"))
    return number


@pytest.fixture(scope="module")
def portal(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("portal"), programme=office.programme) as served:
        yield served


@pytest.mark.parametrize(
    ("person", "pages"),
    [
        ("p-sde", ("", "/agreement", "/documents", "/changes")),
        ("p-oec", ("", "/agreement")),
        ("p-signs", ("", "/agreement", "/documents")),
    ],
)
def test_what_was_decided_and_signed_stays_open_and_the_draft_closed(
    portal: RunningPortal, amended: str, person: str, pages: tuple[str, ...]
) -> None:
    client = portal.client(person)
    answers = {page: client.get(f"/requests/{amended}{page}") for page in pages}
    answers["api"] = client.get(f"/api/v1/requests/{amended}")
    assert {page: a.status_code for page, a in answers.items()} == dict.fromkeys(answers, 200)
    assert "CANARY" not in "".join(a.text for a in answers.values())
    assert client.get(f"/requests/{amended}?version=2").status_code == 403
