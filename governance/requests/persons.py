"""A person's own part of the chain: statement, training, employment, employer."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Final

from pydantic import Field

from governance.decisions import Denial
from governance.facts import Facts, Name, PersonId, Text
from governance.requests.model import EmploymentClass, RequestPerson
from governance.requests.rules import RequestRules

AMEND: Final = "Amend the request: the owners decide who uses the data, and as employed by whom."


class OtherStatement(Facts):
    """A confidentiality statement that was given under terms that no longer hold.

    Attributes:
        version: For which it was given.
        needed: The version whose terms are to be accepted.
    """

    signed_on: date
    version: Annotated[int, Field(ge=1)]
    needed: Annotated[int, Field(ge=1)]


class Employer(Facts):
    """Who employs a person, as their record says today.

    Attributes:
        agency: The participating agency, when it is one.
        names: Every name that agency is known by; none where the employer is no agency by name.
    """

    name: Text
    agency: Name | None = None
    names: tuple[Text, ...] = ()

    def is_named_by(self, person: RequestPerson) -> bool:
        """Whether a request names this employer: by what it is called, and no other agency."""
        called, known = fold_name(person.employer), {fold_name(n) for n in self.names}
        if called not in known | {fold_name(self.name)}:
            return False
        said = person.agency or (self.agency if called in known else None)
        return said == self.agency


def fold_name(name: str) -> str:
    """A name for comparison: capitals and spaces make no other employer."""
    return " ".join(name.casefold().split())


class PersonFacts(Facts):
    """A person's own dated facts, as recorded.

    Attributes:
        nda_signed_on: Of the statement that counts under the terms in question.
        nda_of_other_terms: The last one that was given, where none counts.
        employment_class, employer: Of the person's record today; None where nobody keeps one.
        knows_link: Whether their agency contributes to what they analyze and has not confirmed
            that it destroyed its link from source id to synthetic id.
    """

    id: PersonId
    nda_signed_on: date | None = None
    nda_of_other_terms: OtherStatement | None = None
    training_valid_until: date | None = None
    employed_from: date | None = None
    employed_until: date | None = None
    employment_class: EmploymentClass | None = None
    employer: Employer | None = None
    knows_link: bool = False


def person_denials(
    number: str, facts: PersonFacts, person: RequestPerson, *, rules: RequestRules, today: date
) -> Iterator[Denial]:
    """Every link of a person's own chain that is missing on a legal date.

    Args:
        number: Of the request.
        facts: As recorded.
        person: As the request names them.
        rules: What refusals cite.
        today: Legal date.
    """
    clause = rules.chain_clause
    if facts.nda_signed_on is None or facts.nda_signed_on > today:
        yield say_statement_missing(number, person.name, facts.nda_of_other_terms, clause)
    if facts.training_valid_until is None or facts.training_valid_until < today:
        reason = f"{person.name} has no training in date."
        yield Denial("person.training", reason, f"{person.name} takes it.", clause)
    yield from employment_denials(facts, person, clause=clause, today=today)
    if facts.knows_link:
        reason = (
            f"{person.agency} analyzes its own data and has not confirmed that it destroyed its "
            "link from source id to synthetic id."
        )
        remedy = "Its data steward destroys the link and confirms it: /agency."
        yield Denial("person.link", reason, remedy, rules.link_clause)


def employment_denials(
    facts: PersonFacts, person: RequestPerson, *, clause: str, today: date
) -> Iterator[Denial]:
    """Whether the person is employed on a legal date, and as they were approved.

    Who employs them now is not said: what is told of them is what the request names.
    """
    ended = facts.employed_until is not None and facts.employed_until < today
    if facts.employed_from is None or facts.employed_from > today or ended:
        reason = f"{person.name} is not on record as employed by {person.employer} today."
        remedy = (
            f"{person.employer} confirms the employment to the operating office; "
            "leavers' access ends."
        )
        yield Denial("person.employment", reason, remedy, clause)
    if facts.employer is not None and not facts.employer.is_named_by(person):
        reason = (
            f"{person.name} was approved as employed by {person.employer} and is on record with "
            "another employer."
        )
        yield Denial("person.employer", reason, AMEND, clause)
    kind = facts.employment_class
    if kind is not None and kind != person.employment_class:
        named, now = (k.replace("_", " ") for k in (person.employment_class, kind))
        reason = f"{person.name} was approved as {named} and is on record as {now}."
        yield Denial("person.employment_class", reason, AMEND, clause)


def say_statement_missing(
    number: str, name: str, other: OtherStatement | None, clause: str
) -> Denial:
    """Why a person lacks the statement, and who signs what where."""
    if other is None:
        reason = f"{name} has not signed the confidentiality statement."
        return Denial("person.nda", reason, f"{name} signs it: /requests/{number}/nda.", clause)
    reason = (
        f"The statement for the changed terms is missing: {name} signed the confidentiality "
        f"statement for version {other.version} on {other.signed_on}, and version {other.needed} "
        "has other terms."
    )
    page = f"/requests/{number}/nda?version={other.needed}"
    return Denial(
        "person.nda", reason, f"{name} reads what is new and signs again: {page}.", clause
    )
