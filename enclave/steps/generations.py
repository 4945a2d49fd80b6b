"""How far a crosswalk is known to have come: an older one put back would give people second ids."""

from collections.abc import Iterator

from enclave.deployment import Deployment

_TELLING = ("table:committed", "submission:held", "identity:erased")
"""Entries that name the commit of the crosswalk that was made or used."""


def known_generation(deployment: Deployment, agency: str, domain: str) -> int:
    """Newest commit of the crosswalk any submission knows of; 0 for none.

    Where the database knows of none, as when it was lost and made anew, the ledger does.
    """
    known = [
        int(crosswalk["generation"])
        for submission in deployment.store.list(agency=agency)
        if (crosswalk := submission.facts.get("crosswalk", {})).get("domain") == domain
    ]
    return max(known or _told(deployment, agency, domain), default=0)


def _told(deployment: Deployment, agency: str, domain: str) -> Iterator[int]:
    for entry in deployment.ledger.entries():
        if entry.tag not in _TELLING:
            continue
        facts = deployment.ledger.facts(entry) or {}
        generation = facts.get("crosswalk_generation")
        whose = (facts.get("agency"), facts.get("crosswalk_domain"))
        if whose == (agency, domain) and isinstance(generation, int):
            yield generation
