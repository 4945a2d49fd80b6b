"""Notice, agenda, packet and minutes, from the body's own state."""

from dataclasses import replace

import pytest

from governance.board.voting import decide_motion
from governance.errors import LedgerError
from governance.papers import (
    change_blocks,
    change_rows,
    draft_agenda,
    draft_minutes,
    draft_notice,
    draft_packet,
    foresee_recusals,
)
from governance.papers.meetings import arithmetic
from governance.papers.model import Paper, Prose, Table
from tests.lib.papers import (
    AGAIN,
    MEETING,
    PROFILE,
    build_body,
    build_meeting_source,
    build_packet_source,
    request_at_vote,
)
from tests.lib.requests import build_content


def words_of(paper: Paper) -> str:
    return paper.stored().decode()


def test_the_notice_says_when_where_and_what() -> None:
    source = build_meeting_source(body=build_body(until="noticed"), other=("Annual report",))
    paper = draft_notice(source)
    text = words_of(paper)
    for words in (
        "Thursday, March 19, 2026, 10:00 a.m. EDT",
        "The meeting is public.",
        "C.G.S. § 1-225(a)",
        "the adjourned meeting DGB-2026-03",
        "Data request Q0042: Attendance and first wages",
        "Annual report",
    ):
        assert words in text
    assert paper.standing == "final"


def test_the_agenda_lists_the_requests() -> None:
    text = words_of(draft_agenda(build_meeting_source(body=build_body(until="noticed"))))
    assert "Example University" in text
    assert "DOL, SDE" in text


def test_minutes_carry_the_roll_call_and_the_arithmetic() -> None:
    source = build_meeting_source()
    paper = draft_minutes(source)
    text = words_of(paper)
    outcome = decide_motion(source.body.facts("M-1"))
    assert len(arithmetic(outcome)) == 4
    assert all(line in text for line in arithmetic(outcome))
    for words in (
        "Passed with 1 condition",
        "In favor 4, against 0, abstained 0, no vote 0; recused 1.",
        "Dee Fareed is recused: they declared an interest.",
        "By proxy",
        "The safeguards suffice for sde.",
        "(closed)",
    ):
        assert words in text
    assert "A relative works on it" not in text  # what the interest is stays the member's own
    assert paper.standing == "draft"
    assert draft_minutes(source, approved=True).standing == "final"


def test_minutes_of_a_meeting_that_broke_off_and_of_one_still_on() -> None:
    first = draft_minutes(build_meeting_source(meeting=MEETING))
    assert "adjourned, its business unfinished" in words_of(first)
    assert "No motion was moved." in words_of(first)
    running = draft_minutes(build_meeting_source(body=build_body(until="moved")))
    assert "The vote was not called." in words_of(running)
    assert "It has not ended." in words_of(running)


def test_an_unknown_meeting_is_refused() -> None:
    with pytest.raises(LedgerError, match="no meeting"):
        draft_minutes(build_meeting_source(meeting="nowhere"))


def test_the_packet_shows_changes_findings_decisions_and_recusals() -> None:
    body = build_body(until="moved")
    paper = draft_packet(build_packet_source(meeting=build_meeting_source(body=body)))
    text = words_of(paper)
    for words in (
        "became “The state's enclave, at the university's site.”",
        "every contributing agency",
        "Person removed: Ada Okafor",
        "The scope is narrow.",
        "Show the tables to SDE first.",
        "Nothing speaks against it.",
        "may not have dol/quarterly_wages",
        "they declared an interest",
        "Roll call at the opening",
        "4 of 5 filled seats",
    ):
        assert words in text
    assert paper.id == f"PACKET-{AGAIN}"


def test_recusals_are_foreseen_from_the_facts_on_file() -> None:
    source = build_meeting_source(body=build_body(until="noticed"))
    request = request_at_vote()
    content = build_content(requestor_agency="oec")
    assert foresee_recusals(request, content, source) == (
        ("Oona Eck", "OEC", "their employer is the requestor"),
    )
    assert foresee_recusals(request, build_content(), source) == ()


def test_changes_in_words() -> None:
    old = build_content()
    new = build_content(
        title="New title",
        purposes={"sde": "audit", "dol": "Evaluation"},
        datasets=(old.datasets[0].model_copy(update={"variables": ("grade",)}), old.datasets[1]),
    )
    assert change_rows(old, new, PROFILE) == (
        ("Title", "“Attendance and first wages” became “New title”", "nobody"),
        ("Purpose relied on", "purpose relied on for sde: “evaluation” became “audit”", "SDE"),
        ("Data", "sde/enrollment: variables removed: year, town", "SDE"),
    )
    (first,) = change_blocks(None, new, PROFILE, "since then")
    (none,) = change_blocks(new, new, PROFILE, "since then")
    (table,) = change_blocks(old, new, PROFILE, "since then")
    assert isinstance(first, Prose)
    assert isinstance(none, Prose)
    assert none.text == "Nothing changed since then."
    assert isinstance(table, Table)


def test_a_failed_motion_says_why() -> None:
    source = build_meeting_source()
    motion = source.body.motions["M-1"]
    fewer = replace(motion, votes=motion.votes[:2], passed=False)
    body = replace(source.body, motions={"M-1": fewer})
    text = words_of(draft_minutes(replace(source, body=body)))
    assert "Why it failed:" in text
    assert "4 must be in favor; 2 were." in text


def test_the_packet_shows_what_speaks_against_a_request() -> None:
    """An alternate's decision, an agency still to decide, a refusal, a note, a combination."""
    request = request_at_vote()
    version = request.latest
    old = build_content()
    asked = old.datasets[0].model_copy(update={"variables": ("grade", "note", "disability")})
    content = build_content(datasets=(asked, old.datasets[1]))
    review = version.reviews["sde"].model_copy(update={"as_alternate": True})
    changed = replace(
        version,
        submitted=content,
        before=None,
        reviews={"sde": review},
        carried_over=("sde",),
        to_review=("dol",),
    )
    request = replace(request, versions=(changed,))
    meeting = build_meeting_source(
        body=build_body(until="noticed"), requests={request.number: request}
    )
    text = words_of(draft_packet(build_packet_source(meeting=meeting)))
    for words in (
        "Approves (alternate); stands from an earlier version, nothing changed for it",
        "Not decided yet",
        "What speaks against it",
        "The agreement in force does not cover sde/enrollment.note.",
        "This is the first review",
        "To know",
    ):
        assert words in text
