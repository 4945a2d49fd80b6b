"""Take one person out of a crosswalk, at the agency's request.

What this does: the link from the person's identifier to the random id is destroyed. What it does
not: rows that landed keep their id, which from then on leads to nobody, and count as one person
still; a raw file or quarantined rows that name the person go on their own clocks; a later delivery
that names the person gives them a new id, unrelated to the old one. Copies of the identity zone the
storage service keeps hold the link, encrypted, until their own expiry.

Order, safe to repeat: the crosswalk is committed without the person; that generation is the least
from then on; the ledger says so, row-free.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from enclave.deidentify import Crosswalk, DeidentificationPlan, build_plan
from enclave.deidentify.normalize import normalize
from enclave.deidentify.plan import PersonPlan
from enclave.deployment import Deployment
from enclave.errors import DatasetNotFoundError, UnusableIdentityError
from enclave.steps.generations import known_generation, remember_generation
from enclave.steps.signed_in import signed_in
from enclave.zones import Zone
from governance.contracts import DatasetContract, LogicalType
from governance.decisions import Decision, Denial, check_permitted
from governance.grants import Account

_MAX_BYTES = 1 << 16
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of it; publishable.

    Attributes:
        agency, domain: Which crosswalk.
        known: Whether the person was in it.
        generation: Of the crosswalk now.
        tables: Curated tables whose rows keep an id that leads to nobody now, if they hold any.
    """

    agency: str
    domain: str
    known: bool
    generation: int
    tables: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "agency": self.agency,
            "domain": self.domain,
            "known": self.known,
            "generation": self.generation,
            "tables": list(self.tables),
        }


