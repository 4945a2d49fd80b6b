"""Why facts of a ledger may be erased: a closed list, because the entry that says so is public."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class ErasureReason(StrEnum):
    """A reason, as the public entry has it; words about it are confidential and lie apart."""

    ASKED_BY_PERSON = "asked_by_person"
    """The person they are about asked for it."""
    ASKED_BY_AGENCY = "asked_by_agency"
    """The agency they come from, or are about, asked for it."""
    ORDERED = "ordered"
    """A court or another authority ordered it."""
    TERM_ENDED = "term_ended"
    """The term for which they were to be kept is over."""
    MISTAKE = "mistake"
    """They were put on record by mistake."""


REASON_WORDS: Final[Mapping[ErasureReason, str]] = {
    ErasureReason.ASKED_BY_PERSON: "The person asked for it",
    ErasureReason.ASKED_BY_AGENCY: "The agency asked for it",
    ErasureReason.ORDERED: "A court or another authority ordered it",
    ErasureReason.TERM_ENDED: "The term for keeping them is over",
    ErasureReason.MISTAKE: "They were put on record by mistake",
}
"""For people."""
