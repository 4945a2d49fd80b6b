"""Publications: proposed, seen by each contributing agency, recorded; on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from governance.audit.tags import Tag
from governance.board import commands as b
from governance.clocks.rounds import remind_lately
from governance.decisions import AccessDeniedError
from governance.errors import DocumentError
from governance.mail.notices import NoticeKind
from governance.permissions import PUBLIC
from governance.profile import PublicationReview
from governance.register import register_feed, register_rows
from governance.register.proposals import ProposalState
from governance.requests.states import Act
from governance.services.attachments import Upload, list_attachments, read_attachment
from governance.services.publications import (
    list_in_motion,
    list_publications,
    list_to_see,
    propose_publication,
    record_publication,
    see_publication,
    withdraw_publication,
)
from governance.services.recording import note
from governance.services.transparency import read_source
from governance.store import NotFoundError
from governance.store import tables as t
from tests.lib.journey import Journey
from tests.lib.programme import Office

TITLE = "Zzyxqua findings"
WANTED: dict[str, Any] = {"title": TITLE, "kind": "report", "venue": "Zzyxqua journal"}
OUTPUT = Upload("output", "draft.txt", "text/plain", b"Zzyxqua table one.")


def rules_of(act: Callable[[], object]) -> list[str]:
    with pytest.raises(AccessDeniedError) as refused:
        act()
    return [denial.rule for denial in refused.value.decision.denials]


def problems_of(act: Callable[[], object]) -> set[str]:
    with pytest.raises(DocumentError) as refused:
        act()
    return {problem.partition(":")[0] for problem in refused.value.problems}


def publish(story: Journey, number: str, publication: str, **changes: Any) -> Any:
    facts = {"address": "https://example.org/findings", "published_on": story.p.today, **changes}
    return record_publication(story.p, story.actor("p-office"), number, publication, facts)


def test_an_output_is_published_after_every_contributing_agency_saw_it(office: Office) -> None:
    story = Journey(office)
    p, ruiz, number = story.p, story.actor("p-ruiz"), story.approved()
    wanted = WANTED | {"planned_on": p.today + timedelta(days=40)}
    assert rules_of(lambda: propose_publication(p, ruiz, number, wanted)) == ["publication.granted"]
    story.to_grant(number)
    for who in ("p-office", "p-sde", "p-okafor", "p-holder"):
        actor = story.actor(who)
        denied = rules_of(partial(propose_publication, p, actor, number, wanted))
        assert denied == ["action.role"]
    early = wanted | {"planned_on": p.today - timedelta(days=1)}
    assert problems_of(lambda: propose_publication(p, ruiz, number, early)) == {"planned_on"}
    assert problems_of(lambda: propose_publication(p, ruiz, number, {"title": "x"})) == {
        "kind", "venue", "planned_on",
    }  # fmt: skip
    pretended = wanted | {"agencies": ["dcf"], "due_on": "2020-01-01", "publication": "mine"}
    one = propose_publication(p, ruiz, number, pretended, output=OUTPUT, once="f1")
    again = propose_publication(p, ruiz, number, pretended, output=OUTPUT, once="f1")
    assert again == one
    assert one.facts.agencies == ("dol", "sde")
    assert one.facts.due_on == p.today + timedelta(days=30)
    (filed,) = list_attachments(p, story.actor("p-sde"), number)
    assert (filed.id, filed.kind, filed.confidential) == (one.facts.attachment, "output", True)
    assert read_attachment(p, story.actor("p-dol"), number, filed.id)[1] == OUTPUT.content
    # Who signs for a party reads the request's documents, and no output before the public does.
    signatory = story.actor("p-signs")
    assert list_attachments(p, signatory, number) == ()
    with pytest.raises(NotFoundError):
        read_attachment(p, signatory, number, filed.id)

    told = [n for n in remind_lately(p) if n.kind is NoticeKind.PUBLICATION_TO_SEE]
    assert {(n.to, n.office) for n in told} == {("p-dol", "DOL"), ("p-sde", "SDE")}
    assert remind_lately(p) == []
    with p.store.read() as unit:
        mails = [*unit.connection.execute(sa.select(t.outbox.c.topic, t.outbox.c.payload))]
    assert [m.topic for m in mails].count("publication_to_see") == len(told)
    assert "Zzyxqua" not in str(mails)

    own = one.facts.publication
    assert rules_of(lambda: publish(story, number, own)) == ["publication.seen"] * 2
    for who, agency in (("p-ruiz", "sde"), ("p-office", "sde"), ("p-dcf", "dcf"), ("p-sde", "dol")):
        actor = story.actor(who)
        see = partial(see_publication, p, actor, number, own, agency=agency)
        assert rules_of(see) == ["action.role"]
    for reader in ("p-dcf", "p-holder", "p-signs"):
        actor = story.actor(reader)
        assert rules_of(partial(list_publications, p, actor, number)) == ["action.role"]
    assert rules_of(lambda: list_publications(p, PUBLIC, number)) == ["action.role"]
    assert [x.facts.title for x in list_to_see(p, story.actor("p-sde"), "sde")] == [TITLE]
    see_publication(p, story.actor("p-sde"), number, own, comment="Name us.", once="s")
    see_publication(p, story.actor("p-sde"), number, own, comment="Changed my mind.")
    assert list_to_see(p, story.actor("p-sde"), "sde") == ()
    assert rules_of(lambda: publish(story, number, own)) == ["publication.seen"]
    story.board("p-office", b.NameAlternate, agency="dol", person="alt-dol")
    seen = see_publication(p, story.actor("alt-dol"), number, own)
    assert {a: s.comment for a, s in seen.seen.items()} == {"sde": "Name us.", "dol": ""}

    public = str(register_rows(read_source(p))) + register_feed(read_source(p)).decode()
    assert "Zzyxqua" not in public
    tomorrow, long_ago = p.today + timedelta(days=1), p.today - timedelta(days=5)
    for wrong, fields in (
        ({"published_on": tomorrow}, {"published_on"}),
        ({"published_on": long_ago}, {"published_on"}),
        ({"address": None}, {"address"}),
        ({"address": "javascript:alert(1)"}, {"address"}),
    ):
        assert problems_of(partial(publish, story, number, own, **wrong)) == fields
    assert [x.state(p.today, p.profile.publication_review) for x in
            list_in_motion(p, story.actor("p-office"))] == [ProposalState.READY]  # fmt: skip
    published = publish(story, number, own)
    assert (published.kind, published.published_on) == ("report", p.today)
    assert published.publication == own
    assert list_in_motion(p, story.actor("p-office")) == ()
    assert rules_of(lambda: publish(story, number, own)) == ["publication.open"]
    assert rules_of(lambda: withdraw_publication(p, ruiz, number, own, "No.")) == [
        "publication.open"
    ]
    source = read_source(p)
    assert [x.title for x in source.published(number)] == [TITLE]
    assert TITLE in register_feed(source).decode()
    with pytest.raises(NotFoundError):
        publish(story, number, "pub-none")
    with pytest.raises(NotFoundError):
        see_publication(p, story.actor("p-sde"), "Q9999", own)


def test_silence_taking_back_and_what_was_recorded_before(office: Office) -> None:
    story = Journey(office)
    number = story.approved()
    story.to_grant(number)
    p, ruiz = story.p, story.actor("p-ruiz")
    wanted = WANTED | {"planned_on": p.today + timedelta(days=3)}
    first = propose_publication(p, ruiz, number, wanted).facts
    second = propose_publication(p, ruiz, number, wanted).facts
    assert problems_of(
        lambda: withdraw_publication(p, ruiz, number, first.publication, " ")
    ) == {"reason"}  # fmt: skip
    withdraw_publication(p, ruiz, number, first.publication, "We found a mistake.")
    sde = story.actor("p-sde")
    for act in (
        lambda: publish(story, number, first.publication),
        lambda: see_publication(p, sde, number, first.publication),
    ):
        assert rules_of(act)[0] == "publication.open"
    story.ask(number, "p-office", Act.REVOKE, on=p.today, reason="Not needed any more.")
    story.office.clock.to(story.office.clock.now + timedelta(days=31))
    review = p.profile.publication_review
    assert review.silence == "refuses"
    (late, _) = list_publications(p, ruiz, number)
    assert late.facts == second
    assert late.state(p.today, review) is ProposalState.OVERDUE
    assert rules_of(lambda: publish(story, number, second.publication)) == ["publication.seen"] * 2
    lenient = PublicationReview(silence="permits")
    story.p = replace(p, profile=p.profile.model_copy(update={"publication_review": lenient}))
    assert problems_of(
        lambda: publish(story, number, second.publication, published_on=second.due_on)
    ) == {"published_on"}
    told = publish(story, number, second.publication, title="Under another title")
    assert told.title == "Under another title"

    old = {"request": number, "title": "Of old", "address": None, "published_on": "2026-03-20"}
    with p.store.begin() as unit:
        note(p, unit, sde, Tag.PUBLICATION_RECORDED, subject=number, facts=old)
    source = read_source(p)
    oldest = source.published(number)[0]
    assert (oldest.title, oldest.published_on, oldest.publication) == (
        "Of old", date(2026, 3, 20), None,
    )  # fmt: skip
    assert "Of old" in register_feed(source).decode()
    assert len(list_publications(p, ruiz, number)) == 2
