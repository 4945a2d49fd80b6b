"""Uniform answers to refusals and failures: a page for people, problem+json for programs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from governance.decisions import AccessDeniedError, Denial, denial_facts
from governance.errors import DocumentError
from governance.portal import gate
from governance.portal.faults import AlreadyDoneError, ForgedFormError, PortalRefusalError
from governance.portal.forms import BASED_ON_FIELD, CSRF_FIELD, ONCE_FIELD
from governance.portal.security import log_failure, problem_document
from governance.portal.sign_in.bearer import REALM, has_bearer
from governance.portal.sign_in.ways import safe_path
from governance.portal.tones import words
from governance.portal.visits import Visit
from governance.store.errors import NotFoundError, StaleError, StoreBusyError

_FAILED = 500
_CARRIED = frozenset({CSRF_FIELD, ONCE_FIELD, BASED_ON_FIELD, "do", "position", "digest"})
_CARRIED_ROW = re.compile(r"datasets\.[0-9]+\.dataset|people\.[0-9]+\.id")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said about a refusal.

    Attributes:
        problems: Mistakes of a document, each with its path.
        typed: What the person had typed, by field: kept when it could not be taken.
    """

    status: int
    title: str
    text: str
    remedy: str = ""
    denials: tuple[Denial, ...] = ()
    problems: tuple[str, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    error_id: str = ""
    retry_after: int | None = None
    challenge: str = ""


def answer_to(error: Exception, error_id: str = "") -> Answer:  # noqa: PLR0911  a table of cases
    """What is said about an error."""
    match error:
        case AccessDeniedError():
            text = "The programme's rules do not allow this."
            return Answer(403, "You may not do this", text, denials=error.decision.denials)
        case StaleError():
            remedy = "Open it again, look at what changed, and repeat what you still want."
            return Answer(409, "Somebody was faster", error.message, remedy)
        case DocumentError():
            text = "What was sent has mistakes. Nothing was changed."
            return Answer(422, "Please mend the following", text, problems=error.problems)
        case NotFoundError():
            return _not_found(error.message)
        case StoreBusyError():
            return Answer(503, "Please try again", error.message, retry_after=2)
        case PortalRefusalError():
            return Answer(
                error.status, error.title, error.message, error.remedy,
                retry_after=error.retry_after, challenge=error.challenge,
            )  # fmt: skip
        case RequestValidationError():
            problems = tuple(
                f"{'.'.join(str(p) for p in e['loc'][1:])}: {e['msg']}" for e in error.errors()
            )
            text = "What was sent is not what this address takes. Nothing was changed."
            return Answer(422, "Please mend the following", text, problems=problems)
        case HTTPException(status_code=404):
            return _not_found("There is nothing at this address.")
        case HTTPException():
            title = "This cannot be done"
            return Answer(error.status_code, title, "This address does not take that.")
        case _:
            text = "Something failed on our side. Nothing was changed by halves."
            remedy = "Try again. If it fails again, tell the office the number below."
            return Answer(500, "Something went wrong", text, remedy, error_id=error_id)


def _not_found(text: str) -> Answer:
    remedy = "Check the address, or begin from the home page."
    return Answer(404, "Page not found", text, remedy)


async def answer(request: Request, error: Exception, error_id: str = "") -> Response:
    """The answer to an error, as a page or as a problem document."""
    if isinstance(error, AlreadyDoneError):
        return RedirectResponse(error.to, 303)
    said = answer_to(error, error_id)
    if said.status == _FAILED and not error_id:
        said = replace(said, error_id=log_failure(error))
    if request.url.path.startswith(gate.API) or has_bearer(request):
        return _with_retry(_problem(said, error, request), said)
    visit = await _visit(request, said)
    public = visit.actor.person is None
    to_sign_in = public and isinstance(error, AccessDeniedError | ForgedFormError)
    if to_sign_in and isinstance(error, AccessDeniedError) and request.method == "GET":
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?{urlencode({'next': asked})}", 303)
    typed = {} if said.status not in {403, 409, 429, 503} else _typed(visit)
    page = visit.page(
        "errors/error.html", status=said.status, answer=said, typed=typed, to_sign_in=to_sign_in,
        back=_page_before(visit) if request.method != "GET" else "",
    )  # fmt: skip
    return _with_retry(page, said)


async def _visit(request: Request, said: Answer) -> Visit:
    """The visit that the gate opened; where none did, one that knows who is asking if it can."""
    visit = getattr(request.state, "visit", None)
    if isinstance(visit, Visit):
        return visit
    if said.status == 404:  # noqa: PLR2004  the status
        return await run_in_threadpool(gate.enter, request)
    return gate.portal_of(request).visit(request)


def _page_before(visit: Visit) -> str:
    """Path of the page the form stood on, as the browser says; empty when it was none of ours."""
    parts = urlsplit(visit.request.headers.get("referer", ""))
    return safe_path(parts.path) if parts.netloc == visit.request.headers.get("host") else ""


def _typed(visit: Visit) -> dict[str, str]:
    """What the person had typed, to copy from, by the field's name in words."""
    kept: dict[str, list[str]] = {}
    for name, value in visit.form.multi_items():
        if _is_typed(name) and isinstance(value, str) and value.strip():
            kept.setdefault(_field_words(name), []).append(value)
    return {name: "\n".join(values) for name, values in kept.items()}


def _is_typed(name: str) -> bool:
    """Whether a person fills the field: not what the form carries along by itself."""
    return name not in _CARRIED and not _CARRIED_ROW.fullmatch(name)


def _field_words(name: str) -> str:
    """`datasets.0.variables` is `Datasets 1: variables`."""
    parts = [str(int(p) + 1) if p.isdecimal() else p for p in name.split(".")]
    return words(f"{' '.join(parts[:-1])}: {parts[-1]}" if parts[1:] else name)


def _problem(said: Answer, error: Exception, request: Request) -> Response:
    facts: dict[str, Any] = {"detail": said.text}
    status, challenge = said.status, said.challenge
    if isinstance(error, AccessDeniedError):
        facts["denials"] = [denial_facts(d) for d in said.denials]
        visit = getattr(request.state, "visit", None)
        if visit is not None and visit.actor.person is None:
            status, challenge = 401, _challenge(visit)
    if said.problems:
        facts["problems"] = list(said.problems)
    if said.remedy:
        facts["remedy"] = said.remedy
    if said.error_id:
        facts["error_id"] = said.error_id
    problem = problem_document(status, said.title, **facts)
    if challenge:
        problem.headers["www-authenticate"] = challenge
    return problem


def _challenge(visit: Visit) -> str:
    """How a program shows who it is (RFC 6750, section 3), where it can."""
    way = visit.portal.sign_in
    return REALM if way is not None and way.takes_tokens else ""


def _with_retry(response: Response, said: Answer) -> Response:
    if said.retry_after is not None:
        response.headers["retry-after"] = str(said.retry_after)
    return response
