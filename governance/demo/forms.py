"""The form a made-up project fills: as first saved, as submitted, as amended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from governance.agreements import Agreement
from governance.demo.cast import Cast
from governance.demo.projects import Project, Projects, Variables
from governance.profile import Profile
from governance.requests.model import RequestContent, RequestedDataset, RequestPerson
from governance.requests.precheck import agreement_for

_LAW: Final[Mapping[str, str]] = {
    "sde": "34 CFR § 99.35",
    "cscu": "34 CFR § 99.35",
    "uconn": "34 CFR § 99.35",
    "ccic": "34 CFR § 99.35",
    "dol": "20 CFR § 603.5; C.G.S. § 31-254",
    "dcf": "C.G.S. § 17a-28",
    "dmhas": "42 CFR § 2.53",
    "dss": "C.G.S. § 17b-90",
}
_OTHER_LAW: Final = "the sharing agreements of the programme"
_EDUCATION: Final = frozenset({"sde", "cscu", "uconn", "ccic", "ctecs", "ohe"})
_DESTRUCTION_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Forms:
    """Fills forms.

    Attributes:
        numbers: Of the requests begun so far, by project.
    """

    cast: Cast
    projects: Projects
    profile: Profile
    agreements: Mapping[str, Agreement]
    numbers: Mapping[str, str]

    def first(self, project: Project) -> RequestContent:
        """As somebody saves it the first time: a title and an idea."""
        return RequestContent(
            title=project.title,
            purpose=project.purpose,
            people=self._people(project)[:1],
            organization=self._organization(project),
        )

    def whole(
        self, project: Project, today: date, ends_on: date, changed: Variables | None = None
    ) -> RequestContent:
        """Complete.

        Args:
            project: Whose.
            today: Whose agreements' purposes are chosen from.
            ends_on: Last day of use.
            changed: Other variables of the datasets named.
        """
        wanted = {**project.datasets, **(changed or {})}
        agencies = {name.split("/", 1)[0] for name in wanted}
        requestor = self.cast.researchers[project.people.requestor]
        return RequestContent(
            title=project.title,
            type=project.type,
            continues=self.numbers.get(project.continues or ""),
            purpose=project.purpose,
            purposes={name: self._purpose(name, today) for name in wanted},
            legal_basis="; ".join(dict.fromkeys(_LAW.get(a, _OTHER_LAW) for a in sorted(agencies))),
            ferpa_basis="audit_or_evaluation" if agencies & _EDUCATION else None,
            learning_agenda=self.projects.agenda[project.agenda],
            datasets=tuple(
                RequestedDataset(dataset=name, variables=variables)
                for name, variables in wanted.items()
            ),
            people=self._people(project),
            requestor_agency=requestor.agency,
            organization=self._organization(project),
            funder=project.funder,
            secure_environment="The programme's enclave; nothing leaves it but released tables.",
            analysis_plan=project.method,
            dissemination_plan=(
                "A report and a public summary, shown to every contributing agency before; only "
                "tables that passed the agencies' disclosure rules."
            ),
            ends_on=ends_on,
            destruction_on=ends_on + timedelta(days=_DESTRUCTION_DAYS),
        )

    def _people(self, project: Project) -> tuple[RequestPerson, ...]:
        team = project.people
        people = [self.cast.requested(team.requestor, "requestor")]
        if team.authorized_representative:
            named = self.cast.requested(team.authorized_representative, "authorized_representative")
            people.append(named)
        return (*people, *(self.cast.requested(key, "analyst") for key in team.analysts))

    def _organization(self, project: Project) -> str:
        return self.cast.researchers[project.people.requestor].employer

    def _purpose(self, dataset: str, today: date) -> str:
        found = agreement_for(dataset, self.agreements.values(), today)
        return found[0].purposes[0] if found else ""
