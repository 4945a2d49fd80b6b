"""What the agreements and the form's rules say of a draft as it is being typed."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from governance.canonical import canonical_json
from governance.decisions import Decision
from governance.requests.completeness import decide_completeness
from governance.requests.model import RequestContent
from governance.requests.precheck import PrecheckReport, precheck
from governance.services.programme import Programme
from governance.services.requests import RequestView

_ROUNDS = 8
"""How often what cannot be read is taken out; each round takes all that pydantic names."""


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """What is to mend before a draft can be submitted.

    Attributes:
        precheck: What the agreements say of the variables and persons typed so far.
        missing: What the form lacks.
    """

    precheck: PrecheckReport
    missing: Decision

    @property
    def to_mend(self) -> int:
        """How many refusals there are, of both."""
        return len(self.precheck.decision.denials) + len(self.missing.denials)


def check_draft(p: Programme, view: RequestView) -> DraftCheck:
    """Check what somebody typed last, saved or not; what cannot be read yet counts as not typed."""
    content = view.latest.content
    if view.draft is not None:
        content = readable_content(view.draft.content)
    return DraftCheck(
        precheck(content, p.contracts, p.agreements, p.today, p.rules),
        decide_completeness(content, p.rules),
    )


def readable_content(typed: Mapping[str, Any]) -> RequestContent:
    """As much of a form as can be read: a value that cannot is left out, its neighbors stay."""
    facts = _once_each(deepcopy(dict(typed)))
    for _ in range(_ROUNDS):
        try:
            return RequestContent.model_validate_json(canonical_json(facts))
        except ValidationError as error:
            places = {_there(facts, e["loc"]) for e in error.errors(include_input=False)}
        # The last row first: the numbers of those before it stay right.
        for place in sorted(places, key=lambda x: [str(step).zfill(6) for step in x], reverse=True):
            _take_out(facts, place)
    return RequestContent()


def _once_each(facts: dict[str, Any]) -> dict[str, Any]:
    """Without the rows that name a dataset or a person a second time."""
    for rows, key in (("datasets", "dataset"), ("people", "id")):
        if isinstance(facts.get(rows), list):
            named = {str(r.get(key)): r for r in reversed(facts[rows]) if isinstance(r, dict)}
            facts[rows] = list(reversed(named.values()))
    return facts


def _there(facts: dict[str, Any], place: Sequence[str | int]) -> tuple[str | int, ...]:
    """The longest beginning of a place that there is in a form."""
    inner: Any = facts
    found: list[str | int] = []
    for step in place:
        if isinstance(inner, dict):
            known = step in inner
        else:
            known = isinstance(inner, list) and isinstance(step, int) and step < len(inner)
        if not known:
            break
        inner = inner[step]
        found.append(step)
    return tuple(found)


def _take_out(facts: dict[str, Any], place: tuple[str | int, ...]) -> None:
    if not place:
        facts.clear()
        return
    holder: Any = facts
    for step in place[:-1]:
        holder = holder[step]
    del holder[place[-1]]
