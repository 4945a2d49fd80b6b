"""The OpenAPI document: how a caller shows who it is, and in which form a refusal comes."""

from collections.abc import Iterable
from typing import Any, Final

from governance.permissions.rights import PUBLIC_ACTIONS
from governance.portal.declared import Declared, Open, declared_of

VERSION: Final = "1"
DESCRIPTION: Final = (
    "Everything the portal's pages do. A program sends an access token of the sign-in provider "
    "(`bearer`); a page's script sends the session's cookie and, with what writes, the form token "
    "of `/api/session`. What is public needs neither. Refusals are problem details (RFC 9457); "
    "when the rules say no, `denials` has every reason with its remedy and clause."
)
_PROBLEM: Final = "application/problem+json"
_FIRST_REFUSAL: Final = 400


def complete(document: dict[str, Any], routes: Iterable[object], cookie: str) -> dict[str, Any]:
    """The document with the ways to sign in, of each operation, and the form of refusals.

    Args:
        document: As the framework makes it; changed in place.
        routes: Of the application.
        cookie: Name of the session's cookie.
    """
    found = (declared_of(route) for route in routes)
    declared = {(d.path, d.method.lower()): d for d in found if d is not None}
    document["servers"] = [{"url": "/"}]
    components = document.setdefault("components", {})
    components["securitySchemes"] = _schemes(cookie)
    shared = components.setdefault("responses", {})
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["security"] = _security(declared[path, method])
            _share_refusals(operation["responses"], shared)
    return document


def _share_refusals(answers: dict[str, Any], shared: dict[str, Any]) -> None:
    """Refusals, all of one form, stand in the document once each."""
    for status in [s for s in answers if int(s) >= _FIRST_REFUSAL]:
        answer, name = answers[status], f"Refused{status}"
        content = {_PROBLEM: answer["content"]["application/json"]}
        shared[name] = {"description": answer["description"], "content": content}
        answers[status] = {"$ref": f"#/components/responses/{name}"}


def _schemes(cookie: str) -> dict[str, Any]:
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of the sign-in provider for this interface's audience "
            "(RFC 6750, RFC 9068); whom it names is a person on record.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "The cookie of somebody who signed in to the portal.",
        },
        "formToken": {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRF-Token",
            "description": "Of `/api/session`; sent with the cookie and whatever writes.",
        },
    }


def _security(declared: Declared) -> list[dict[str, list[str]]]:
    """One of these is enough; an empty one: nobody need sign in."""
    session: dict[str, list[str]] = {"session": []}
    if declared.writes:
        session["formToken"] = []
    ways: list[dict[str, list[str]]] = [{"bearer": []}, session]
    is_open = isinstance(declared.asks, Open) or bool(PUBLIC_ACTIONS.intersection(declared.asks))
    return [*ways, {}] if is_open and not declared.writes else ways
