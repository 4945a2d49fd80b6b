"""The catalogue: every dataset with its variables, as the contracts describe them."""

from governance.contracts import DatasetContract
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, DatasetAnswer
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services import Programme
from governance.store import NotFoundError

router = PortalRouter(prefix="/api/v1", tags=("catalogue",))
NAVIGATION: tuple[NavItem, ...] = ()


@router.api(
    "GET",
    "/datasets",
    asks=Action.READ_REGISTER,
    response_model=list[DatasetAnswer],
    responses=PROBLEMS,
    summary="Every dataset",
)
def datasets(visit: VisitDep) -> list[DatasetAnswer]:
    """In order of agency and dataset."""
    found = sorted(visit.programme.contracts.values(), key=lambda c: c.id)
    return [_answer(visit.programme, contract) for contract in found]


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
    contract = visit.programme.contracts.get(f"{agency}/{dataset}")
    if contract is None:
        raise NotFoundError("The catalogue has no such dataset.")
    return _answer(visit.programme, contract)


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
            {
                "name": c.name,
                "type": c.logical_type.value,
                "description": c.description,
                "role": c.role.value,
                "treatment": c.treatment.kind.value if c.treatment else None,
                "dimension": c.dimension,
            }
            for c in contract.columns
        ),
    )
