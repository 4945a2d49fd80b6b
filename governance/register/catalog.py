"""The catalog of datasets as DCAT-US 1.1 `data.json` (Project Open Data metadata schema v1.1).

It says that the datasets exist, under which agreement, and how to ask for them. None can be
downloaded: each is `restricted public` while an agreement in force lets a use be approved, and
`non-public` otherwise. `bureauCode` and `programCode` are for federal agencies, and left out.

Source:
    https://resources.data.gov/resources/dcat-us/
"""

import itertools
from collections.abc import Iterator

from governance.agreements.model import Agreement
from governance.canonical import Json
from governance.contracts.model import DatasetContract
from governance.register.source import RegisterSource
from governance.requests.precheck import agreement_for

CONTEXT = "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld"
CONFORMS_TO = "https://project-open-data.cio.gov/v1.1/schema"
DESCRIBED_BY = "https://project-open-data.cio.gov/v1.1/schema/catalog.json"
_RIGHTS_LENGTH = 255
_MONTHS = 12


def data_json(source: RegisterSource) -> dict[str, Json]:
    """The catalog, datasets by id."""
    return {
        "@context": CONTEXT,
        "@id": f"{source.base_url}/data.json",
        "@type": "dcat:Catalog",
        "conformsTo": CONFORMS_TO,
        "describedBy": DESCRIBED_BY,
        "dataset": [_dataset(c, source) for _, c in sorted(source.contracts.items())],
    }


def _dataset(contract: DatasetContract, source: RegisterSource) -> dict[str, Json]:
    profile = source.profile
    found = agreement_for(contract.id, source.agreements.values(), source.today)
    agreement = found[0] if found else None
    known = [a for a in source.agreements.values() if _covers(a, contract)]
    entry: dict[str, Json] = {
        "@type": "dcat:Dataset",
        "title": contract.title,
        "description": contract.description or contract.title,
        "keyword": list(_keywords(contract, source)),
        "modified": _modified(known, source),
        "publisher": {
            "@type": "org:Organization",
            "name": profile.agency_name(contract.agency),
            "subOrganizationOf": {"@type": "org:Organization", "name": profile.jurisdiction},
        },
        "contactPoint": {
            "@type": "vcard:Contact",
            "fn": profile.contact_name,
            "hasEmail": f"mailto:{profile.office.email}",
        },
        "identifier": f"{source.base_url}/catalog/{contract.id}",
        "accessLevel": "restricted public" if agreement else "non-public",
        "rights": _rights(agreement, source)[:_RIGHTS_LENGTH],
        "landingPage": f"{source.base_url}/catalog/{contract.id}",
        "describedBy": f"{source.base_url}/catalog/{contract.id}",
        "describedByType": "text/html",
        "spatial": profile.jurisdiction,
        "language": ["en-US"],
    }
    if agreement is not None:
        entry["temporal"] = f"{agreement.effective_on}/{agreement.ends_on}"
        every = accrual(agreement.schedule)
        if every:
            entry["accrualPeriodicity"] = every
    return entry


def _covers(agreement: Agreement, contract: DatasetContract) -> bool:
    return agreement.agency == contract.agency and agreement.terms(contract.dataset) is not None


def _keywords(contract: DatasetContract, source: RegisterSource) -> Iterator[str]:
    yield source.profile.agency_code(contract.agency)
    yield contract.dataset.replace("_", " ")
    yield source.profile.name


def _modified(agreements: list[Agreement], source: RegisterSource) -> str:
    """When this last changed: the first day of the newest agreement that has begun."""
    days = [a.effective_on for a in agreements if a.effective_on <= source.today]
    return max(days, default=source.today).isoformat()


def _rights(agreement: Agreement | None, source: RegisterSource) -> str:
    if agreement is None:
        return "No agreement for this dataset is in force; no use can be approved."
    return (
        f"De-identified records, only for a use approved under {agreement.id} by the data owner "
        f"and the Data Governing Board. Ask at {source.base_url}/requests."
    )


def accrual(schedule: str) -> str:
    """ISO 8601 repeating duration of a cron schedule's months; empty when it is not even.

    Args:
        schedule: Five fields; the fourth names the months of delivery.
    """
    fields = schedule.split()
    if len(fields) != 5:  # noqa: PLR2004  minute, hour, day, month, weekday
        return ""
    if fields[3] == "*":
        return "R/P1W" if fields[2] == "*" else "R/P1M"
    months = sorted(int(m) for m in fields[3].split(",") if m.isdigit())
    if not months or len(months) != len(fields[3].split(",")) or _MONTHS % len(months):
        return ""
    step = _MONTHS // len(months)
    even = all(b - a == step for a, b in itertools.pairwise(months))
    if not even:
        return ""
    return "R/P1Y" if step == _MONTHS else f"R/P{step}M"
