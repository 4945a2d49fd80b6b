"""Development sign-in: choose who to be, on one's own machine."""

from sqlalchemy import or_, select
from starlette.responses import Response

from governance.people import Person
from governance.portal.faults import NoSuchPageError, SignInError
from governance.portal.forms import Field, FormSpec
from governance.portal.routes import Open, PortalRouter
from governance.portal.sign_in.leaving import give_session
from governance.portal.sign_in.ways import UnsafeDevelopmentSignIn, is_loopback, safe_path
from governance.portal.visits import Visit, VisitDep, redirect
from governance.store.tables import people_rows

router = PortalRouter()
_MOST = 500


def people_to_be(visit: Visit) -> tuple[Person, ...]:
    """Everybody employed today, by name."""
    rows, today = people_rows.c, visit.today
    still = or_(rows.employed_until.is_(None), rows.employed_until >= today)
    wanted = (
        select(rows.record)
        .where(rows.employed_from <= today, still)
        .order_by(rows.name, rows.id)
        .limit(_MOST)
    )
    with visit.programme.store.read() as unit:
        found = unit.connection.scalars(wanted).all()
    return tuple(Person.model_validate_json(record) for record in found)


def choice_form(people: tuple[Person, ...]) -> FormSpec:
    """The list to choose from."""
    choices = {p.id: f"{p.name}, {p.employer} ({', '.join(p.roles)})" for p in people}
    return FormSpec((Field("person", "Who do you want to be?", "select", choices=choices),))


@router.page("POST", "/sign-in/development", asks=Open("Signing in."))
def sign_in_as(visit: VisitDep) -> Response:
    """Begin a session as the person chosen."""
    check_development(visit)
    chosen = visit.form.get("person")
    person = next((p for p in people_to_be(visit) if p.id == chosen), None)
    if person is None:
        raise SignInError("Nobody was chosen.", "Choose a person from the list.")
    to = safe_path(str(visit.form.get("next") or "/"))
    return give_session(visit, redirect(to), person.id, person.account or "")


def check_development(visit: Visit) -> None:
    """Raise unless development sign-in is on and this request comes from this machine.

    Raises:
        NoSuchPageError: There is no such sign-in here.
    """
    client = visit.request.client
    near = client is not None and is_loopback(client.host) and visit.programme.settings.loopback
    if not isinstance(visit.portal.sign_in, UnsafeDevelopmentSignIn) or not near:
        raise NoSuchPageError("There is nothing at this address.")
