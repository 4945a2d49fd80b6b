"""A programme's public outputs: six requests of which five are public, a board, logs, costs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from governance.agreements import load_agreements
from governance.contracts import load_contracts
from governance.register import (
    Cost,
    MatchLine,
    Publication,
    RegisterSource,
    RequestRecord,
    record_of,
)
from governance.requests import commands as c
from governance.requests.model import RequestContent, RequestType
from governance.requests.states import Role
from tests.lib.papers import PROFILE, build_body
from tests.lib.requests import TODAY, Life, build_content

SCHEMAS = Path(__file__).parents[2] / "schemas"
CONTRACTS = load_contracts(SCHEMAS / "datasets")
AGREEMENTS = load_agreements(SCHEMAS / "agreements")
AS_OF = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


def record(number: str, walk: Callable[[Life], object]) -> RequestRecord:
    """A request of that number that went through `walk`."""
    life = Life()
    walk(life)
    made = record_of(event.model_copy(update={"subject": number}) for event in life.events)
    assert made is not None
    return made


def submit(life: Life, **changes: Any) -> RequestContent:
    content = build_content(**changes)
    life.submit(content)
    return content


def approve(life: Life) -> None:
    life.to_agreement()
    life.sign_all()
    life.do(c.SignNda, Role.PERSON, by="p-ruiz", person="p-ruiz", signed_on=TODAY)
    life.do(c.Grant, Role.SIGNER, bundle_version=1, bundle_digest="ab" * 32)
    life.do(c.Amend, Role.REQUESTOR, content=build_content(title="A draft nobody may see"))


def reject(life: Life) -> None:
    submit(life, title="Rejected by an owner", type=RequestType.REPEAT, continues="Q0001")
    life.do(c.AcceptComplete, Role.OPERATOR)
    life.review("sde")
    life.review("dol", "reject", reason="CANARY-OWNER-REASON")


def send_back(life: Life) -> None:
    submit(life, title="Sent back", type=RequestType.CONTINUATION, continues="Q0001")
    life.do(c.Return, Role.OPERATOR, mend=("CANARY-MEND",))


def draft(life: Life) -> None:
    life.do(c.SaveDraft, Role.REQUESTOR, content=build_content(title="CANARY-DRAFT"))


def withdraw(life: Life) -> None:
    submit(life, title="Taken back")
    life.do(c.Withdraw, Role.REQUESTOR, on=TODAY, reason="CANARY-WITHDRAWN")


def build_source(**changes: Any) -> RegisterSource:
    """As of November 2026; the story's request is Q0042, granted, with an amendment in draft."""
    facts: dict[str, Any] = {
        "profile": PROFILE,
        "as_of": AS_OF,
        "base_url": "https://portal.example.org",
        "requests": (
            record("Q0042", approve),
            record("Q0043", reject),
            record("Q0044", send_back),
            record("Q0045", draft),
            record("Q0046", withdraw),
        ),
        "bodies": {"data_governing_board": build_body()},
        "publications": (
            Publication(
                request="Q0042",
                title="Attendance & wages",
                address="https://example.org/report",
                published_on=date(2026, 10, 1),
            ),
        ),
        "costs": (
            Cost(year=2026, heading="Staff", cents=1234567, note="Two positions."),
            Cost(year=2026, heading="Cloud", cents=50005),
            Cost(year=2026, heading="Cloud", cents=1),
            Cost(year=2025, heading="Staff", cents=99),
        ),
        "matches": (
            MatchLine(
                received=date(2026, 4, 1),
                sender="SDE",
                receiver="DOL",
                file_name="P20_Q0042_SDE_match_v1",
                request="Q0042",
                fields=("first_name", "last_name"),
                match_date=date(2026, 4, 3),
                authorized_representative="Lin Chen",
                destroyed_date=date(2026, 4, 10),
            ),
        ),
        "contracts": CONTRACTS,
        "agreements": AGREEMENTS,
    }
    return RegisterSource(**(facts | changes))


def with_record(source: RegisterSource, made: RequestRecord) -> RegisterSource:
    """The source with one request more."""
    return replace(source, requests=(*source.requests, made))
