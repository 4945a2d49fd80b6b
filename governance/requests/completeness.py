"""What a request must not lack before owners look at it."""

from collections.abc import Iterator
from dataclasses import dataclass

from governance.decisions import Decision, Denial
from governance.requests.model import RequestContent, RequestType
from governance.requests.rules import RequestRules

_TEXTS = {
    "title": "Give the project a title.",
    "purpose": "Say what is to be found out, and for what.",
    "legal_basis": "Name the law or agreement under which the data may be used.",
    "learning_agenda": "Say which question of the learning agenda it serves, or why none.",
    "organization": "Name the organization that asks.",
    "secure_environment": "Say where the data is used.",
    "analysis_plan": "Describe the analysis.",
    "dissemination_plan": "Say what will be published, and to whom it is shown before.",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing the form lacks, by field."""

    field: str
    remedy: str


def decide_completeness(content: RequestContent, rules: RequestRules) -> Decision:
    """Whether the form is complete; one denial for each missing thing."""
    denials = tuple(
        Denial(f"request.{m.field}", f"{m.field} is missing.", m.remedy, rules.completeness_clause)
        for m in find_missing(content, rules)
    )
    return Decision(("request.complete",), denials)


def find_missing(content: RequestContent, rules: RequestRules) -> tuple[Missing, ...]:
    """Everything the form lacks, in form order."""
    return (*_terms(content), *_scope(content), *_education(content, rules))


def _terms(content: RequestContent) -> Iterator[Missing]:
    for field, remedy in _TEXTS.items():
        if not getattr(content, field).strip():
            yield Missing(field, remedy)
    if content.type is not RequestType.INITIAL and content.continues is None:
        yield Missing("continues", f"Name the request of which this is a {content.type.value}.")
    if content.ends_on is None:
        yield Missing("ends_on", "Give the last day of use.")
    if content.destruction_on is None:
        yield Missing("destruction_on", "Give the day by which the data is destroyed.")
    elif content.ends_on is not None and content.destruction_on < content.ends_on:
        yield Missing("destruction_on", "Give a day on or after the last day of use.")


def _scope(content: RequestContent) -> Iterator[Missing]:
    if not content.datasets:
        yield Missing("datasets", "Choose datasets and variables.")
    for dataset in content.datasets:
        if not dataset.variables:
            yield Missing(f"datasets.{dataset.dataset}", "Choose variables.")
    for name in content.datasets:
        if not content.purpose_for(name.dataset).strip():
            remedy = "Choose which permitted purpose of its agreement applies."
            yield Missing(f"purposes.{name.dataset}", remedy)
    if not any(p.role == "requestor" for p in content.people):
        yield Missing("people", "Name the requestor among the persons.")


def _education(content: RequestContent, rules: RequestRules) -> Iterator[Missing]:
    if not set(content.agencies) & set(rules.education.agencies):
        return
    if content.ferpa_basis is None:
        yield Missing("ferpa_basis", "Choose audit or evaluation, or compliance.")
    if not any(p.role == "authorized_representative" for p in content.people):
        yield Missing("people", "Name the authorized representative.")
