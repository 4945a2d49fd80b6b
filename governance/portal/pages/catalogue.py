"""The catalogue: every dataset and variable, under which agreement, and how to ask for them."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.responses import RedirectResponse, Response

from governance.agreements import Agreement, DatasetTerms
from governance.contracts import DatasetContract
from governance.decisions import Denial
from governance.permissions import Action
from governance.portal.catalogue_words import (
    ROLE_WORDS,
    SENSITIVITY,
    TYPE_WORDS,
    counted_words,
    schedule_words,
    sensitivity_of,
    treatment_words,
)
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, ListSpec
from governance.portal.navigation import Area, NavItem, everybody
from governance.portal.routes import PortalRouter
from governance.portal.visits import Visit, VisitDep
from governance.requests.model import RequestContent, RequestedDataset
from governance.requests.precheck import agreement_for, precheck
from governance.services import Programme
from governance.store import NotFoundError

router = PortalRouter()
NAVIGATION = (NavItem(Area.CATALOGUE, "Catalogue", "/catalogue", everybody),)
_DATASET_WIDE: Final = frozenset({"agreement.in_force"})


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A dataset in the list."""

    contract: DatasetContract
    agency_name: str
    agreement: Agreement | None

    @property
    def href(self) -> str:
        """Of its page."""
        return f"/catalogue/{self.contract.id}"

    @property
    def until(self) -> date | None:
        """Last day of the agreement in force."""
        return self.agreement.ends_on if self.agreement else None


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A variable, as people choose it.

    Attributes:
        denials: Why nobody can have it; none: it may be asked for.
    """

    name: str
    type: str
    description: str
    role: str
    treatment: str
    denials: tuple[Denial, ...]


def list_spec(p: Programme) -> ListSpec[DatasetRow]:
    """The catalogue as a list; agencies are those that have datasets."""
    agencies = {
        a: p.profile.agency_name(a) for a in sorted({c.agency for c in p.contracts.values()})
    }
    return ListSpec(
        "catalogue",
        "Datasets",
        (
            Column("title", "Dataset", lambda r: r.contract.title, link=lambda r: r.href),
            Column("agency", "Agency", lambda r: r.contract.agency, choices=agencies,
                   shown=lambda r: r.agency_name),
            Column("holds", "Holds", lambda r: r.contract.grain.capitalize()),
            Column("counted", "Counted", lambda r: counted_words(r.contract)),
            Column("sensitivity", "Sensitivity", lambda r: sensitivity_of(r.contract),
                   choices=SENSITIVITY, shown=lambda r: SENSITIVITY[sensitivity_of(r.contract)]),
            Column("agreement", "Agreement", lambda r: r.agreement.id if r.agreement else None,
                   shown=lambda r: r.agreement.id if r.agreement else "None in force"),
            Column("until", "Until", lambda r: r.until, kind="day"),
            Column("id", "Id", lambda r: r.contract.id, only_export=True),
            Column("description", "Description", lambda r: r.contract.description,
                   only_export=True),
            Column("variables", "Variables", lambda r: _variables(r.contract), only_export=True),
        ),
        sort="agency",
        search="datasets, variables and descriptions",
        empty="No dataset is described yet.",
    )  # fmt: skip


def _variables(contract: DatasetContract) -> str:
    return "; ".join(
        f"{c.name}: {c.description}" if c.description else c.name for c in contract.columns
    )


@router.page("GET", "/catalogue", asks=Action.READ_REGISTER)
def show_datasets(visit: VisitDep) -> Response:
    """Every dataset, searched down to its variables."""
    p = visit.programme
    rows = []
    for contract in sorted(p.contracts.values(), key=lambda c: c.id):
        found = agreement_for(contract.id, p.agreements.values(), visit.today)
        name = p.profile.agency_name(contract.agency)
        rows.append(DatasetRow(contract, name, found[0] if found else None))
    return show_list(visit, "catalogue/list.html", held_list(visit, list_spec(p), rows))


def find_contract(visit: Visit, agency: str, dataset: str) -> DatasetContract:
    """The dataset of the path.

    Raises:
        NotFoundError: The catalogue has none of that name.
    """
    contract = visit.programme.contracts.get(f"{agency}/{dataset}")
    if contract is None:
        raise NotFoundError("The catalogue has no such dataset.")
    return contract


@router.page("GET", "/catalogue/{agency}/{dataset}", asks=Action.READ_REGISTER)
def show_dataset(visit: VisitDep, agency: str, dataset: str) -> Response:
    """A dataset: its variables, who may have them and what becomes of them."""
    p, contract = visit.programme, find_contract(visit, agency, dataset)
    found = agreement_for(contract.id, p.agreements.values(), visit.today)
    agreement, terms = found or (None, None)
    variables, denials = judged_variables(p, contract, terms, visit.today)
    combined = [
        c for c in p.rules.forbidden if any(x.startswith(f"{contract.id}.") for x in c.columns)
    ]
    return visit.page(
        "catalogue/dataset.html",
        contract=contract,
        agency_name=p.profile.agency_name(agency),
        agreement=agreement,
        terms=terms,
        variables=variables,
        denials=denials,
        counted=counted_words(contract),
        sensitivity=SENSITIVITY[sensitivity_of(contract)],
        schedule=schedule_words(agreement.schedule) if agreement else "",
        restriction=p.rules.restriction(contract.id),
        combined=combined,
        chosen=frozenset(visit.request.query_params.getlist("variables")),
    )


def judged_variables(
    p: Programme, contract: DatasetContract, terms: DatasetTerms | None, today: date
) -> tuple[tuple[VariableRow, ...], tuple[Denial, ...]]:
    """Each variable with what keeps it back, and what keeps the whole dataset back."""
    names = tuple(c.name for c in contract.columns)
    asked = RequestContent(datasets=(RequestedDataset(dataset=contract.id, variables=names),))
    report = precheck(asked, p.contracts, p.agreements, today, p.rules)
    wide = tuple(d for d in report.decision.denials if d.rule in _DATASET_WIDE)
    own = {v.variable: v.denials for v in report.variables}
    overrides = terms.treatments if terms else {}
    return tuple(
        VariableRow(
            c.name,
            TYPE_WORDS[c.logical_type.value],
            c.description,
            ROLE_WORDS[c.role],
            treatment_words(c, overrides),
            (*wide, *own[c.name]),
        )
        for c in contract.columns
    ), wide


def _moved(visit: Visit, to: str) -> Response:
    query = visit.request.url.query
    return RedirectResponse(f"{to}?{query}" if query else to, 301)


@router.page("GET", "/catalog", asks=Action.READ_REGISTER)
def lead_to_list(visit: VisitDep) -> Response:
    """The other spelling."""
    return _moved(visit, "/catalogue")


@router.page("GET", "/catalog/{agency}/{dataset}", asks=Action.READ_REGISTER)
def lead_to_dataset(visit: VisitDep, agency: str, dataset: str) -> Response:
    """The address in `data.json`."""
    return _moved(visit, f"/catalogue/{find_contract(visit, agency, dataset).id}")
