"""What a request must not lack before owners look at it."""

from collections.abc import Iterator
from dataclasses import dataclass

from governance.decisions import Decision, Denial
from governance.requests.model import RequestContent, RequestType
from governance.requests.rules import RequestRules

_TEXTS = {
    "title": ("The request has no name.", "Give the project a name."),
    "purpose": (
        "The purpose and scope are not stated.", "Say what is to be found out, and for what."
    ),
    "legal_basis": (
        "No legal basis is named.", "Name the law or agreement under which the data may be used."
    ),
    "learning_agenda": (
        "How it fits the learning agenda is not said.",
        "Say which question of the learning agenda it serves, or why none.",
    ),
    "organization": (
        "The requesting organization is not named.", "Name the organization that asks."
    ),
    "secure_environment": (
        "The secure environment is not described.", "Say where the data is used."
    ),
    "analysis_plan": ("The analysis is not described.", "Describe the analysis."),
    "dissemination_plan": (
        "Dissemination is not described.",
        "Say what will be published, and to whom it is shown before.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing the form lacks or gets wrong, by field."""

    field: str
    reason: str
    remedy: str


def decide_completeness(content: RequestContent, rules: RequestRules) -> Decision:
    """Whether the form is complete; one denial for each missing thing."""
    denials = tuple(
        Denial(f"request.{m.field}", m.reason, m.remedy, rules.completeness_clause)
        for m in find_missing(content, rules)
    )
    return Decision(("request.complete",), denials)


def find_missing(content: RequestContent, rules: RequestRules) -> tuple[Missing, ...]:
    """Everything the form lacks, in form order."""
    return (*_terms(content), *_scope(content), *_education(content, rules))


def _terms(content: RequestContent) -> Iterator[Missing]:
    for field, (reason, remedy) in _TEXTS.items():
        if not getattr(content, field).strip():
            yield Missing(field, reason, remedy)
    if content.type is not RequestType.INITIAL and content.continues is None:
        yield Missing(
            "continues",
            "The earlier request is not named.",
            f"Give the number of the request of which this is a {content.type.value}.",
        )
    if content.ends_on is None:
        yield Missing("ends_on", "The last day of use is open.", "Give the last day of use.")
    if content.destruction_on is None:
        yield Missing(
            "destruction_on",
            "The day of destruction is open.",
            "Give the day by which the data is destroyed.",
        )
    elif content.ends_on is not None and content.destruction_on < content.ends_on:
        yield Missing(
            "destruction_on",
            "The data would be destroyed before the last day of use.",
            "Give a day on or after the last day of use.",
        )


def _scope(content: RequestContent) -> Iterator[Missing]:
    if not content.datasets:
        yield Missing("datasets", "No dataset is asked for.", "Choose datasets and variables.")
    for dataset in content.datasets:
        if not dataset.variables:
            reason = f"No variable of {dataset.dataset} is asked for."
            yield Missing(f"datasets.{dataset.dataset}", reason, "Choose variables.")
    for name in content.datasets:
        if not content.purpose_for(name.dataset).strip():
            reason = f"The purpose relied on for {name.dataset} is not chosen."
            remedy = "Choose which permitted purpose of its agreement applies."
            yield Missing(f"purposes.{name.dataset}", reason, remedy)
    if not any(p.role == "requestor" for p in content.people):
        reason = "No person is named as the requestor."
        yield Missing("people", reason, "Name the requestor among the persons.")


def _education(content: RequestContent, rules: RequestRules) -> Iterator[Missing]:
    if not set(content.agencies) & set(rules.education.agencies):
        return
    if content.ferpa_basis is None:
        reason = "The basis for education records is not chosen."
        yield Missing("ferpa_basis", reason, "Choose audit or evaluation, or compliance.")
    if not any(p.role == "authorized_representative" for p in content.people):
        reason = "No person is named as the authorized representative."
        yield Missing("people", reason, "Name the authorized representative.")
