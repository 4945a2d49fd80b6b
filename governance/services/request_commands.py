"""Which command an act is, and the board's facts of a vote."""

from collections.abc import Mapping
from typing import Any, Final

from governance.board.state import BodyState
from governance.decisions import Denial, refusal_of
from governance.errors import DocumentError
from governance.requests import commands as c
from governance.requests.leaving import decide_left_on
from governance.requests.states import Act
from governance.requests.training import FIELDS, decide_training
from governance.services.programme import Programme

COMMANDS: Final[Mapping[Act, type[c.RequestCommand]]] = {
    kind.act: kind
    for kind in (
        c.SaveDraft,
        c.Amend,
        c.Submit,
        c.Return,
        c.AcceptComplete,
        c.DeclareInterest,
        c.ReviewPart,
        c.RecordVote,
        c.SendAgreement,
        c.SignAgreement,
        c.SignNda,
        c.RecordTraining,
        c.MeetCondition,
        c.RecordLeaver,
        c.Grant,
        c.MarkExpiring,
        c.End,
        c.Revoke,
        c.Supersede,
        c.Close,
        c.Withdraw,
        c.CertifyDestruction,
    )
}


def check_fields(p: Programme, command: c.RequestCommand) -> None:
    """Raise where a form mends what the rules would refuse, so that it is said beside the field.

    Raises:
        DocumentError: A training is recorded for longer than it counts, or no longer counts;
            somebody left on a day that is still to come.
    """
    if isinstance(command, c.RecordLeaver):
        said = decide_left_on(command.left_on, p.today, p.rules).denials
        if said:
            problems = (f"left_on: {d.reason} {d.remedy} [{d.clause}]" for d in said)
            raise DocumentError.counted("The form has", *problems)
    if isinstance(command, c.RecordTraining):
        days = (command.valid_until, command.completed_on, p.today)
        denials = decide_training(*days, p.rules).denials
        if denials:
            raise DocumentError.counted(
                "The form has",
                *(f"{FIELDS[d.rule]}: {d.reason} {d.remedy} [{d.clause}]" for d in denials),
            )


def recorded_motion(p: Programme, body: BodyState | None, motion: object) -> dict[str, Any]:
    """The facts of a motion from the board's own events; the caller only names it.

    Raises:
        AccessDeniedError: Its vote was not closed yet.
        DocumentError: No motion is named.
    """
    if not isinstance(motion, str) or body is None:
        raise DocumentError.counted("The form has", "motion: name the motion")
    found = body.motions.get(motion)
    if found is None or found.passed is None:
        reason = "There is no motion of that id whose vote was closed."
        remedy = "Close the vote in the meeting, then record it."
        clause = p.board.clause("votes")
        raise refusal_of(Denial("vote.closed", reason, remedy, clause))
    return body.facts(motion).model_dump(mode="json")
