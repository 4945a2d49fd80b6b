"""From the catalogue to a request: what was chosen goes into a new draft or an open one."""

from starlette.responses import Response

from governance.contracts import DatasetContract
from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.catalogue_words import choice_words
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.navigation import NavItem
from governance.portal.pages.catalogue import find_contract
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.visits import Visit, VisitDep
from governance.services.choosing import choose_variables, open_drafts

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
add_said(variables_chosen="The variables stand in the form. Check them, and fill in the rest.")
_NEW = "new"


def _spec(visit: Visit, contract: DatasetContract) -> FormSpec:
    drafts = open_drafts(visit.programme, visit.actor)
    choices = {_NEW: "Begin a new request"}
    choices |= {r.number: f"Add to {r.number}: {r.title or 'untitled'}" for r in drafts}
    names = {c.name: choice_words(c) for c in contract.columns}
    return FormSpec(
        (
            Field("number", "Request", "radios", choices=choices, required=True),
            Field("variables", "Variables", "checkboxes", choices=names, required=True),
        )
    )


@router.page("GET", "/catalogue/{agency}/{dataset}/request", asks=Action.BEGIN_REQUEST)
def ask_request(visit: VisitDep, agency: str, dataset: str) -> Response:
    """What was chosen, and which request it goes into; the public is asked to sign in first."""
    contract = find_contract(visit, agency, dataset)
    chosen = visit.request.query_params.getlist("variables")
    form = _spec(visit, contract).bind({"variables": chosen, "number": _NEW})
    return _show(visit, contract, form)


@router.page("POST", "/catalogue/{agency}/{dataset}/request", asks=Action.BEGIN_REQUEST)
def take_request(visit: VisitDep, agency: str, dataset: str) -> Response:
    """Put them into the form."""
    contract = find_contract(visit, agency, dataset)
    form = _spec(visit, contract).read(visit.form)
    try:
        number = choose_variables(
            visit.programme,
            visit.actor,
            contract.id,
            form["variables"].values,
            number=_wanted(form),
            once=form.token,
        )
    except DocumentError as error:
        return _show(visit, contract, form.refused(error), 422)
    return visit.redirect(f"/requests/{number}/edit", said="variables_chosen")


def _wanted(form: Form) -> str | None:
    """The draft that was chosen; None: a new request.

    Raises:
        DocumentError: None of them was.
    """
    wanted = form["number"]
    if wanted.value not in wanted.field.choices:
        raise DocumentError("", problems=("number: Choose one of the options.",))
    return None if wanted.value == _NEW else wanted.value


def _show(visit: Visit, contract: DatasetContract, form: Form, status: int = 200) -> Response:
    return visit.page("catalogue/request.html", status=status, contract=contract, form=form)
