"""Sharing agreements: what goes out is what is signed, by whom it names, and nothing else."""

import pytest

from governance.decisions import AccessDeniedError
from governance.digests import sha256_of
from governance.errors import DocumentError
from governance.requests.states import Status
from governance.services.agreements import (
    Terms,
    draft_agreement,
    read_agreement,
    send_agreement,
    sign_agreement,
)
from governance.services.requests import read_request
from governance.services.statements import read_statement, sign_nda
from tests.lib.journey import FIRST_DAY, LAST_DAY, Journey
from tests.lib.programme import Office

pytestmark = pytest.mark.xdist_group("agreements")

TERMS = Terms(FIRST_DAY, LAST_DAY)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    office = Office(tmp_path_factory.mktemp("agreements"))
    office.register()
    return Journey(office)


@pytest.fixture(scope="module")
def number(journey: Journey) -> str:
    return journey.approved()


def step_the_life_of_an_agreement(journey: Journey, number: str) -> None:
    p, office, signs = journey.p, journey.actor("p-office"), journey.actor("p-signs")
    draft = draft_agreement(p, office, number, TERMS)
    with pytest.raises(AccessDeniedError) as outsider:
        draft_agreement(p, journey.actor("p-ruiz"), number, TERMS)
    assert outsider.value.decision.denials[0].rule == "sharing_agreement.send"
    with pytest.raises(DocumentError, match="before the first day"):
        draft_agreement(p, office, number, Terms(LAST_DAY, FIRST_DAY))
    with pytest.raises(AccessDeniedError, match="not the one you looked at"):
        send_agreement(p, office, number, TERMS, digest="0" * 64)

    view = send_agreement(p, office, number, TERMS, digest=draft.digest, once="a")
    assert send_agreement(p, office, number, TERMS, once="a").position == view.position
    sent = view.latest.agreement
    assert view.latest.status is Status.AGREEMENTS_OUT
    assert sent is not None
    assert sent.digest == draft.digest

    with pytest.raises(DocumentError, match="your own name"):
        sign_agreement(p, signs, number, sent.parties[0], digest=sent.digest, name="Somebody")
    with pytest.raises(AccessDeniedError, match="not the document"):
        sign_agreement(p, signs, number, sent.parties[0], digest="0" * 64, name="Person p-signs")
    with pytest.raises(AccessDeniedError):
        sign_agreement(
            p, journey.actor("p-sde"), number, sent.parties[0], digest=sent.digest,
            name="Person p-sde",
        )  # fmt: skip
    with pytest.raises(DocumentError, match="no PDF"):
        sign_agreement(
            p, signs, number, sent.parties[0], digest=sent.digest, signed_pdf=b"MZ not a paper"
        )
    with pytest.raises(DocumentError, match="your own name"):  # beside a PDF too
        sign_agreement(
            p, signs, number, sent.parties[0], digest=sent.digest, name="Somebody else",
            signed_pdf=b"%PDF-1.7 signed by hand",
        )  # fmt: skip

    sign_agreement(p, signs, number, sent.parties[0], digest=sent.digest, name=" person P-SIGNS ")
    scan = b"%PDF-1.7 signed by hand"
    for party in sent.parties[1:]:
        view = sign_agreement(p, signs, number, party, digest=sent.digest, signed_pdf=scan)
    assert set(view.latest.signatures) == set(sent.parties)
    assert p.documents.read(f"signed/{number}/{sha256_of(scan)}.pdf") == scan

    paper = read_agreement(p, journey.actor("p-ruiz"), number)
    assert paper is not None
    assert paper.digest == sent.digest
    assert [s.uploaded for s in paper.signatures] == [False, *[True] * (len(sent.parties) - 1)]
    assert {s.identity for s in paper.signatures} == {"p-signs"}


def step_a_person_signs_the_statement_that_was_shown(journey: Journey, number: str) -> None:
    p, ruiz = journey.p, journey.actor("p-ruiz")
    shown = read_statement(p, ruiz, number, "p-ruiz")
    assert shown is not None
    statement = shown.paper
    assert not shown.accepted
    assert statement.news == ()
    with pytest.raises(AccessDeniedError, match="not the one that was shown"):
        sign_nda(p, ruiz, number, digest="0" * 64, name="Dana Ruiz")
    with pytest.raises(DocumentError, match="your own name"):
        sign_nda(p, ruiz, number, digest=statement.digest, name="Lin Chen")
    view = sign_nda(p, ruiz, number, digest=statement.digest, name="Dana Ruiz")
    assert [s.signed_on for s in view.request.people["p-ruiz"].statements] == [journey.p.today]
    signed = read_statement(p, ruiz, number, "p-ruiz")
    assert signed is not None
    assert signed.accepted
    assert [s.digest for s in signed.paper.signatures] == [statement.digest]


def step_a_document_that_was_altered_is_not_shown(journey: Journey, number: str) -> None:
    p = journey.p
    sent = read_request(p, journey.actor("p-office"), number).latest.agreement
    assert sent is not None
    digest = sent.digest
    key = f"papers/{number}/{digest}.json"
    kept = p.documents.read(key)
    p.documents.put(key, kept.replace(b"Data sharing agreement", b"Data selling agreement"))
    try:
        with pytest.raises(AccessDeniedError, match="not the one that went out"):
            read_agreement(p, journey.actor("p-office"), number)
    finally:
        p.documents.put(key, kept)


def test_agreements_and_statements(journey: Journey, number: str) -> None:
    """One story: each step begins where the one before ended."""
    step_the_life_of_an_agreement(journey, number)
    step_a_person_signs_the_statement_that_was_shown(journey, number)
    step_a_document_that_was_altered_is_not_shown(journey, number)
