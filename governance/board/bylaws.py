"""Bodies and their bylaws as configuration: who may decide what, by which arithmetic.

The programme's manuals disagree and change, so nothing here is a constant in code: a deployment's
bylaws are a YAML document (`schemas/bylaws/*.yaml`; JSON Schema in `schemas/meta`). Every rule
names the clause it comes from, and outcomes cite it.
"""

import math
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from governance.errors import DocumentError
from governance.facts import Facts, Name, Text, parse_facts


class MotionKind(StrEnum):
    """What a motion decides."""

    DATA_REQUEST = "data_request"
    ADMIT_AGENCY = "admit_agency"
    OTHER = "other"


class Share(Facts):
    """A share of seats, as two whole numbers: two thirds is `2` of `3`, never 0.667."""

    numerator: Annotated[int, Field(ge=1)]
    denominator: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _check_at_most_all(self) -> Self:
        if self.numerator > self.denominator:
            raise ValueError("a share is at most the whole")
        return self

    def of(self, seats: int) -> int:
        """How many seats the share needs, rounded up; at least one."""
        return max(1, math.ceil(self.numerator * seats / self.denominator))

    def __str__(self) -> str:
        """As the explanation prints it."""
        return (
            "all" if self.numerator == self.denominator else f"{self.numerator}/{self.denominator}"
        )


class Approval(Facts):
    """How many must be in favour.

    Attributes:
        share: Of the seats counted.
        counted: `present`: seats represented at the vote; `filled_seats`: every filled seat, so
            that an absent or recused member is missing from the yes votes.
    """

    share: Share
    counted: Literal["present", "filled_seats"]


BYLAW_RULES = (
    "notice",
    "public",
    "session",
    "quorum",
    "approval",
    "abstention",
    "proxy",
    "alternate",
    "recusal",
    "votes",
    "jurisdiction",
)
"""What every body's bylaws must cite a clause for."""


class BodyRules(Facts):
    """The bylaws of one body.

    Attributes:
        decides: Kinds of motions it may decide.
        quorum: Share of all filled seats that must be represented.
        notice_days: Days between the notice and the meeting.
        rescheduled_notice_days: The same for a meeting that takes the place of an adjourned one.
        public: Votes only in a public meeting.
        proxies: Whether a member may be represented by a proxy letter.
        alternates: Whether the agency's alternate sits when the member is absent or recused. One
            switch for both: a recusal has exactly the effect of an absence.
        seats_per_person: How many seats one person may represent.
        employer_bars_alternate: Whether a request of the agency itself recuses its alternate too.
            With the default (no) the agency decides through its alternate.
        rationale_required: Whether a vote needs its reason.
        clauses: What each rule cites, by `BYLAW_RULES`.
    """

    body: Name
    title: Text
    decides: Annotated[tuple[MotionKind, ...], Field(min_length=1)]
    quorum: Share
    approval: Approval
    notice_days: Annotated[int, Field(ge=0)] = 7
    rescheduled_notice_days: Annotated[int, Field(ge=0)] = 7
    public: bool = True
    proxies: bool = True
    alternates: bool = True
    seats_per_person: Annotated[int, Field(ge=1)] = 1
    employer_bars_alternate: bool = False
    rationale_required: bool = True
    clauses: Mapping[str, Text]

    @model_validator(mode="after")
    def _check_every_rule_cited(self) -> Self:
        missing = [rule for rule in BYLAW_RULES if rule not in self.clauses]
        unknown = [rule for rule in self.clauses if rule not in BYLAW_RULES]
        if missing or unknown:
            raise ValueError(
                f"clauses must cite exactly {', '.join(BYLAW_RULES)}; missing: "
                f"{', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
            )
        return self

    def clause(self, rule: str) -> str:
        """What the rule cites."""
        return self.clauses[rule]


class Bylaws(Facts):
    """The bylaws of every body of a programme, from a date on."""

    format: Literal["data-enclave/bylaws/1"] = "data-enclave/bylaws/1"
    programme: Text
    version: Text
    effective_on: date
    bodies: Annotated[tuple[BodyRules, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_bodies_differ(self) -> Self:
        names = [body.body for body in self.bodies]
        if len(set(names)) != len(names):
            raise ValueError("a body is named twice")
        return self

    def body(self, name: str) -> BodyRules:
        """The rules of that body.

        Raises:
            DocumentError: The bylaws know no such body.
        """
        for body in self.bodies:
            if body.body == name:
                return body
        raise DocumentError(
            f"The bylaws know no body {name!r}; known are: "
            f"{', '.join(b.body for b in self.bodies)}."
        )


def parse_bylaws(document: bytes, where: str) -> Bylaws:
    """Read bylaws from YAML or JSON.

    Raises:
        DocumentError: The document has mistakes; `problems` lists them.
    """
    return parse_facts(Bylaws, document, where)


def load_bylaws(path: Path | None = None) -> Bylaws:
    """The bylaws of a file, or of the product when there is none.

    Raises:
        DocumentError: The file has mistakes.
    """
    return default_bylaws() if path is None else parse_bylaws(path.read_bytes(), path.name)


def default_bylaws() -> Bylaws:
    """The bylaws the product ships: the programme's values."""
    name = "programme.yaml"
    return parse_bylaws((resources.files("schemas") / "bylaws" / name).read_bytes(), name)
