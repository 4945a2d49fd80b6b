"""A data request's content: what is asked for, by whom, for what, until when.

A draft may lack anything; what a submission must not lack is `governance.requests.completeness`.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from governance.facts import Facts, Id, Name, PersonId, Text
from governance.grants.model import Comparison, DatasetId, Scalar

Words = Annotated[str, StringConstraints(max_length=20_000)]
EmploymentClass = Literal[
    "state_employee", "state_official", "municipal", "federal", "university", "nonprofit",
    "contractor", "other",
]  # fmt: skip


class RequestType(StrEnum):
    """Types of a request."""

    INITIAL = "initial"
    CONTINUATION = "continuation"
    REPEAT = "repeat"
    MODIFICATION = "modification"


class RequestedDataset(Facts):
    """One dataset's part of the request.

    Attributes:
        variables: Names in the contract.
        years: Values of the contract's year column; None: all.
        row_filter: Every comparison must hold.
        totals_only: Variables that are counted, summed and averaged only: never grouped or filtered
            by.
    """

    dataset: DatasetId
    variables: tuple[Name, ...] = ()
    years: tuple[Scalar, ...] | None = None
    row_filter: tuple[Comparison, ...] = ()
    totals_only: tuple[Name, ...] = ()

    @property
    def agency(self) -> str:
        """Whose data it is."""
        return self.dataset.split("/", 1)[0]

    @model_validator(mode="after")
    def _check_variables_differ(self) -> Self:
        if len(set(self.variables)) != len(self.variables):
            raise ValueError("a variable is named twice")
        if not set(self.totals_only) <= set(self.variables):
            raise ValueError("only variables that are asked for can be for totals only")
        return self


class RequestPerson(Facts):
    """A person who is to use the data.

    Attributes:
        agency: The participating agency that employs them, when one does.
        role: `authorized_representative`: named under FERPA and signs.
    """

    id: PersonId
    name: Text
    employer: Text
    agency: Name | None = None
    employment_class: EmploymentClass
    role: Literal["requestor", "authorized_representative", "analyst"]


class RequestContent(Facts):
    """The form.

    Attributes:
        continues: Number of the request that this one continues, repeats or modifies.
        purposes: By agency, or by `agency/dataset` where an agency has several agreements: which
            of its agreement's permitted purposes is relied on.
        ferpa_basis: For education data (34 CFR 99.31(a)(3), 99.35).
        ends_on: Last day of use, inclusive.
        destruction_on: By when the recipient destroys what it holds.
    """

    title: Words = ""
    type: RequestType = RequestType.INITIAL
    continues: Id | None = None
    purpose: Words = ""
    purposes: Mapping[Name | DatasetId, Words] = Field(default_factory=dict)
    legal_basis: Words = ""
    ferpa_basis: Literal["audit_or_evaluation", "compliance"] | None = None
    learning_agenda: Words = ""
    datasets: tuple[RequestedDataset, ...] = ()
    people: tuple[RequestPerson, ...] = ()
    requestor_agency: Name | None = None
    organization: Words = ""
    funder: Words = ""
    secure_environment: Words = ""
    analysis_plan: Words = ""
    dissemination_plan: Words = ""
    ends_on: date | None = None
    destruction_on: date | None = None

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        for kind, ids in (
            ("dataset", [d.dataset for d in self.datasets]),
            ("person", [p.id for p in self.people]),
        ):
            if len(set(ids)) != len(ids):
                raise ValueError(f"a {kind} is named twice")
        return self

    @property
    def agencies(self) -> tuple[str, ...]:
        """Agencies whose data is asked for, in name order."""
        return tuple(sorted({d.agency for d in self.datasets}))

    @property
    def requestors(self) -> tuple[str, ...]:
        """Persons whose own request it is: everybody it names."""
        return tuple(p.id for p in self.people)

    @property
    def requestor_employers(self) -> tuple[str, ...]:
        """Participating agencies that are requestors: the requesting one, and who employs one."""
        named = {p.agency for p in self.people if p.role != "analyst" and p.agency}
        return tuple(sorted(named | ({self.requestor_agency} if self.requestor_agency else set())))

    def purpose_for(self, dataset: str) -> str:
        """The permitted purpose relied on for a dataset; empty when none was chosen."""
        return self.purposes.get(dataset) or self.purposes.get(dataset.split("/", 1)[0], "")

    def part(self, agency: str) -> tuple[RequestedDataset, ...]:
        """What is asked of one agency."""
        return tuple(d for d in self.datasets if d.agency == agency)
