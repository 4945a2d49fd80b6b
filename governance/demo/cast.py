"""The made-up people of the demonstration: the office, fifteen agencies, researchers, signatories.

Nobody here exists. Names are common ones drawn by chance; addresses lie under domains reserved for
examples (RFC 2606).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from governance.demo.chance import Chance
from governance.demo.projects import Organization, Projects
from governance.people import Person, PortalRole
from governance.profile import Agency, Profile
from governance.requests.model import EmploymentClass, RequestPerson

_R = PortalRole
_FIRST: Final = (
    "Alicia", "Andre", "Anita", "Anthony", "Bianca", "Brian", "Camille", "Carlos", "Denise",
    "Derek", "Elena", "Emil", "Farah", "Felix", "Gloria", "Hannah", "Harold", "Ingrid", "Isaac",
    "Janelle", "Jerome", "Joanna", "Julian", "Keisha", "Kevin", "Leila", "Leon", "Lucille",
    "Malik", "Marta", "Miriam", "Nadia", "Nathan", "Olga", "Oscar", "Priya", "Quentin", "Rachel",
    "Rafael", "Renee", "Samuel", "Simone", "Stefan", "Sylvia", "Theo", "Valerie", "Victor",
    "Wendy", "Xavier", "Yolanda",
)  # fmt: skip
_LAST: Final = (
    "Albright", "Amato", "Banerjee", "Barlow", "Bishop", "Calloway", "Cardenas", "Chaudhry",
    "Coleman", "Daniels", "Dvorak", "Ellison", "Engel", "Farrow", "Figueroa", "Gallagher",
    "Gill", "Hargrove", "Hendricks", "Ibarra", "Jankowski", "Joyner", "Kaminski", "Keane",
    "Lachance", "Langley", "Marchetti", "McBride", "Mensah", "Nakamura", "Nguyen", "Olivera",
    "Ortega", "Paquette", "Pelletier", "Quigley", "Ramsey", "Rosado", "Santoro", "Schaefer",
    "Singh", "Thibault", "Torres", "Underhill", "Vance", "Vega", "Waller", "Whitmore", "Yates",
    "Zielinski",
)  # fmt: skip
_STATE_CLASS: Final[Mapping[str, EmploymentClass]] = {"ccic": "nonprofit", "cceh": "nonprofit"}
EMPLOYED_FROM: Final = date(2019, 7, 1)


@dataclass(frozen=True, slots=True)
class AgencyCast:
    """Who acts for one agency.

    Attributes:
        head: Sits on the executive board and signs for the agency.
        owner: Its data owner, member of the data governing board.
        alternate: Sits when the owner cannot.
        stewards: A user of the data and a technician.
    """

    head: Person
    owner: Person
    alternate: Person
    stewards: tuple[Person, Person]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, by id, and by what they are."""

    operators: tuple[Person, ...]
    auditor: Person
    agencies: Mapping[str, AgencyCast]
    researchers: Mapping[str, Person]
    signatories: Mapping[str, Person]
    people: Mapping[str, Person] = field(default_factory=dict)

    def requested(self, key: str, role: str) -> RequestPerson:
        """A researcher as a request names them."""
        person = self.researchers[key]
        return RequestPerson.model_validate(
            {
                "id": person.id,
                "name": person.name,
                "employer": person.employer,
                "agency": person.agency,
                "employment_class": person.employment_class,
                "role": role,
            }
        )


def cast_people(profile: Profile, projects: Projects, joining: str, chance: Chance) -> Cast:
    """Everybody of the demonstration.

    Args:
        profile: Whose participating agencies they work for.
        projects: Whose organizations and researchers they are.
        joining: The agency that is admitted meanwhile.
        chance: Of the names.
    """
    names = _Names(chance)
    office = profile.office.name
    agencies = {
        agency.id: _agency_cast(agency, names)
        for agency in profile.agencies
        if agency.participating or agency.id == joining
    }
    operators = tuple(names.person("opm", employer=office, roles=(_R.OPERATOR,)) for _ in range(3))
    auditor = names.person("auditors", employer="Auditors of Public Accounts", roles=(_R.AUDITOR,))
    researchers = {
        key: _researcher(r.name, r.org, projects.organizations, profile, names)
        for key, r in projects.researchers.items()
    }
    signatories = {
        o.name: names.person(
            o.domain,
            employer=o.name,
            employment_class=o.employment_class,
            roles=(_R.SIGNATORY,),
            parties=(o.name,),
        )
        for o in projects.organizations.values()
    }
    signatories |= {party: cast.head for cast in agencies.values() for party in cast.head.parties}
    everybody = _everybody(operators, auditor, agencies, researchers, signatories)
    return Cast(operators, auditor, agencies, researchers, signatories, everybody)


