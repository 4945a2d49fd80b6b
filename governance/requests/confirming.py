"""Whom a requestor named, settled by the office at the completeness check. Pure.

A requestor types a person's name, address and employer, and learns nothing more: whoever is on
record under the address does not show. Until the check passes such a person stands in the request
under an id of its own. The office then says for each whose address is on record whether it is the
same person; from then on the request names them as the office keeps them.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from governance.decisions import Denial
from governance.facts import PersonId
from governance.requests.model import RequestContent, RequestPerson

NAMED: Final = "request.named"
TWICE: Final = "request.person_twice"
ONESELF: Final = "action.four_eyes"
RULES: Final = (NAMED, TWICE, ONESELF)
Candidates = Mapping[PersonId, tuple[RequestPerson, ...]]
"""By the id of somebody a requestor named: who is on record under the same address, and last their
own record as it is by now."""


def with_people(
    content: RequestContent, confirmed: Mapping[PersonId, RequestPerson]
) -> RequestContent:
    """The content with persons as confirmed, in their places."""
    people = tuple(confirmed.get(person.id, person) for person in content.people)
    return content.model_copy(update={"people": people})


def confirmed_people(
    content: RequestContent, same: Mapping[PersonId, PersonId], named: Candidates
) -> dict[PersonId, RequestPerson]:
    """Whom the office found to be on record: as recorded, in the role the request gives them."""
    found: dict[PersonId, RequestPerson] = {}
    for person in content.people:
        answer = same.get(person.id, person.id)
        for known in named.get(person.id, ()):
            recorded = known.model_copy(update={"role": person.role})
            if known.id == answer and recorded != person:
                found[person.id] = recorded
    return found


def confirming_denials(
    content: RequestContent,
    same: Mapping[PersonId, PersonId],
    named: Candidates,
    *,
    by: PersonId,
    clause: str,
) -> Iterator[Denial]:
    """What the office has yet to say, who would stand in the request twice, and who checks it.

    Args:
        content: As submitted.
        same: The office's answers: the id on record, or the person's own for somebody else.
        named: Whose address is on record already.
        by: Who checks: nobody a request of their own, by whatever id it names them.
        clause: Of the completeness check.
    """
    for person in content.people:
        answers = {known.id for known in named.get(person.id, ())} | {person.id}
        if len(answers) > 1 and same.get(person.id) not in answers:
            reason = f"The address given for {person.name} is on record already."
            remedy = "Say whether it is the same person, or return the request."
            yield Denial(NAMED, reason, remedy, clause)
    after = with_people(content, confirmed_people(content, same, named)).people
    ids = [person.id for person in after]
    if by in set(ids) - {person.id for person in content.people}:
        reason = "The request names you."
        yield Denial(ONESELF, reason, "Somebody else of the office checks it.", clause)
    for person in after:
        if ids.count(person.id) > 1 and ids.index(person.id) == after.index(person):
            reason = f"The request names {person.name} more than once."
            yield Denial(TWICE, reason, "Return it; the requestor names each once.", clause)
