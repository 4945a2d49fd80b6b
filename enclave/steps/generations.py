"""How far a crosswalk is known to have come: an older one put back would give people second ids."""

from collections.abc import Iterator

from enclave.deployment import Deployment
from enclave.query import SeenVersions
from enclave.zones import Zone

_TELLING = ("table:committed", "submission:held", "identity:erased")
"""Entries that name the commit of the crosswalk that was made or used."""


def known_generation(deployment: Deployment, agency: str, domain: str) -> int:
    """Newest commit of the crosswalk any submission or erasure knows of; 0 for none.

    Where the database knows of none, as when it was lost and made anew, the ledger does. An
    erasure's commit is remembered apart: a submission that is reopened, or a database put back from
    its backup, forgets, and the person who was taken out would be back.
    """
    known = [
        int(crosswalk["generation"])
        for submission in deployment.store.list(agency=agency)
        if (crosswalk := submission.facts.get("crosswalk", {})).get("domain") == domain
    ]
    erased, _ = _seen(deployment).last(_name(agency, domain))
    return max(erased, max(known or _told(deployment, agency, domain), default=0))


def remember_generation(deployment: Deployment, agency: str, domain: str, generation: int) -> None:
    """From now on no older commit of the crosswalk is taken; the caller holds its lease."""
    _seen(deployment).record(_name(agency, domain), generation, "")


def _seen(deployment: Deployment) -> SeenVersions:
    return SeenVersions(deployment.zones.store(Zone.LEDGER))


def _name(agency: str, domain: str) -> str:
    return f"crosswalk/{agency}/{domain}"


def _told(deployment: Deployment, agency: str, domain: str) -> Iterator[int]:
    for entry in deployment.ledger.entries():
        if entry.tag not in _TELLING:
            continue
        facts = deployment.ledger.facts(entry) or {}
        generation = facts.get("crosswalk_generation")
        whose = (facts.get("agency"), facts.get("crosswalk_domain"))
        if whose == (agency, domain) and isinstance(generation, int):
            yield generation
