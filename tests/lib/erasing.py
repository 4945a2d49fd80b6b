"""Erasing as the office does it: one asks, another one carries it out."""

from governance.audit.erasures import ErasureReason
from governance.services.erasing import Erasable, ask_to_erase, confirm_erasure
from tests.lib.programme import Office


def ask(office: Office, kind: Erasable, what: object, who: str = "p-office") -> int:
    """The entry that asks."""
    reason = ErasureReason.ASKED_BY_PERSON.value
    wanted = {"kind": kind.value, "what": str(what), "reason": reason, "words": "A letter."}
    return ask_to_erase(office.programme, office.actor(who), wanted).seq


def confirm(office: Office, asked: int, who: str = "p-office2") -> int:
    """How many entries' facts were erased."""
    return confirm_erasure(office.programme, office.actor(who), asked)


def erased(office: Office, kind: Erasable, what: object) -> int:
    """Asked by one of the office, carried out by the other."""
    return confirm(office, ask(office, kind, what))
