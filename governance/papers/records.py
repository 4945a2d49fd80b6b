"""Public-records requests: which agency answers, and the letter that tells the requester so.

A request for shared data goes to the agency the data originated from (C.G.S. § 4-67dd), since that
agency's law says what of it is open. The office keeps only what is its own: the register, minutes,
agreements, requests.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from governance.calendar import add_business_days
from governance.contracts.model import DatasetContract
from governance.papers.model import Block, Items, Paper, Prose, Section, key_of
from governance.papers.words import day_words, list_words
from governance.profile import Agency, Profile

_SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class RecordsRequest:
    """A public-records request as it came in.

    Attributes:
        reference: The office's own number for it.
        asks_for: In the requester's words.
        dataset, agency: Where the office or the requester already knows them.
        requester, address: For the letter; neither is needed to route.
        received_on: Legal date.
    """

    reference: str
    asks_for: str
    received_on: date
    dataset: str = ""
    agency: str = ""
    requester: str = ""
    address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutedRequest:
    """Where it goes.

    Attributes:
        agencies: In the profile's order; none when it cannot be told, and the letter asks.
        because: Why each, in the same order.
        answer_by: Last day to answer the requester in writing.
    """

    agencies: tuple[Agency, ...]
    because: tuple[str, ...]
    answer_by: date
    letter: Paper

    @property
    def written_to(self) -> tuple[Agency, ...]:
        """Agencies whose records office has an address: the request is mailed to it."""
        return tuple(a for a in self.agencies if a.records.email)

    @property
    def by_hand(self) -> tuple[Agency, ...]:
        """Agencies without one: the office forwards the request."""
        return tuple(a for a in self.agencies if not a.records.email)


def route_records_request(
    profile: Profile,
    asked: RecordsRequest,
    contracts: Mapping[str, DatasetContract] | None = None,
) -> RoutedRequest:
    """Find the originating agencies and write the letter.

    Args:
        profile: The programme's.
        asked: What came in.
        contracts: The catalog, whose titles are recognized in the requester's words.
    """
    reasons = _find(profile, asked, contracts or {})
    agencies = tuple(a for a in profile.agencies if a.id in reasons)
    because = tuple(reasons[a.id] for a in agencies)
    answer_by = add_business_days(asked.received_on, profile.records_reply_days)
    letter = _letter(profile, asked, agencies, because)
    return RoutedRequest(agencies, because, answer_by, letter)


def forwarded_words(profile: Profile, asked: RecordsRequest, agency: Agency) -> tuple[str, ...]:
    """What is written with a forwarded request, a paragraph each; the request whole."""
    who = ", ".join(x for x in (asked.requester, *asked.address) if x)
    reply_by = add_business_days(asked.received_on, profile.records_reply_days)
    return (
        f"To the {agency.records.title} of {agency.name} ({agency.code}).",
        (
            f"{profile.office.name} received the public-records request {asked.reference} on "
            f"{day_words(asked.received_on)}. It is for data that {profile.name} holds and that "
            f"originated from {agency.name}, which answers it. [{profile.records_clause}]"
        ),
        f"The requester: {who or 'not named'}.",
        "The request, in the requester's words:",
        asked.asks_for,
        (
            f"A first answer in writing is due by {day_words(reply_by)}. "
            f"[{profile.records_reply_clause}]"
        ),
        f"Questions: {profile.contact_name}, {profile.office.name}, {profile.office.email}",
    )


def _find(
    profile: Profile, asked: RecordsRequest, contracts: Mapping[str, DatasetContract]
) -> dict[str, str]:
    if asked.dataset:
        agency = asked.dataset.split("/", 1)[0]
        if profile.agency(agency):
            return {agency: f"the dataset {asked.dataset} originates from it"}
    if asked.agency and profile.agency(asked.agency):
        return {asked.agency: "it was named"}
    text = _folded(asked.asks_for)
    found: dict[str, str] = {}
    for contract in contracts.values():
        if _says(text, contract.title) and profile.agency(contract.agency):
            found.setdefault(contract.agency, f"“{contract.title}” originates from it")
    for agency_ in profile.agencies:
        named = next(
            (n for n in (agency_.name, agency_.code, *agency_.also_called) if _says(text, n)), None
        )
        if named:
            found.setdefault(agency_.id, f"the request names “{named}”")
    # The programme's operator is named in most letters; it originates only data of its own.
    others = {a for a in found if a != profile.office.code.casefold()}
    return {a: found[a] for a in others} if others else found


def _folded(text: str) -> str:
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.casefold()))} "


def _says(text: str, name: str) -> bool:
    folded = _folded(name)
    if folded.strip() == "doc":
        return False  # also the short word for a document
    return len(folded.strip()) >= _SHORTEST_WORD and folded in text


def _letter(
    profile: Profile, asked: RecordsRequest, agencies: tuple[Agency, ...], because: tuple[str, ...]
) -> Paper:
    return Paper(
        id=key_of("RECORDS", asked.reference),
        kind="Letter",
        title="Your request for public records",
        subtitle=f"Reference {asked.reference}",
        programme=profile.name,
        issued_by=profile.office.name,
        issued_on=asked.received_on,
        marking="The requester",
        note=profile.placeholder or "",
        sections=(
            Section(
                key="letter",
                title="Where your request goes" if agencies else "What we need to know",
                blocks=tuple(_words(profile, asked, agencies, because)),
            ),
        ),
    )


def _words(
    profile: Profile, asked: RecordsRequest, agencies: tuple[Agency, ...], because: tuple[str, ...]
) -> Iterator[Block]:
    address = "\n".join(x for x in (asked.requester, *asked.address) if x)
    if address:
        yield Prose(text=address)
    yield Prose(text=f"Dear {asked.requester or 'requester'},")
    yield Prose(text=f"we received your request on {day_words(asked.received_on)}. You ask for:")
    yield Prose(text=asked.asks_for, tone="clause")
    if agencies:
        yield from _forwarded(profile, agencies, because)
    else:
        yield Prose(
            text=f"{profile.name} holds data that participating agencies shared. A request for "
            "such data is answered by the agency it originated from, and we cannot tell from your "
            "words which one that is. Please name the agency, or the dataset in our public "
            f"catalog. [{profile.records_clause}]"
        )
    yield Prose(
        text="What is the programme's own is public without a request: the register of data "
        "requests and their votes, meeting notices, agendas and minutes, the annual report and "
        "the logs."
    )
    office = (profile.office.name, *profile.office.lines, profile.office.email)
    yield Prose(text="\n".join((profile.contact_name, *office)))


def _forwarded(
    profile: Profile, agencies: tuple[Agency, ...], because: tuple[str, ...]
) -> Iterator[Block]:
    names = list_words(f"{a.name} ({a.code})" for a in agencies)
    those = "the agency" if len(agencies) == 1 else "the agencies"
    yield Prose(
        text=f"Data that agencies share through {profile.name} stays the originating agency's "
        f"record. Your request goes to {those} it originated from: {names}. "
        f"[{profile.records_clause}] You need not write again; {those} will answer you, within "
        f"the time the law sets. [{profile.records_reply_clause}]"
    )
    written = [a.name for a in agencies if a.records.email]
    by_hand = [a.name for a in agencies if not a.records.email]
    if written:
        yield Prose(text=f"We have written to {list_words(written)}.")
    if by_hand:
        yield Prose(
            text=f"We have no address of the public-records office of {list_words(by_hand)}; the "
            f"{profile.office.name} forwards your request."
        )
    yield Items(
        items=tuple(
            f"{a.name}: {why}. {_address(a)}" for a, why in zip(agencies, because, strict=True)
        )
    )
    outside = [a.name for a in agencies if not a.state_body]
    if outside:
        yield Prose(
            text=f"{list_words(outside)} is no body of the state; it will tell you how far the "
            "public-records law applies to it.",
            tone="note",
        )


def _address(agency: Agency) -> str:
    office = agency.records
    lines = [office.title, *office.lines, *([office.email] if office.email else [])]
    return ", ".join(lines) + "."
