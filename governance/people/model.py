"""A person of the programme: who they are, who employs them, in which roles they act.

Whether somebody may do something is no such fact: `governance.permissions` works it out.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from governance.facts import Facts, Name, PersonId, Text
from governance.requests.model import EmploymentClass

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")]
Account = Annotated[str, StringConstraints(min_length=1, max_length=256)]
"""Issuer and subject of a sign-in, as `governance.portal` joins them."""


class PortalRole(StrEnum):
    """What a person may be in the programme; most are several at once.

    Who is requestor of a request, named in it, or holds a seat is worked out from the records.
    """

    REQUESTOR = "requestor"
    """Asks for data."""
    DATA_OWNER = "data_owner"
    """Decides for an agency: its board member or alternate."""
    DATA_STEWARD = "data_steward"
    """Delivers an agency's data and answers for its quality."""
    SIGNATORY = "signatory"
    """Signs sharing agreements for the parties named in `parties`."""
    OPERATOR = "operator"
    """Of the operating office."""
    AUDITOR = "auditor"
    """Reads everything, changes nothing."""


class Person(Facts):
    """One person.

    Attributes:
        account: How they sign in; None until they may.
        agency: The participating agency that employs them, when one does.
        parties: Parties a signatory signs for.
        named_by: The requestor who typed this record; None once the office has it so.
        employed_from, employed_until: First and last legal date with access; an open end is None.
            Who never had a day of it ended before it began.
    """

    id: PersonId
    name: Text
    email: Email
    account: Account | None = None
    employer: Text
    agency: Name | None = None
    employment_class: EmploymentClass
    roles: Annotated[tuple[PortalRole, ...], Field(min_length=1)] = (PortalRole.REQUESTOR,)
    parties: tuple[Text, ...] = ()
    employed_from: date
    employed_until: date | None = None
    named_by: PersonId | None = Field(default=None, exclude_if=lambda named: named is None)

    @property
    def is_only_named(self) -> bool:
        """Whether nobody but a requestor said who they are: they never signed in."""
        return self.named_by is not None and self.account is None

    def employed(self, on: date) -> bool:
        """Whether employed on that legal date."""
        return self.employed_from <= on and (
            self.employed_until is None or on <= self.employed_until
        )
