"""What a programme asks of requests, as configuration (`schemas/requests/*.yaml`)."""

from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from governance.facts import Facts, Name, Text, parse_facts
from governance.grants.model import DatasetId, ForbiddenCombination
from governance.requests.model import EmploymentClass


class NumberScheme(Facts):
    """How requests and their projects are numbered: prefix, then the padded running number."""

    prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{0,15}$")] = "Q"
    digits: Annotated[int, Field(ge=1, le=9)] = 4
    project_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "p20-"

    def number(self, sequence: int) -> str:
        """`Q0042` for 42."""
        return f"{self.prefix}{sequence:0{self.digits}d}"

    def project(self, number: str) -> str:
        """`p20-q0042` for `Q0042`."""
        return self.project_prefix + number.lower()


class RestrictedDataset(Facts):
    """A dataset only some kinds of persons may use."""

    dataset: DatasetId
    employment_classes: Annotated[tuple[EmploymentClass, ...], Field(min_length=1)]
    reason: Text
    clause: Text


class EducationRule(Facts):
    """Education records: a basis, and an authorized representative named per request."""

    agencies: tuple[Name, ...]
    clause: Text


class EligibilityRule(Facts):
    """Fewest agencies whose data a request combines."""

    minimum_agencies: Annotated[int, Field(ge=1)]
    clause: Text


class Deadlines(Facts):
    """By when each step is due, and when people are reminded.

    `_business_days` leave out weekends and the state's holidays; `_days` count every day. The
    manuals publish none of them: the office sets its own.

    Attributes:
        completeness_business_days: From submission to the office's check.
        mending_days: From a return to the next submission.
        review_business_days: For each owner's own part.
        vote_days: From the last owner's decision to the board's.
        agreement_business_days: From the decision until the agreement goes out.
        signature_days: Until every party signed.
        certificate_business_days: Until the office has checked a destruction certificate.
        destruction_after_revocation_days: Unless the approved destruction date is sooner.
        overdue_every_days: What is overdue is said again after so many days.
        grant_reminders, training_reminders, destruction_reminders: Days before the end.
        packet_days: A meeting's packet is issued so many days before it.
        news_days: News older than that is no longer sent.
    """

    completeness_business_days: Annotated[int, Field(ge=1)] = 10
    mending_days: Annotated[int, Field(ge=1)] = 30
    review_business_days: Annotated[int, Field(ge=1)] = 15
    vote_days: Annotated[int, Field(ge=1)] = 45
    agreement_business_days: Annotated[int, Field(ge=1)] = 10
    signature_days: Annotated[int, Field(ge=1)] = 30
    certificate_business_days: Annotated[int, Field(ge=1)] = 10
    destruction_after_revocation_days: Annotated[int, Field(ge=0)] = 30
    overdue_every_days: Annotated[int, Field(ge=1)] = 7
    grant_reminders: tuple[int, ...] = (60, 30, 7)
    training_reminders: tuple[int, ...] = (30, 7)
    destruction_reminders: tuple[int, ...] = (30, 7, 1)
    packet_days: Annotated[int, Field(ge=0)] = 5
    news_days: Annotated[int, Field(ge=1)] = 14


class RequestRules(Facts):
    """The programme's rules for requests.

    Attributes:
        expiring_days: A grant is expiring this many days before its end.
        bundle_days: How long a published bundle stays fresh.
        longest_training_months: How long a training counts at most, from its completion.
        completeness_clause, amendment_clause, chain_clause, link_clause, training_clause: What
            refusals by those rules cite.
    """

    format: Literal["data-enclave/request-rules/1"] = "data-enclave/request-rules/1"
    numbers: NumberScheme
    eligibility: EligibilityRule
    education: EducationRule
    restricted: tuple[RestrictedDataset, ...] = ()
    forbidden: tuple[ForbiddenCombination, ...] = ()
    expiring_days: Annotated[int, Field(ge=1)] = 60
    bundle_days: Annotated[int, Field(ge=1)] = 7
    longest_training_months: Annotated[int, Field(ge=1, le=120)] = 12
    deadlines: Deadlines = Deadlines()
    completeness_clause: Text
    review_clause: Text
    amendment_clause: Text
    recusal_clause: Text
    chain_clause: Text
    destruction_clause: Text
    link_clause: Text = "Governance manual, matching: an agency that analyzes destroys its link"
    training_clause: Text = "Ethics code of the operating office: training on hire and every year"

    def restriction(self, dataset: str) -> RestrictedDataset | None:
        """Who alone may use the dataset, or None when anybody named may."""
        return next((r for r in self.restricted if r.dataset == dataset), None)


def load_rules(path: Path | None = None) -> RequestRules:
    """The rules of a file, or the product's own.

    Raises:
        DocumentError: The document has mistakes.
    """
    if path is not None:
        return parse_facts(RequestRules, path.read_bytes(), path.name)
    name = "programme.yaml"
    data = (resources.files("schemas") / "requests" / name).read_bytes()
    return parse_facts(RequestRules, data, name)
