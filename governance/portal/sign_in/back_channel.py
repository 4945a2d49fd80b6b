"""The sign-in provider tells that somebody signed out elsewhere: their sessions here end too.

OpenID Connect Back-Channel Logout 1.0: the provider itself sends it, no browser, so there is no
form token; what it sends is believed by its signature alone.
"""

import logging
from typing import Final

from starlette.responses import JSONResponse, Response

from governance.portal.faults import NoSuchPageError
from governance.portal.routes import Open, PortalRouter
from governance.portal.sign_in.logout_tokens import ExpectedLogout, verify_logout_token
from governance.portal.sign_in.oidc import OpenIdConnect
from governance.portal.sign_in.provider import ProviderError
from governance.portal.sign_in.tokens import TokenError
from governance.portal.visits import VisitDep

LOG = logging.getLogger("governance.portal.sign_in")
BACK_CHANNEL: Final = "/back-channel-logout"
router = PortalRouter()


@router.page(
    "POST",
    BACK_CHANNEL,
    asks=Open("The sign-in provider sends it, and signs what it says."),
    from_elsewhere=True,
)
def signed_out_elsewhere(visit: VisitDep) -> Response:
    """End the sessions of whom the provider signed out.

    Raises:
        NoSuchPageError: Nobody signs in with a provider here.
    """
    way = visit.portal.sign_in
    if not isinstance(way, OpenIdConnect):
        raise NoSuchPageError("There is nothing at this address.")
    issuer, token = way.provider.issuer, visit.form.get("logout_token")
    expected = ExpectedLogout(issuer, way.provider.client.client_id, visit.now)
    try:
        said = verify_logout_token(
            token if isinstance(token, str) else "", way.provider.keys, expected
        )
    except (TokenError, ProviderError) as error:
        LOG.warning("sign-out by the provider refused: %s", error.check)
        return JSONResponse({"error": "invalid_request"}, 400)
    account = f"{issuer}|{said.subject}" if said.subject else None
    visit.portal.sessions.end_elsewhere(issuer, account, said.session)
    return Response(status_code=200)
