"""Who represents each seat at the instant of the vote.

In this order: the member, present and not recused; else the holder of the member's proxy letter
(the member being absent, not recused); else the agency's alternate. Whoever sits must be present,
not recused, and sit in no more seats than the bylaws allow. A recusal therefore has exactly the
effect of the person's absence without a proxy letter, and can never add to a quorum.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.board.model import MotionFacts, Proxy, Seat
from governance.board.recusal import Recusal
from governance.calendar import legal_date


class Capacity(StrEnum):
    """In which capacity somebody sits."""

    MEMBER = "member"
    PROXY = "proxy"
    ALTERNATE = "alternate"
    EMPTY = "empty"
    """The seat is filled, and nobody who may sit in it is present."""
    VACANT = "vacant"
    """The seat has no member: no part of the quorum's denominator."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that has no effect on this motion, and why."""

    what: str
    reason: str
    clause: str


@dataclass(slots=True)
class Place:
    """One seat's standing at the vote.

    Attributes:
        person: Who sits; None for an empty or vacant seat.
        recused: The member's recusal, when there is one.
    """

    seat: Seat
    capacity: Capacity
    person: str | None = None
    recused: Recusal | None = None


@dataclass(slots=True)
class Seating:
    """Every seat's standing, in agency order, and what had no effect."""

    places: list[Place]
    ignored: list[Ignored] = field(default_factory=list)


def seat_everyone(facts: MotionFacts, recusals: Mapping[str, Recusal]) -> Seating:
    """Find who represents each seat at `facts.motion.put_at`."""
    present = present_at(facts, facts.motion.put_at)
    able = present - recusals.keys()
    taken: Counter[str] = Counter()
    seating = Seating([])
    for seat in sorted(facts.seats, key=lambda s: s.agency):
        if seat.member is None:
            seating.places.append(Place(seat, Capacity.VACANT))
            continue
        place = Place(seat, Capacity.EMPTY, recused=recusals.get(seat.member))
        if seat.member in able:
            place.capacity, place.person = Capacity.MEMBER, seat.member
            taken[seat.member] += 1
        seating.places.append(place)
    _seat_proxies(facts, seating, able, present, taken)
    _seat_alternates(facts, seating, able, taken)
    return seating


def present_at(facts: MotionFacts, at: datetime) -> frozenset[str]:
    """Persons in the room at that instant."""
    return frozenset(
        a.person
        for a in facts.attendance
        if a.arrived_at <= at and (a.left_at is None or at < a.left_at)
    )


def filing_deadline(facts: MotionFacts) -> datetime:
    """Before this instant a proxy or an alternate must be on file."""
    meeting = facts.meeting
    return min(meeting.starts_at, meeting.opened_at or meeting.starts_at)


def _seat_proxies(
    facts: MotionFacts,
    seating: Seating,
    able: frozenset[str],
    present: frozenset[str],
    taken: Counter[str],
) -> None:
    by_agency: dict[str, list[Proxy]] = {}
    for proxy in facts.proxies:
        by_agency.setdefault(proxy.agency, []).append(proxy)
    clause = facts.rules.clause("proxy")
    for place in seating.places:
        # The newest letter speaks; a holder's name settles a tie, so that order never matters.
        letters = sorted(
            by_agency.pop(place.seat.agency, ()),
            key=lambda p: (p.filed_at, p.holder),
            reverse=True,
        )
        for proxy in letters:
            reason = (
                _proxy_problem(facts, place, proxy)
                or _holder_problem(facts, proxy.holder, able, present, taken)
                or _holder_conflict(facts, proxy)
            )
            if reason:
                giver, holder = facts.name(proxy.given_by), facts.name(proxy.holder)
                what = f"Proxy of {giver} ({proxy.agency}) to {holder}"
                seating.ignored.append(Ignored(what, reason, clause))
            else:
                place.capacity, place.person = Capacity.PROXY, proxy.holder
                taken[proxy.holder] += 1
    for agency in sorted(by_agency):
        seating.ignored.append(Ignored(f"Proxy for {agency}", "The body has no such seat.", clause))


def _proxy_problem(facts: MotionFacts, place: Place, proxy: Proxy) -> str:
    """Why the letter has no effect; empty when it has."""
    on = legal_date(facts.motion.put_at)
    withdrawn = proxy.withdrawn_at is not None and proxy.withdrawn_at <= facts.motion.put_at
    recused = "" if place.recused is None else place.recused.words
    reasons = (
        (not facts.rules.proxies, "The bylaws allow no proxies."),
        (proxy.given_by != place.seat.member, "It was not given by the seat's member."),
        (
            proxy.filed_at >= filing_deadline(facts),
            "It was filed after the meeting began, or was due to begin.",
        ),
        (withdrawn, "It was withdrawn."),
        (
            not proxy.valid_from <= on <= proxy.valid_until,
            f"It is valid from {proxy.valid_from} to {proxy.valid_until}, not on {on}.",
        ),
        (place.recused is not None, f"The member is recused: {recused}."),
        (place.capacity is Capacity.MEMBER, "The member is present."),
        (place.capacity is Capacity.PROXY, "A newer letter is in effect."),
    )
    return next((reason for applies, reason in reasons if applies), "")


def _holder_problem(
    facts: MotionFacts,
    holder: str,
    able: frozenset[str],
    present: frozenset[str],
    taken: Counter[str],
) -> str:
    if holder not in present:
        return "The holder is not present."
    if holder not in able:
        return "The holder is recused."
    if taken[holder] >= facts.rules.seats_per_person:
        return f"The holder already represents {taken[holder]} seat(s)."
    return ""


def _holder_conflict(facts: MotionFacts, proxy: Proxy) -> str:
    """The alternate of an agency that is the requestor may sit for that agency alone."""
    requestors = set(facts.motion.requestor_employers) - {proxy.agency}
    named = {a.person for s in facts.seats if s.agency in requestors for a in s.alternates}
    return "The holder's employer is the requestor." if proxy.holder in named else ""


def _seat_alternates(
    facts: MotionFacts, seating: Seating, able: frozenset[str], taken: Counter[str]
) -> None:
    if not facts.rules.alternates:
        return
    for place in seating.places:
        if place.capacity is not Capacity.EMPTY:
            continue
        for person in _alternates_on_file(facts, place.seat):
            if person in able and taken[person] < facts.rules.seats_per_person:
                place.capacity, place.person = Capacity.ALTERNATE, person
                taken[person] += 1
                break


def _alternates_on_file(facts: MotionFacts, seat: Seat) -> Iterator[str]:
    """The agency's alternates in the order it named them."""
    on = legal_date(facts.motion.put_at)
    for alternate in seat.alternates:
        in_date = alternate.until is None or on <= alternate.until
        if alternate.named_at < filing_deadline(facts) and in_date:
            yield alternate.person
