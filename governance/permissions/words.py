"""The grounds in words, for denials and for the generated page."""

from collections.abc import Iterable, Mapping
from typing import Final

from governance.permissions.relations import Ground

GROUND_WORDS: Final[Mapping[Ground, str]] = {
    Ground.EVERYBODY: "everybody",
    Ground.PERSON: "everybody employed today who has a record",
    Ground.ASKS: "a requestor",
    Ground.OWN_REQUEST: "who began the request, its requestor or its authorized representative",
    Ground.NAMED: "a person it names",
    Ground.SELF: "the person it is about",
    Ground.OPERATOR: "the operating office",
    Ground.AUDITOR: "the auditor",
    Ground.OWNS_PART: "the data owner of the agency whose part it is",
    Ground.OWNS_SOME_PART: "a data owner of an agency whose data is asked for",
    Ground.OWNER_SUBMITTED: "any data owner, once it is submitted",
    Ground.DELIVERS_PART: "a data steward of an agency whose data is asked for",
    Ground.OWN_AGENCY: "a data owner or data steward of the agency",
    Ground.BOARD: "who sits on the board",
    Ground.BOARD_SUBMITTED: "who sits on the board, once it is submitted",
    Ground.SEAT_MEMBER: "the member in the agency's seat",
    Ground.MAY_SIT: "who may sit in a seat of the body",
    Ground.SITS_FOR: "who may sit in the agency's seat",
    Ground.SIGNS_FOR: "a signatory of the party",
    Ground.SIGNS_THIS: "a signatory of a party to its sharing agreement",
    Ground.CLOCK: "the daily clock",
    Ground.SIGNER: "the signer",
}


def who_words(grounds: Iterable[Ground]) -> str:
    """The grounds as a list; `nobody` when there are none."""
    return "; ".join(GROUND_WORDS[g] for g in grounds) or "nobody"