def _everybody(
    operators: tuple[Person, ...],
    auditor: Person,
    agencies: Mapping[str, AgencyCast],
    researchers: Mapping[str, Person],
    signatories: Mapping[str, Person],
) -> dict[str, Person]:
    people = [*operators, auditor]
    for cast in agencies.values():
        people += [cast.head, cast.owner, cast.alternate, *cast.stewards]
    people += [*researchers.values(), *signatories.values()]
    return {person.id: person for person in people}


class _Names:
    """Names nobody else has; the number of a draw settles which."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._taken: set[str] = set()
        self._drawn = 0

    def person(
        self,
        where: str,
        *,
        name: str = "",
        employer: str,
        roles: tuple[PortalRole, ...],
        agency: str | None = None,
        employment_class: EmploymentClass = "state_employee",
        parties: tuple[str, ...] = (),
    ) -> Person:
        """A record; `where` is the agency or the domain of the address."""
        name = name or self._free()
        person_id = name.casefold().replace(" ", ".")
        self._taken.add(person_id)
        domain = where if "." in where else f"{where.replace('_', '-')}.example.org"
        return Person(
            id=person_id,
            name=name,
            email=f"{person_id}@{domain}",
            account=f"demonstration|{person_id}",
            employer=employer,
            agency=agency,
            employment_class=employment_class,
            roles=roles,
            parties=parties,
            employed_from=EMPLOYED_FROM,
        )

    def _free(self) -> str:
        while True:
            self._drawn += 1
            first = self._chance.pick(_FIRST, "first", self._drawn)
            name = f"{first} {self._chance.pick(_LAST, 'last', self._drawn)}"
            if name.casefold().replace(" ", ".") not in self._taken:
                return name


def _agency_cast(agency: Agency, names: _Names) -> AgencyCast:
    def make(*roles: PortalRole, parties: tuple[str, ...] = ()) -> Person:
        return names.person(
            agency.id,
            employer=agency.name,
            roles=roles,
            agency=agency.id,
            employment_class=_STATE_CLASS.get(agency.id, "state_employee"),
            parties=parties,
        )

    return AgencyCast(
        # a party signs under its id in capitals, and an organization under its name
        head=make(_R.SIGNATORY, parties=(agency.party, agency.name)),
        owner=make(_R.DATA_OWNER),
        alternate=make(_R.DATA_OWNER),
        stewards=(make(_R.DATA_STEWARD), make(_R.DATA_STEWARD)),
    )


def _researcher(
    name: str,
    org: str,
    organizations: Mapping[str, Organization],
    profile: Profile,
    names: _Names,
) -> Person:
    agency = profile.agency(org)
    if agency is not None:
        return names.person(
            agency.id, name=name, employer=agency.name, roles=(_R.REQUESTOR,), agency=agency.id
        )
    found = organizations[org]
    return names.person(
        found.domain,
        name=name,
        employer=found.name,
        roles=(_R.REQUESTOR,),
        employment_class=found.employment_class,
    )


def named_roles(cast: Cast) -> Iterator[tuple[str, Person]]:
    """A few people to look through the eyes of, with what they are."""
    yield "an operator", cast.operators[0]
    yield "a data owner and board member", cast.agencies["sde"].owner
    yield "a requestor", cast.researchers["ruiz"]
    yield "a data steward", cast.agencies["dol"].stewards[0]
    yield "a signatory", cast.agencies["dol"].head
    yield "the auditor", cast.auditor
