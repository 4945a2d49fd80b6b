"""Which life each fate is: scenes on the agenda, up to the status the story ends in."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from governance.calendar import legal_date
from governance.demo.lives import Life
from governance.demo.projects import Meeting, Project
from governance.demo.world import World
from governance.requests.events import ReviewChoice
from governance.requests.states import Act

_REVIEWED_BEFORE: Final = 14
_ENDED: Final[Mapping[str, int]] = {"closed": 190, "certified": 45, "ended": 9, "expiring": -38}


def plan_life(world: World, project: Project) -> None:
    """Put a project's whole life on the agenda."""
    life = Life(world, project)
    fate = project.fate
    if fate in _ENDED:
        shift = world.chance.below(12, "shift", project.key)
        life.ends_on = world.day(_ENDED[fate] + (shift if fate == "closed" else -shift % 5))
    if project.meeting is not None:
        _to_the_vote(life, project.meeting)
    _FATES[fate](life)


# ---- decided at a meeting ------------------------------------------------------------------------


def _to_the_vote(life: Life, meeting: Meeting) -> None:
    """From the first draft to the agenda of a meeting."""
    world, key = life.world, life.project.key
    at = world.meetings[meeting]
    longer = 0 if meeting == "first" else world.chance.below(28, "longer", key)
    begun = 50 + world.chance.below(6, "begun", key) + longer
    life.plan(world.after(at, -begun, key), life.begin)
    life.plan(world.after(at, -44 - longer, key), life.submit)
    if world.chance.share("mend", key) < 0.3:  # noqa: PLR2004  about a third is sent back once
        mend = ("Say who outside the team will see drafts.",)
        life.plan(world.after(at, -42 - longer, key), life.send_back, mend)
        life.plan(world.after(at, -39 - longer // 2, key), life.submit)
    life.plan(world.after(at, -37 - longer // 3, key), life.accept)
    if life.project.interest is not None:
        life.plan(world.after(at, -36, key), life.declare)
    _reviews(life, at, 34, _REVIEWED_BEFORE)
    world.waiting.setdefault(meeting, []).append((life.project, 1))


def _reviews(life: Life, at: datetime, first: int, last: int) -> None:
    """Each owner decides on some day between."""
    world, key = life.world, life.project.key
    agencies = {name.split("/", 1)[0] for name in life.project.datasets}
    days = {a: last + world.chance.below(first - last, "review", key, a) for a in agencies}
    for agency in sorted(agencies, key=lambda a: (-days[a], a)):
        life.plan(world.after(at, -days[agency], key, agency), life.review, agency)


def _to_the_grant(life: Life, meeting: Meeting, *, nda_missing: bool = False) -> datetime:
    """From the vote to the published bundle; when that is."""
    world, key = life.world, life.project.key
    at, again = world.meetings[meeting], f"granted/{meeting}"
    life.plan(world.after(at, 3, key, again), life.send)
    life.plan(world.after(at, 8, key, again), life.sign)
    life.plan(world.after(at, 10, key, again), life.prepare, without_last=nda_missing)
    life.plan(world.after(at, 11, key, again), life.meet_conditions)
    granted = world.on(legal_date(at + timedelta(days=13)), 17)
    life.plan(granted, life.grant)
    return granted


def _granted(life: Life) -> datetime:
    return _to_the_grant(life, life.project.meeting or "first")


def _granted_with_leaver(life: Life) -> None:
    _granted(life)
    life.plan(life.world.at(33), life.leave)


def _granted_nda_missing(life: Life) -> None:
    _to_the_grant(life, life.project.meeting or "first", nda_missing=True)


def _ended(life: Life) -> None:
    _granted(life)
    world = life.world
    early = life.ends_on - timedelta(days=50)
    life.plan(world.on(early, 6), life.clock, Act.MARK_EXPIRING, "Its last day comes near.")
    late = life.ends_on + timedelta(days=1)
    life.plan(world.on(late, 6), life.clock, Act.END, "Its last day has passed.")


def _expiring(life: Life) -> None:
    _granted(life)
    early = life.ends_on - timedelta(days=58)
    text = "Its last day comes near."
    life.plan(life.world.on(early, 6), life.clock, Act.MARK_EXPIRING, text)


def _certified(life: Life) -> None:
    _ended(life)
    life.plan(life.world.on(life.ends_on + timedelta(days=21), 14), life.certify)


def _closed(life: Life) -> None:
    _certified(life)
    life.plan(life.world.on(life.ends_on + timedelta(days=27), 10), life.close)


def _revoked(life: Life) -> None:
    _granted(life)
    reason = life.project.revoked_because or "Terms were broken."
    before = 90 if life.project.meeting == "second" else 30
    life.plan(life.world.at(before, 9), life.revoke, reason)


def _closed_after_revocation(life: Life) -> None:
    _granted(life)
    reason = life.project.revoked_because or "Terms were broken."
    life.plan(life.world.at(120, 9), life.revoke, reason)
    life.plan(life.world.at(106, 15), life.certify)
    life.plan(life.world.at(99, 10), life.close)


def _amended(life: Life) -> None:
    """The amendment is decided at a later meeting, and takes the older version's place."""
    _granted(life)
    world, key, meeting = life.world, life.project.key, life.project.amended_at or "fifth"
    at = world.meetings[meeting]
    life.plan(world.after(at, -49, key), life.amend)
    life.plan(world.after(at, -46, key), life.do, Act.SUBMIT)
    life.plan(world.after(at, -41, key), life.accept)
    for agency in sorted({name.split("/", 1)[0] for name in life.project.amendment}):
        life.plan(world.after(at, -25, key, agency), life.review, agency)
    world.waiting.setdefault(meeting, []).append((life.project, 2))
    _to_the_grant(life, meeting, nda_missing=True)  # one has yet to accept the changed terms


def _amending(life: Life) -> None:
    """The amendment is with the owners while the old grant goes on."""
    _granted(life)
    life.plan(life.world.at(30), life.amend)
    life.plan(life.world.at(27), life.do, Act.SUBMIT)
    life.plan(life.world.at(21), life.accept)


def _agreements_out(life: Life) -> None:
    world, key = life.world, life.project.key
    at = world.meetings[life.project.meeting or "sixth"]
    life.plan(world.after(at, 3, key), life.send)
    life.plan(world.after(at, 7, key), life.sign, life.project.unsigned)
    life.plan(world.after(at, 8, key), life.prepare, without_last=True)


def _decided(_: Life) -> None:
    """The story ends with the vote."""


# ---- not decided yet, or never -------------------------------------------------------------------


def _begun(life: Life, begun: int, submitted: int, accepted: int | None = None) -> None:
    world = life.world
    life.plan(world.at(begun), life.begin)
    life.plan(world.at(submitted), life.submit)
    if accepted is not None:
        life.plan(world.at(accepted), life.accept)


def _board_vote(life: Life) -> None:
    _begun(life, 47, 40, 34)
    world = life.world
    if life.project.interest is not None:
        life.plan(world.at(30), life.declare)
    _reviews(life, world.now, 16, 7)


def _owner_review(life: Life) -> None:
    _begun(life, 26, 22, 17)


def _review_begun(life: Life) -> None:
    _begun(life, 41, 35, 30)
    life.plan(life.world.at(20), life.review, "sde")


def _review_again(life: Life) -> None:
    _begun(life, 55, 48)
    life.plan(life.world.at(43), life.send_back, life.project.mend)
    life.plan(life.world.at(30), life.submit, life.project.narrowed)
    life.plan(life.world.at(26), life.accept)


def _submitted(life: Life) -> None:
    before = 2 + life.world.chance.below(6, "submitted", life.project.key)
    _begun(life, before + 9, before)


def _returned(life: Life) -> None:
    _begun(life, 21, 15)
    life.plan(life.world.at(9), life.send_back, life.project.mend)


def _returned_by_owner(life: Life) -> None:
    _begun(life, 46, 40, 36)
    agencies = sorted({name.split("/", 1)[0] for name in life.project.datasets})
    for agency in agencies:
        if agency != life.project.asked_by:
            life.plan(life.world.at(30), life.review, agency)
    ask = (life.project.asked_by, ReviewChoice.ASK_CHANGES, life.project.ask)
    life.plan(life.world.at(24), life.review, *ask)


def _rejected(life: Life) -> None:
    _begun(life, 108, 100, 95)
    for agency in sorted({name.split("/", 1)[0] for name in life.project.datasets}):
        if agency != life.project.rejected_by:
            life.plan(life.world.at(88), life.review, agency)
    no = (life.project.rejected_by, ReviewChoice.REJECT, life.project.reject)
    life.plan(life.world.at(80), life.review, *no)


def _withdrawn_early(life: Life) -> None:
    _begun(life, 204, 200)
    life.plan(life.world.at(195), life.withdraw)


def _withdrawn_late(life: Life) -> None:
    _begun(life, 146, 140, 135)
    life.plan(life.world.at(128), life.review, "ccic")
    life.plan(life.world.at(120), life.withdraw)


def _draft(life: Life) -> None:
    life.plan(life.world.at(4), life.begin)


def _draft_long(life: Life) -> None:
    life.plan(life.world.at(25), life.begin)
    life.plan(life.world.at(12), life.save)


def _plain(scene: Callable[[Life], object]) -> Callable[[Life], None]:
    def plan(life: Life) -> None:
        scene(life)

    return plan


_FATES: Final[Mapping[str, Callable[[Life], None]]] = {
    "closed": _closed,
    "closed_revoked": _closed_after_revocation,
    "certified": _certified,
    "ended": _ended,
    "expiring": _expiring,
    "granted": _plain(_granted),
    "granted_conditions": _plain(_granted),
    "granted_leaver": _granted_with_leaver,
    "granted_nda_missing": _granted_nda_missing,
    "amended": _amended,
    "amending": _amending,
    "revoked": _revoked,
    "denied": _decided,
    "approved": _decided,
    "approved_conditions": _decided,
    "agreements_out": _agreements_out,
    "board_vote": _board_vote,
    "owner_review": _owner_review,
    "review_begun": _review_begun,
    "review_again": _review_again,
    "submitted": _submitted,
    "returned": _returned,
    "returned_by_owner": _returned_by_owner,
    "rejected": _rejected,
    "withdrawn_early": _withdrawn_early,
    "withdrawn_late": _withdrawn_late,
    "draft": _draft,
    "draft_long": _draft_long,
}
