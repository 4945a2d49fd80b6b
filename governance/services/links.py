"""Agencies' confirmations that their link from source id to synthetic id is destroyed."""

from typing import Final

from governance.audit.chain import Entry
from governance.audit.tags import Tag
from governance.decisions import Denial, check_permitted, refusal_of
from governance.permissions import Action, Actor, Target, decide_action
from governance.requests.links import agencies_with_link
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, note

_RULE: Final = "match.link_known"


def confirm_link_destroyed(p: Programme, actor: Actor, number: str, agency: str) -> Entry | None:
    """Record that an agency destroyed its link; None when it had confirmed it before.

    Args:
        p: The programme.
        actor: Its data owner or data steward.
        number: The request.
        agency: Whose link.

    Raises:
        AccessDeniedError: The actor may not, or the agency has no such link; recorded.
        NotFoundError: There is no such request.
    """
    action = Action.CONFIRM_LINK_DESTRUCTION
    with denials_recorded(p, actor, action.value, number), p.store.begin() as unit:
        request = unit.known_request(number)
        target = Target(request=request, version=request.latest, agency=agency)
        check_permitted(decide_action(actor, action, target, today=p.today))
        asked = [v.submitted for v in request.versions if v.submitted is not None]
        if not any(agency in agencies_with_link(content) for content in asked):
            reason = "The agency does not analyze its own data in this request."
            remedy = "Nothing is left to do."
            clause = p.profile.matching_clock.clause
            raise refusal_of(Denial(_RULE, reason, remedy, clause))
        once = f"link:{number}:{agency}"
        tag, facts = Tag.LINK_DESTRUCTION_CONFIRMED, {"agency": agency}
        return note(p, unit, actor, tag, subject=number, facts=facts, once=once)
