"""The people mapping: who is behind a sign-in, from the people's records in the ledger.

Only persons are in it whom a request names that waits for its grant, has one, or is over and not
closed yet (who is refused is told why), and data stewards with their agency: to them alone rejected
records of that agency are given back. A sign-in that two records claim belongs to nobody until that
is mended.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from governance.errors import DocumentError
from governance.facts import read_content
from governance.grants.model import Account, PeopleMapping
from governance.people import Person, PortalRole
from governance.requests.state import DataRequest
from governance.requests.states import LIVE, Status

OS_ACCOUNT: Final = "os|"
"""Begins the account of a person known by a machine's user; the data plane knows the user."""
_NAMING: Final = frozenset({Status.AGREEMENTS_OUT, Status.ENDED, Status.REVOKED, *LIVE})
"""Statuses of a version whose persons are mapped."""


def load_accounts(path: Path) -> dict[str, str]:
    """Sign-ins of the data plane's machine: account to person id; none without the file.

    Raises:
        DocumentError: The file has mistakes.
    """
    if not path.is_file():
        return {}
    found = read_content(path.read_bytes(), path.name)
    wrong = [n for n, (a, p) in enumerate(found.items(), 1) if not _is_text(a) or not _is_text(p)]
    if wrong:
        problems = tuple(f"line {n}: `account: person` is expected" for n in wrong)
        raise DocumentError(f"{path.name} has mistakes:", problems=problems)
    return {str(account): str(person) for account, person in found.items()}


def named_people(requests: Mapping[str, DataRequest]) -> frozenset[str]:
    """Persons named by a version that waits for its grant, has one, or had one not long ago."""
    return frozenset(
        person.id
        for request in requests.values()
        for version in request.versions
        if version.walked in _NAMING
        if version.submitted is not None
        for person in version.submitted.people
    )


def build_mapping(
    people: Mapping[str, Person],
    named: frozenset[str],
    further: Mapping[str, str],
    *,
    version: int,
    now: datetime,
    fresh_days: int,
) -> PeopleMapping:
    """The mapping as of now.

    Args:
        people: Everybody on record, by id.
        named: Whom to map besides data stewards.
        further: Sign-ins of the data plane's machine, to person ids.
        version: Its number.
        now: UTC.
        fresh_days: How long it stays fresh.
    """
    claimed = [*_claims(people, named | _stewards(people), further)]
    times = Counter(account for account, _ in claimed)
    accounts = tuple(
        Account(
            account=account,
            person=person.id,
            agency=person.agency if PortalRole.DATA_STEWARD in person.roles else None,
            valid_from=person.employed_from,
            valid_until=person.employed_until,
        )
        for account, person in sorted(claimed, key=lambda claim: claim[0])
        if times[account] == 1 and _lasts(person)
    )
    return PeopleMapping(
        version=version,
        issued_at=now,
        expires_at=now + timedelta(days=fresh_days),
        accounts=accounts,
    )


def same_mapping(one: PeopleMapping, other: PeopleMapping) -> bool:
    """Whether two mappings map alike."""
    return one.accounts == other.accounts


def _stewards(people: Mapping[str, Person]) -> frozenset[str]:
    return frozenset(
        name
        for name, person in people.items()
        if PortalRole.DATA_STEWARD in person.roles and person.agency is not None
    )


def _claims(
    people: Mapping[str, Person], named: frozenset[str], further: Mapping[str, str]
) -> Iterator[tuple[str, Person]]:
    for name in sorted(named):
        person = people.get(name)
        if person is not None and person.account is not None:
            yield person.account.removeprefix(OS_ACCOUNT), person
    for account, name in sorted(further.items()):
        if name in named and name in people:
            yield account, people[name]


def _lasts(person: Person) -> bool:
    """Whether there is a day on which they are employed at all."""
    end: date | None = person.employed_until
    return end is None or end >= person.employed_from


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
