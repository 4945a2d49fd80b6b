"""What the whole application shares, and how it renders a page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.responses import HTMLResponse

from governance.people import Person
from governance.permissions import Action, Target
from governance.portal.assets import Assets
from governance.portal.catalogue_words import treatment_words
from governance.portal.limits import Buckets, Limits
from governance.portal.navigation import NavItem, areas_for
from governance.portal.once import Once
from governance.portal.said import SAID
from governance.portal.sessions import Sessions
from governance.portal.visits import Visit
from governance.requests.precheck import agreement_for
from governance.requests.states import Act
from governance.services import Programme
from governance.services.people import find_by_account, find_by_id
from governance.services.recording import denials_recorded

if TYPE_CHECKING:
    from governance.portal.sign_in.ways import SignIn


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names of the cookies: `__Host-` holds them to this host and to https."""

    secure: bool

    @property
    def session(self) -> str:
        """Of the session."""
        return "__Host-session" if self.secure else "session"

    @property
    def signing_in(self) -> str:
        """Of a sign-in that is under way."""
        return "__Host-signing-in" if self.secure else "signing-in"


@dataclass(slots=True)
class Portal:
    """The application.

    Attributes:
        sign_in: How people sign in; None: nobody can.
    """

    programme: Programme
    assets: Assets
    templates: Environment
    sessions: Sessions
    navigation: Sequence[NavItem]
    limits: Limits
    sign_in: "SignIn | None"
    once: Once = field(default_factory=Once)
    by_session: Buckets = field(init=False)
    writes_by_session: Buckets = field(init=False)

    def __post_init__(self) -> None:
        """Empty buckets."""
        self.by_session = Buckets(self.limits.session)
        self.writes_by_session = Buckets(self.limits.writes)

    @property
    def base_url(self) -> str:
        """Address of the portal, without a slash at its end."""
        return self.programme.settings.base_url

    @property
    def secure(self) -> bool:
        """Whether people reach it by https."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def host(self) -> str:
        """Name, and port where it is not the usual one, under which people reach it."""
        return urlsplit(self.base_url).netloc

    @property
    def name(self) -> str:
        """Of the programme, as pages say it."""
        return self.programme.profile.name

    @property
    def office(self) -> str:
        """Name of the operating office."""
        return self.programme.profile.office.name

    @property
    def official_site(self) -> str:
        """The banner's words."""
        return self.programme.profile.official_site

    def agency_codes(self, agencies: Iterable[str]) -> str:
        """Agencies as people write them, in one line."""
        return ", ".join(self.programme.profile.agency_code(a) for a in agencies)

    def treatment_words(self, dataset: str, variable: str) -> str:
        """What becomes of a variable before anybody may use it, under the agreement in force."""
        contract = self.programme.contracts.get(dataset)
        columns = contract.columns if contract else ()
        column = next((c for c in columns if c.name == variable), None)
        if column is None:
            return "It is not in the catalogue"
        found = agreement_for(dataset, self.programme.agreements.values(), self.programme.today)
        return treatment_words(column, found[1].treatments if found else {})

    def line_of_agency(self, line: str) -> str:
        """A line that begins with the agency whose it is, `sde: …`, with the agency's name."""
        agency, colon, words = line.partition(":")
        profile = self.programme.profile
        if not colon or profile.agency(agency) is None:
            return line
        return f"{profile.agency_name(agency)}:{words}"

    @property
    def cookies(self) -> Cookies:
        """Names of the cookies."""
        return Cookies(self.secure)

    def visit(self, request: Any) -> Visit:  # noqa: ANN401  starlette's request
        """A visit of the public, to begin with."""
        return Visit(request, self, self.programme.clock().astimezone(UTC))

    def person(self, person: str) -> Person | None:
        """A person's record as it is now."""
        return find_by_id(self.programme, person)

    def person_of_account(self, account: str) -> Person | None:
        """Who signs in with that account."""
        return find_by_account(self.programme, account)

    @contextmanager
    def recording_denials(self, visit: Visit, action: Action | Act) -> Iterator[None]:
        """What is denied inside is noted in the ledger.

        The public's denials are no acts of a person: who scans addresses must not fill the ledger.
        """
        if visit.actor.person is None:
            yield
            return
        with denials_recorded(self.programme, visit.actor, action, _subject(visit.target)):
            yield

    def render(
        self, visit: Visit, template: str, status: int, context: Mapping[str, Any]
    ) -> HTMLResponse:
        """A page, with what every page shows."""
        areas, current = areas_for(self.navigation, visit.actor, visit.path, visit.today)
        text = self.templates.get_template(template).render(
            visit=visit,
            portal=self,
            person=visit.actor.person,
            areas=areas,
            current=current,
            said=_said(visit, status),
            **context,
        )
        return HTMLResponse(text, status)


def _subject(target: Target) -> str:
    """What a denial was about, by its internal id."""
    if target.request is not None:
        return target.request.number
    return target.motion or target.person or target.agency or "programme"


def _said(visit: Visit, status: int) -> str:
    """What the last form led to; no longer once another was refused at the same address."""
    if visit.request.method != "GET" or status != HTTPStatus.OK:
        return ""
    return SAID.get(visit.request.query_params.get("said", ""), "")
