"""The catalogue: every dataset with its variables, as the contracts describe them."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from governance.contracts import DatasetContract
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, BegunRequest, DatasetAnswer, VariableAnswer
from governance.portal.api.paging import ListAsked, Paged, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services import Programme
from governance.services.choosing import choose_variables
from governance.store import NotFoundError

router = PortalRouter(prefix="/api/v1", tags=("catalogue",))
NAVIGATION: tuple[NavItem, ...] = ()
Word = Annotated[str, Field(min_length=1, max_length=200)]


class Chosen(BaseModel):
    """Variables that were chosen.

    Attributes:
        number: An open draft of yours; None begins a request.
        once: Your token: sent twice, it happens once.
    """

    model_config = ConfigDict(extra="forbid")
    variables: Annotated[list[Word], Field(min_length=1, max_length=1000)]
    number: Annotated[str | None, Field(min_length=1, max_length=63)] = None
    once: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class DatasetsAsked(ListAsked):
    """Which datasets, in which order."""

    agency: Annotated[str | None, Field(max_length=63)] = None
    sort: Literal["dataset", "agency", "title"] = "dataset"


@router.api(
    "GET",
    "/datasets",
    asks=Action.READ_REGISTER,
    response_model=Paged[DatasetAnswer],
    responses=PROBLEMS,
    summary="Datasets, one page",
)
def datasets(visit: VisitDep, asked: Annotated[DatasetsAsked, Query()]) -> Paged[DatasetAnswer]:
    """Searched down to their variables."""
    found = visit.programme.contracts.values()
    return page_of([_answer(visit.programme, contract) for contract in found], asked)


@router.api(
    "GET",
    "/datasets/{agency}/{dataset}",
    asks=Action.READ_REGISTER,
    response_model=DatasetAnswer,
    responses=PROBLEMS,
    summary="One dataset",
)
def dataset_of(visit: VisitDep, agency: str, dataset: str) -> DatasetAnswer:
    """Its variables: type, description, identifier role, how it is treated."""
    return _answer(visit.programme, _contract(visit.programme, agency, dataset))


@router.api(
    "POST",
    "/datasets/{agency}/{dataset}/request",
    asks=Action.BEGIN_REQUEST,
    response_model=BegunRequest,
    responses=PROBLEMS,
    summary="Ask for variables of a dataset in a draft",
)
def ask_for(visit: VisitDep, agency: str, dataset: str, chosen: Chosen) -> BegunRequest:
    """In a new request, or in an open draft of yours; what it asks for already stays."""
    contract = _contract(visit.programme, agency, dataset)
    number = choose_variables(
        visit.programme,
        visit.actor,
        contract.id,
        chosen.variables,
        number=chosen.number,
        once=chosen.once,
    )
    return BegunRequest(number=number)


def _contract(p: Programme, agency: str, dataset: str) -> DatasetContract:
    contract = p.contracts.get(f"{agency}/{dataset}")
    if contract is None:
        raise NotFoundError("The catalogue has no such dataset.")
    return contract


def _answer(p: Programme, contract: DatasetContract) -> DatasetAnswer:
    held = {
        a.id: a.ends_on
        for a in p.agreements.values()
        if a.agency == contract.agency and a.in_force(p.today) and a.terms(contract.dataset)
    }
    return DatasetAnswer(
        dataset=contract.id,
        agency=contract.agency,
        title=contract.title,
        description=contract.description,
        agreements=held,
        variables=tuple(
            VariableAnswer(
                name=c.name,
                type=c.logical_type.value,
                description=c.description,
                role=c.role.value,
                treatment=c.treatment.kind.value if c.treatment else None,
                dimension=c.dimension,
            )
            for c in contract.columns
        ),
    )