def read_identity(path: Path) -> dict[str, str]:
    """The identity from a JSON file of `{"column": "value"}`: never from what is typed.

    Raises:
        UnusableIdentityError: It is no such file.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UnusableIdentityError("The file is too large for one person.")
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise UnusableIdentityError('The file is no JSON of {"column": "value"}.') from None
    if not isinstance(document, dict) or not all(isinstance(v, str) for v in document.values()):
        raise UnusableIdentityError('The file is no JSON of {"column": "value"}, all of it text.')
    return document


def erase_person(
    deployment: Deployment,
    *,
    agency: str,
    dataset: str,
    identity: Mapping[str, str],
    request: str,
) -> Erasure:
    """Destroy the link from a person's identifier to the person's random id.

    Args:
        deployment: Where.
        agency: Whose crosswalk.
        dataset: One whose contract says how the person is identified; every dataset of the agency
            and identity domain is affected.
        identity: Contract column, or its name in the file, to its value.
        request: The agency's reference for its request: letters, digits, `.`, `_`, `-`.

    Raises:
        AccessDeniedError: Whoever runs this is no data steward of the agency.
        DatasetNotFoundError: No such dataset, or it is about no person.
        UnusableIdentityError: Columns are missing, unknown, or identify nobody; or the reference
            is none, or spells out a value of the identity.
        LeaseHeldError: A load of the agency is at work; try again.
    """
    who = signed_in(deployment)
    decision = _decide_own_people(agency, who)
    if not decision.permitted:
        denied = ",".join(sorted({denial.rule for denial in decision.denials}))
        deployment.ledger.append(
            "action:denied",
            f"crosswalk/{agency}",
            {
                "person": None if who is None else who.person,
                "action": "crosswalk:erase",
                "rules": denied,
            },
        )
    check_permitted(decision)
    contract, plan, person = _planned(deployment, agency, dataset)
    identifiers = _identifiers(contract, person, identity)
    _check_reference(request, identity)
    with Crosswalk(
        deployment.zones.store(Zone.IDENTITY),
        deployment.ring,
        agency,
        person.domain,
        at_least_generation=known_generation(deployment, agency, person.domain),
    ) as crosswalk:
        state = crosswalk.erase(identifiers)
        remember_generation(deployment, agency, person.domain, state.generation)
    tables = tuple(
        sorted(
            c.table
            for c in deployment.contracts.values()
            if c.agency == plan.agency and c.person is not None and c.person.domain == person.domain
            if deployment.lake.state(c.table) is not None
        )
    )
    known = state.new_people < 0
    deployment.ledger.append(
        "identity:erased",
        f"crosswalk/{agency}/{person.domain}",
        {
            "agency": agency,
            "crosswalk_domain": person.domain,
            "crosswalk_generation": state.generation,
            "known": known,
            "request": request,
            "person": None if who is None else who.person,
        },
    )
    return Erasure(agency, person.domain, known, state.generation, tables)


def _decide_own_people(agency: str, who: Account | None) -> Decision:
    rule = "crosswalk.own_agency"
    if who is not None and who.agency == agency:
        return Decision((rule,))
    denial = Denial(
        rule=rule,
        reason="An agency's people are taken out of its crosswalk at its own request only.",
        remedy=f"A data steward of {agency} does it, signed in as themselves.",
        clause="Enterprise MOU, custody of identities",
    )
    return Decision((rule,), (denial,))


def _planned(
    deployment: Deployment, agency: str, dataset: str
) -> tuple[DatasetContract, DeidentificationPlan, PersonPlan]:
    contract = deployment.contracts.get(f"{agency}/{dataset}")
    found = deployment.terms_of(agency, dataset)
    if contract is None or found is None:
        message = f"No contract and agreement of {agency} name that dataset."
        raise DatasetNotFoundError(message)
    plan = build_plan(contract, found[1], found[0])
    if plan.person is None:
        raise DatasetNotFoundError(f"{contract.id} is about no person.")
    return contract, plan, plan.person


def _identifiers(
    contract: DatasetContract, person: PersonPlan, identity: Mapping[str, str]
) -> pa.RecordBatch:
    """The normalized identity, one row; no value in any error."""
    known: dict[str, str] = {}
    for column in contract.columns:
        known |= {column.name: column.name, column.source_name: column.name}
    given = {known[name]: value for name, value in identity.items() if name in known}
    wanted = [part.column for part in person.parts]
    if set(given) != set(wanted) or len(given) != len(identity):
        message = f"The file must name exactly these columns: {', '.join(wanted)}."
        raise UnusableIdentityError(message)
    arrays = [
        normalize(_typed(contract, part.column, given[part.column]), part.normalizer)
        for part in person.parts
    ]
    if any(array.null_count for array in arrays):
        message = "A value is no identity: empty, a placeholder, or of a shape never issued."
        raise UnusableIdentityError(message)
    return pa.RecordBatch.from_arrays(arrays, names=wanted)


def _check_reference(request: str, identity: Mapping[str, str]) -> None:
    """The reference goes into the ledger, which is public: it must name nobody."""
    if not _REFERENCE.fullmatch(request):
        message = "The request's reference takes letters, digits, '.', '_' and '-'."
        raise UnusableIdentityError(message)
    said = _bare(request)
    if any((bare := _bare(value)) and bare in said for value in identity.values()):
        message = "The request's reference spells out a value of the identity; give another."
        raise UnusableIdentityError(message)


def _bare(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _typed(contract: DatasetContract, name: str, value: str) -> pa.Array:
    text = value.strip()
    try:
        match contract.column(name).logical_type:
            case LogicalType.DATE | LogicalType.TIMESTAMP:
                return pa.array([date.fromisoformat(text)], pa.date32())
            case LogicalType.INTEGER:
                return pa.array([int(text)], pa.int64())
            case LogicalType.NUMBER:
                return pa.array([float(text)], pa.float64())
            case _:
                return pa.array([text], pa.string())
    except (ValueError, OverflowError):
        message = f"{name}: dates are written YYYY-MM-DD, numbers in digits."
        raise UnusableIdentityError(message) from None
