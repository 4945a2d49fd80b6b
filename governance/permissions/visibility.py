"""What of a request somebody sees: whole drafts only who works on them, submissions the others."""

from dataclasses import replace
from datetime import date

from governance.board.state import BodyState
from governance.permissions.deciding import decide_action
from governance.permissions.model import Action, Actor, Target
from governance.permissions.relations import Ground, holds
from governance.requests.state import DataRequest, Version

_DRAFT_READERS = (Ground.OWN_REQUEST, Ground.NAMED, Ground.OPERATOR, Ground.AUDITOR)


def visible_request(
    actor: Actor, request: DataRequest, *, today: date, body: BodyState | None = None
) -> DataRequest | None:
    """The request as the actor may see it; None when not at all.

    A version never submitted is left out for those who may not read drafts, and of one that is
    being mended they see what was last submitted.
    """
    seen = tuple(
        shown
        for version in request.versions
        if (shown := _visible(actor, request, version, body, today)) is not None
    )
    return replace(request, versions=seen) if seen else None


def _visible(
    actor: Actor, request: DataRequest, version: Version, body: BodyState | None, today: date
) -> Version | None:
    target = Target(request=request, version=version, body=body)
    if not decide_action(actor, Action.READ_REQUEST, target, today=today).permitted:
        return None
    drafts = bool(actor.process) or any(holds(g, actor, target) for g in _DRAFT_READERS)
    return version if drafts else replace(version, content=version.submitted or version.content)
