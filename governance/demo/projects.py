"""The made-up projects (`projects.yaml`), read, and the forms they fill."""

from collections.abc import Mapping
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field

from governance.facts import Facts, Name, Text, parse_facts
from governance.grants.model import DatasetId
from governance.requests.model import EmploymentClass, RequestType

Meeting = Literal["first", "second", "third", "fourth", "fifth", "sixth"]
Variables = Mapping[DatasetId, tuple[Name, ...]]


class Organization(Facts):
    """A made-up recipient."""

    name: Text
    employment_class: Annotated[EmploymentClass, Field(alias="class")]
    domain: Text


class Researcher(Facts):
    """A made-up person; `org` is an organization or a participating agency."""

    name: Text
    org: Name


class Team(Facts):
    """Who is to use the data."""

    requestor: Name
    authorized_representative: Name | None = None
    analysts: tuple[Name, ...] = ()


class Interest(Facts):
    """The owner of an agency declares an interest before the vote."""

    agency: Name
    text: Text


class OwnerCondition(Facts):
    """An owner approves with a condition."""

    agency: Name
    text: Text


class Project(Facts):
    """One project.

    Attributes:
        fate: The life it has, by its name in `governance.demo.lives`.
        meeting: At which it is decided; the later ones are never.
        amendment: What the next version asks for, of the datasets named.
        narrowed: Likewise of a resubmission.
        unsigned: Agencies that have not signed the sharing agreement yet.
    """

    key: Name
    fate: Name
    meeting: Meeting | None = None
    amended_at: Meeting | None = None
    type: RequestType = RequestType.INITIAL
    continues: Name | None = None
    title: Text
    purpose: Text
    method: str = ""
    agenda: Name
    datasets: Variables
    amendment: Variables = Field(default_factory=dict)
    narrowed: Variables = Field(default_factory=dict)
    people: Team
    funder: str = ""
    publication: Text | None = None
    condition: Text | None = None
    interest: Interest | None = None
    owner_condition: OwnerCondition | None = None
    against: Text | None = None
    mend: tuple[Text, ...] = ()
    ask: Text | None = None
    asked_by: Name | None = None
    reject: Text | None = None
    rejected_by: Name | None = None
    revoked_because: Text | None = None
    withdrawn_because: Text | None = None
    unsigned: tuple[Name, ...] = ()


class Projects(Facts):
    """All of them, in the order in which they are begun within a fate."""

    organizations: Mapping[Name, Organization]
    researchers: Mapping[Name, Researcher]
    agenda: Mapping[Name, Text]
    projects: tuple[Project, ...]


def load_projects() -> Projects:
    """The made-up projects that come with the product."""
    name = "projects.yaml"
    data = (resources.files("governance") / "demo" / name).read_bytes()
    return parse_facts(Projects, data, name)
