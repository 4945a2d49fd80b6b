"""The register's rows: what the public knows of a request, and from when."""

from dataclasses import replace
from datetime import date

from governance.papers import draft_minutes
from governance.register import Cost, annual_figures, register_row, register_rows
from governance.register.rows import REFUSALS, public_steps
from governance.register.source import record_of
from governance.register.withholding import ADDRESS, NAME, NUMBER, Withholder
from governance.requests import commands as c
from governance.requests.states import Role, Status
from tests.lib.papers import build_body, build_meeting_source
from tests.lib.register import build_source, record, submit, with_record
from tests.lib.requests import TODAY, Life, build_content, build_request_person, build_vote_on


def test_a_row_tells_the_decision_the_vote_and_what_comes_next() -> None:
    row = register_row(build_source(), "Q0042")
    assert row is not None
    assert (row.version, row.status, row.next_who) == (1, Status.GRANTED, "Requestor")
    assert row.title == "Attendance and first wages"
    assert row.agency_codes == ("DOL", "SDE")
    assert ("dol/quarterly_wages", "Quarterly wage records") in row.datasets
    assert (row.received_on, row.decided_on) == (date(2026, 2, 2), date(2026, 3, 12))
    assert row.decision == "approved"
    assert row.ends_on == date(2027, 3, 14)
    assert row.publications[0].title == "Attendance & wages"
    vote = row.vote
    assert vote is not None
    assert vote.words == (
        "passed: 4 in favor, 0 against, 0 abstained, 1 recused; 4 of 5 seats represented, quorum 4"
    )
    assert [(s.seat, s.represented, s.vote) for s in vote.roll_call][:2] == [
        ("CSCU", "by proxy", "in favor"),
        ("DCF", "not represented; member recused", "not counted"),
    ]


def test_the_public_vote_is_the_minutes_vote() -> None:
    row = register_row(build_source(), "Q0042")
    assert row is not None
    assert row.vote is not None
    assert (
        f"In favor {row.vote.in_favor}" in draft_minutes(build_meeting_source()).stored().decode()
    )


def test_a_request_is_public_from_its_first_submission() -> None:
    numbers = [row.number for row in register_rows(build_source())]
    assert numbers == ["Q0046", "Q0044", "Q0043", "Q0042"]
    assert register_row(build_source(), "Q0045") is None
    assert register_row(build_source(), "Q9999") is None


def test_an_amendment_is_public_when_it_is_submitted() -> None:
    def amended(life: Life) -> None:
        life.to_grant()
        life.do(c.Amend, Role.REQUESTOR, content=build_content(title="Wider"))
        life.do(c.Submit, Role.REQUESTOR, version=2)

    row = register_row(with_record(build_source(), record("Q0050", amended)), "Q0050")
    assert row is not None
    assert (row.version, row.title, row.status) == (2, "Wider", Status.SUBMITTED)
    assert [(v.number, v.status) for v in row.versions] == [
        (1, Status.GRANTED),
        (2, Status.SUBMITTED),
    ]


def test_each_condition_is_told_once() -> None:
    """The board's decision takes the owners' conditions over."""

    def conditioned(life: Life) -> None:
        submit(life)
        life.do(c.AcceptComplete, Role.OPERATOR)
        life.review("sde", conditions=("Show us the tables.",))
        life.review("dol")
        life.do(c.RecordVote, Role.OPERATOR, motion=build_vote_on(build_content()))

    row = register_row(with_record(build_source(), record("Q0050", conditioned)), "Q0050")
    assert row is not None
    assert row.conditions == ("Show us the tables.",)


def test_a_refusal_says_the_rule_and_no_word_of_anybody() -> None:
    row = register_row(build_source(), "Q0043")
    assert row is not None
    assert (row.decision, row.vote, row.conditions) == ("denied", None, ())
    assert [REFUSALS[r] for r in row.refused] == ["A data owner rejected its agency's part"]


def test_a_failed_vote_is_refused_by_its_rules() -> None:
    def failed(life: Life) -> None:
        life.to_vote()
        motion = build_vote_on(build_content(), votes="ynyyy")
        life.do(c.RecordVote, Role.OPERATOR, motion=motion)

    source = build_source()
    body = build_body()
    motion = body.motions["M-1"]
    lost = replace(motion, votes=motion.votes[:2], passed=False)
    source = replace(
        source,
        requests=(record("Q0042", failed),),
        bodies={"board": replace(body, motions={"M-1": lost})},
    )
    row = register_row(source, "Q0042")
    assert row is not None
    assert row.refused == ("motion.approval",)
    assert row.vote is not None
    assert not row.vote.passed


