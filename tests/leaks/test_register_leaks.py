"""Nothing personal or confidential is in any public output, wherever it was planted."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pypdf import PdfReader

from governance.board.model import BoardPerson
from governance.canonical import canonical_json
from governance.papers import render_page, render_pdf
from governance.register import (
    Cost,
    MatchLine,
    Publication,
    RegisterSource,
    annual_figures,
    data_json,
    draft_annual_report,
    match_log,
    meeting_calendar,
    public,
    register_feed,
    register_rows,
    register_table,
    request_log,
    to_csv,
    to_json,
)
from governance.requests import commands as c
from governance.requests.states import Role
from tests.lib.board import START
from tests.lib.papers import build_body
from tests.lib.register import build_source, record
from tests.lib.requests import TODAY, Life, build_content, build_request_person

NAMES = ("Zzyxqua Canarysson", "Qwuill Zzyxlow", "Jöran Zzyxqvist")
WORD = "ZZYXQ"
"""In every canary; in no word of the product."""
TEXT = (
    "Ask Zzyxqua Canarysson (zzyxqua@example.net, 860-555-0188), or Canarysson, Zzyxqua; "
    "JÖRAN ZZYXQVIST's and Qwuill  Zzyxlow's work."
)


def content_with_canaries(**changes: Any) -> Any:
    people = (
        build_request_person(id="zzyxq-1", name=NAMES[0]),
        build_request_person(id="zzyxq-2", name=NAMES[1], role="authorized_representative"),
        build_request_person(id="zzyxq-3", name=NAMES[2], role="analyst"),
    )
    facts: dict[str, Any] = {
        "people": people,
        "title": f"Work. {TEXT}",
        "purpose": TEXT,
        "organization": f"Example University, care of {NAMES[0]}",
        "analysis_plan": f"{WORD} plan",
        "secure_environment": f"{WORD} room",
        "funder": f"{WORD} fund",
        "dissemination_plan": f"{WORD} paper",
        "learning_agenda": f"{WORD} agenda",
    }
    return build_content(**(facts | changes))


def walk(life: Life) -> None:
    """Every confidential field on the way carries the canary."""
    life.do(c.SaveDraft, Role.REQUESTOR, content=content_with_canaries(title=f"{WORD} draft"))
    life.submit(content_with_canaries(purpose=f"{TEXT} first"))
    life.do(c.Return, Role.OPERATOR, mend=(f"{WORD} mend",))
    life.submit(content_with_canaries())
    life.do(c.DeclareInterest, Role.DATA_OWNER, by="p-dcf", text=f"{WORD} relative")
    life.do(c.AcceptComplete, Role.OPERATOR)
    life.review("sde", reason=f"{WORD} reason", conditions=(f"Show it to {NAMES[0]} first.",))
    life.review("dol", "reject", reason=f"{WORD} no")


def live(life: Life) -> None:
    life.to_agreement()
    life.sign_all()
    life.do(c.Grant, Role.SIGNER, bundle_version=1, bundle_digest="ab" * 32)
    life.do(c.Amend, Role.REQUESTOR, content=content_with_canaries(title=f"{WORD} amendment"))
    life.do(c.Revoke, Role.OPERATOR, on=TODAY, reason=f"{WORD} revoked")


def only_draft(life: Life) -> None:
    life.do(c.SaveDraft, Role.REQUESTOR, content=content_with_canaries(title=f"{WORD} secret"))


def source_with_canaries() -> RegisterSource:
    body = build_body()
    motion = body.motions["M-1"]
    votes = tuple(v.model_copy(update={"rationale": f"{WORD} vote"}) for v in motion.votes)
    interest = motion.interests[0].model_copy(update={"text": f"{WORD} interest"})
    people = {p: BoardPerson(name=f"{WORD} {p}") for p in motion.people}
    motion = replace(motion, votes=votes, interests=(interest,), people=people)
    body = replace(body, motions={"M-1": motion}, people=people)
    return build_source(
        requests=(record("Q0041", walk), record("Q0042", live), record("Q0043", only_draft)),
        bodies={"data_governing_board": body},
        costs=(Cost(year=2026, heading="Travel", cents=1, note=f"Of {NAMES[1]}."),),
        publications=(Publication(request="Q0042", title=f"By {NAMES[2]}", published_on=TODAY),),
        matches=(
            MatchLine(
                received=START.date() + timedelta(days=9),
                sender="SDE",
                receiver="DOL",
                file_name=f"{WORD}_match_v1",
                request="Q0042",
                authorized_representative=NAMES[1],
            ),
        ),
    )


def outputs() -> Iterator[tuple[str, bytes]]:
    source = source_with_canaries()
    report = draft_annual_report(source, 2026)
    pages = PdfReader(io.BytesIO(render_pdf(report))).pages
    yield "register rows", repr(register_rows(source)).encode()
    yield "register json", canonical_json([r.to_dict() for r in register_rows(source)])
    for table in (
        register_table(source),
        public(request_log(source), source),
        public(match_log(source), source),
    ):
        yield f"{table.name}.csv", to_csv(table)
        yield f"{table.name}.json", to_json(table)
    yield "figures", canonical_json(annual_figures(source, 2026).to_dict())
    yield "report.html", render_page(report).encode()
    yield "report.pdf", "".join(p.extract_text() for p in pages).encode()
    yield "report", report.stored()
    yield "data.json", canonical_json(data_json(source))
    yield "register.atom", register_feed(source)
    yield "meetings.ics", meeting_calendar(source).replace(b"\r\n ", b"")


def test_no_canary_is_in_a_public_output() -> None:
    found = list(outputs())
    assert len(found) == 15
    for name, data in found:
        said = "".join(data.decode().split()).casefold()
        for canary in (WORD, *NAMES, "Canarysson", "example.net", "860-555", "Dana Ruiz", "p-ruiz"):
            assert "".join(canary.split()).casefold() not in said, (name, canary)


def test_the_canaries_are_where_they_were_planted() -> None:
    """The office's own export, and the request's state, do carry them."""
    source = source_with_canaries()
    everything = (to_csv(request_log(source)) + to_csv(match_log(source))).decode()
    assert all(name in everything for name in NAMES[:2])
    assert WORD in repr(source)
    assert "withheld" in repr(register_rows(source))