def test_as_json_dates_are_iso_and_nothing_is_left_out() -> None:
    row = register_row(build_source(), "Q0042")
    assert row is not None
    document = row.to_dict()
    assert document["received_on"] == "2026-02-02"
    assert document["status"] == "granted"
    assert set(document) >= {"number", "title", "agencies", "vote", "next", "conditions"}


def test_steps_begin_with_the_submission_and_leave_the_draft_out() -> None:
    steps = public_steps(build_source().requests[0])
    assert steps[0].status is Status.SUBMITTED
    assert {s.version for s in steps} == {1}
    assert Status.DRAFT not in {s.status for s in steps}


def test_no_events_no_record() -> None:
    assert record_of([]) is None


def test_persons_are_taken_out_of_public_text() -> None:
    withholder = Withholder(["Dana Ruiz", "Zoë Ő'Brien-Núñez", "Li", "Okafor", ""])
    text = (
        "Dana  Ruiz's study (RUIZ, DANA; dana.ruiz@example.org, 860-555-0100, (860) 555-0100, "
        "123-45-6789) with Zoë Ő'Brien-Núñez, Okafor and Li; Danae Ruizo stays, 2024-2025 too."
    )
    assert withholder.text(text) == (
        f"{NAME}'s study ({NAME}; {ADDRESS}, {NUMBER}, {NUMBER}, {NUMBER}) with {NAME}, Okafor "
        "and Li; Danae Ruizo stays, 2024-2025 too."
    )
    assert Withholder([]).text("Nobody") == "Nobody"


def test_a_requestor_s_name_in_the_title_is_withheld() -> None:
    def named(life: Life) -> None:
        submit(life, title="The Dana Ruiz study", purpose="Write to ruiz@example.org")

    row = register_row(with_record(build_source(), record("Q0050", named)), "Q0050")
    assert row is not None
    assert (row.title, row.purpose) == (f"The {NAME} study", f"Write to {ADDRESS}")


def test_whom_a_requestor_names_blanks_no_word_of_other_requests() -> None:
    """Persons named like ordinary words: in a draft, handed in, returned, taken back."""
    words = ("Quarterly Wages", "Wages", "First Jobs", "of")
    roles = ("requestor", "authorized_representative", "analyst", "analyst")
    people = tuple(
        build_request_person(id=f"p-word{n}", name=name, role=role)
        for n, (name, role) in enumerate(zip(words, roles, strict=True))
    )
    title = "Quarterly wages of graduates, and their first jobs"

    def only_draft(life: Life) -> None:
        life.do(c.SaveDraft, Role.REQUESTOR, content=build_content(people=people))

    def handed_in(life: Life) -> None:
        submit(life, people=people, title=title)

    def returned(life: Life) -> None:
        handed_in(life)
        life.do(c.Return, Role.OPERATOR, mend=("Name persons.",))

    def taken_back(life: Life) -> None:
        handed_in(life)
        life.do(c.Withdraw, Role.REQUESTOR, on=TODAY, reason="Not needed.")

    source = build_source(costs=(Cost(year=2026, heading="Staff", cents=1, note=title),))
    for n, walk in enumerate((only_draft, handed_in, returned, taken_back)):
        source = with_record(source, record(f"Q006{n}", walk))
    source = with_record(source, record("Q0070", lambda life: submit(life, title=title)))
    row = register_row(source, "Q0070")
    assert row is not None
    assert row.title == title
    assert annual_figures(source, 2026).costs[0].notes == (title,)
    own = register_row(source, "Q0061")
    assert own is not None
    assert own.title == f"{NAME} of graduates, and their {NAME}"


def test_whom_the_office_read_or_keeps_on_record_is_withheld_everywhere() -> None:
    def checked(life: Life) -> None:
        submit(life, people=(build_request_person(id="p-x", name="Xiomara Quillfeather"),
                             build_request_person(role="authorized_representative")))  # fmt: skip
        life.do(c.AcceptComplete, Role.OPERATOR)

    title = "What Xiomara Quillfeather and Robin Q. Oduya began; Oduya, Robin and Robin Oduya too"
    other = record("Q0051", lambda life: submit(life, title=title))
    source = with_record(build_source(withheld_names=("Robin Q. Oduya",)), other)
    row = register_row(with_record(source, record("Q0050", checked)), "Q0051")
    assert row is not None
    assert row.title == f"What {NAME} and {NAME} began; {NAME} and {NAME} too"
