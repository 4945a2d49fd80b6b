"""What others than its requestor do with a request, and the acts that need only a few words.

Each act has a page that says what it does and shows what it is judged on, and a form. Whether it
may be done is the service's to say; a page that may not be used refuses with the reasons.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.responses import Response

from governance.errors import DocumentError
from governance.permissions import acting_role
from governance.portal.forms import BoundField, Field, FormSpec
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.targets import about_request, asked_version
from governance.portal.visits import Visit, VisitDep
from governance.requests.leaving import may_take_back
from governance.requests.states import Act
from governance.services.named_people import read_named
from governance.services.requests import RequestView, act_on_request, read_request

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()

Facts = dict[str, Any]
_REASON = Field(
    "reason",
    "Reason",
    "textarea",
    hint="It stands in the record, and those concerned read it.",
    required=True,
    maximum=4000,
)

_NO_VOTE = (
    "The board has not voted on it yet. Notice a meeting, move the motion there, and close the "
    "vote. Then record it here."
)


@dataclass(frozen=True, slots=True)
class ActPage:
    """The page of one act.

    Attributes:
        lead: What happens then, in a sentence or two.
        form: The form for a request as the actor sees it.
        facts: What the command needs, from what was typed.
        paths: Name of the field by path of the fact, where they differ.
        shows: Which facts stand above the form: `check`, `precheck`, `changes`, `conditions`.
        grave: Whether the button warns.
    """

    act: Act
    path: str
    title: str
    lead: str
    button: str
    said: str
    form: Callable[[Visit, RequestView], FormSpec]
    facts: Callable[[Visit, Facts], Facts]
    paths: Mapping[str, str] | None = None
    shows: tuple[str, ...] = ()
    grave: bool = False


def _plain_form(*fields: Field) -> Callable[[Visit, RequestView], FormSpec]:
    spec = FormSpec(fields)
    return lambda _, __: spec


def _lines(text: object) -> list[str]:
    return [line.strip() for line in str(text or "").splitlines() if line.strip()]


def _as_typed(_: Visit, typed: Facts) -> Facts:
    return typed


def _today(visit: Visit, typed: Facts) -> Facts:
    return {"on": visit.today.isoformat(), "reason": typed["reason"]}


def _return_facts(_: Visit, typed: Facts) -> Facts:
    return {"mend": _lines(typed["mend"])}


def _review_form(visit: Visit, view: RequestView) -> FormSpec:
    waiting = view.latest.to_review
    own = visit.actor.agency
    agencies = [own] if own in waiting else []
    profile = visit.programme.profile
    return FormSpec(
        (
            Field(
                "agency",
                "Agency whose part you decide on",
                "select",
                choices={a: profile.agency_name(a) for a in agencies},
                required=True,
            ),
            Field(
                "choice",
                "Decision",
                "radios",
                choices={
                    "approve": "Approve this part",
                    "ask_changes": "Ask for changes",
                    "reject": "Reject this part",
                },
                required=True,
            ),
            _REASON,
            Field(
                "conditions",
                "Conditions",
                "textarea",
                hint="One a line. Nobody gets access before each is met. Leave it empty for none.",
                rows=3,
            ),
        )
    )


def _review_facts(_: Visit, typed: Facts) -> Facts:
    return typed | {"conditions": _lines(typed["conditions"])}


def _motion_form(visit: Visit, view: RequestView) -> FormSpec:
    p = visit.programme
    with p.store.read() as unit:
        body = unit.body(p.board)[0]
    closed = {
        m.id: f"{m.id}: {m.moved.text} ({'passed' if m.passed else 'did not pass'})"
        for m in body.motions.values()
        if m.moved.about == view.request.number and m.passed is not None
    }
    hint = "" if closed else _NO_VOTE
    return FormSpec((Field("motion", "Motion", "select", hint, closed, required=True),))


def _person_choices(view: RequestView) -> Mapping[str, str]:
    content = view.latest.submitted or view.latest.content
    return {x.id: f"{x.name}, {x.employer}" for x in content.people}


def _training_form(visit: Visit, view: RequestView) -> FormSpec:
    months = visit.programme.rules.longest_training_months
    hint = f"At most {months} months after that day."
    return FormSpec(
        (
            Field("person", "Person", "select", choices=_person_choices(view), required=True),
            Field("completed_on", "Completed on", "day", required=True),
            Field("valid_until", "Training valid until", "day", required=True, hint=hint),
        )
    )


def _leaver_form(visit: Visit, view: RequestView) -> FormSpec:
    hint = (
        "The first day without access: today or before. The office schedules a later end in the "
        "person's record."
    )
    fields = [
        Field("person", "Who left", "select", choices=_person_choices(view), required=True),
        Field("left_on", "Left on", "day", required=True, hint=hint),
    ]
    role = acting_role(visit.actor, Act.RECORD_LEAVER, visit.target)
    if may_take_back(view.request, view.latest, visit.actor.by, role):
        words = "It was recorded by mistake: they did not leave"
        fields.append(Field("mistaken", words, "checkbox"))
    return FormSpec(tuple(fields))


def _complete_form(visit: Visit, view: RequestView) -> FormSpec:
    """For each person whose address is on record: whether it is the same one."""
    number, version = view.request.number, asked_version(visit)
    named = read_named(visit.programme, visit.actor, number, version=version)
    meant = view.latest if version is None else view.request.version(version)
    content = (meant.submitted if meant else None) or view.latest.content
    return FormSpec(
        tuple(
            Field(
                f"same.{person.id}",
                f"Who is {person.name}, {person.employer}?",
                "radios",
                hint="The address that was given for them is on record already.",
                choices={
                    **{x.id: f"{x.name}, {x.employer}, as on record" for x in named[person.id]},
                    person.id: "Somebody else, as the request names them",
                },
                required=True,
            )
            for person in content.people
            if person.id in named
        )
    )


def _condition_form(_: Visit, view: RequestView) -> FormSpec:
    asked = view.latest.decided.conditions if view.latest.decided else {}
    open_ones = {k: f"{k}: {t}" for k, t in asked.items() if k not in view.latest.conditions_met}
    return FormSpec(
        (
            Field("condition", "Condition", "select", choices=open_ones, required=True),
            Field("met_on", "Met on", "day", required=True),
        )
    )


PAGES: tuple[ActPage, ...] = (
    ActPage(
        Act.ACCEPT_COMPLETE,
        "complete",
        "Pass the completeness check",
        "The agencies whose data is asked for then review their parts. After an amendment only "
        "those review for which something changed.",
        "The request is complete",
        "The completeness check is passed.",
        _complete_form,
        _as_typed,
        shows=("check", "changes", "precheck"),
    ),
    ActPage(
        Act.RETURN,
        "return",
        "Return it to the requestor",
        "The requestor mends what you name and submits again. You then see what changed.",
        "Return the request",
        "The request went back to its requestor.",
        _plain_form(
            Field(
                "mend",
                "What to mend",
                "textarea",
                hint="One point a line, so that each can be answered.",
                required=True,
            )
        ),
        _return_facts,
        shows=("check",),
    ),
    ActPage(
        Act.REVIEW_PART,
        "review",
        "Review your agency's part",
        "You decide on your own agency's data, variables and the persons who may use them. When "
        "every agency has decided, the request goes to the board.",
        "Record my decision",
        "Your decision is recorded.",
        _review_form,
        _review_facts,
        shows=("changes", "precheck"),
    ),
    ActPage(
        Act.DECLARE_INTEREST,
        "interest",
        "Declare an interest",
        "Who has an interest in a request is recused: neither present nor voting on it. Your "
        "agency decides through its alternate.",
        "Declare it",
        "Your interest is declared.",
        _plain_form(
            Field("text", "What your interest is", "textarea", required=True, maximum=4000)
        ),
        _as_typed,
    ),
    ActPage(
        Act.RECORD_VOTE,
        "record-vote",
        "Record the board's vote",
        "The outcome is computed anew from the meeting's own records.",
        "Record the vote",
        "The board's vote is recorded.",
        _motion_form,
        _as_typed,
    ),
    ActPage(
        Act.RECORD_TRAINING,
        "training",
        "Record training",
        "Nobody gets access without training that is in date.",
        "Record the training",
        "The training is recorded.",
        _training_form,
        _as_typed,
    ),
    ActPage(
        Act.MEET_CONDITION,
        "condition",
        "Record that a condition is met",
        "Access is held back until every condition is met.",
        "The condition is met",
        "The condition is recorded as met.",
        _condition_form,
        _as_typed,
        shows=("conditions",),
    ),
    ActPage(
        Act.RECORD_LEAVER,
        "leaver",
        "Somebody left",
        "That person's access to this request's data ends at once. If they left their employer, "
        "the operating office ends the employment, and with it their access to every other "
        "request; its desk names them. A newcomer signs the confidentiality statement first.",
        "Record that they left",
        "It is recorded; access has ended.",
        _leaver_form,
        _as_typed,
        grave=True,
    ),
    ActPage(
        Act.REVOKE,
        "revoke",
        "Revoke the permission",
        "Access ends at once, and queries that are running are stopped. The requestor then "
        "destroys what was received and certifies it. It cannot be taken back.",
        "Revoke the permission",
        "The permission is revoked.",
        _plain_form(_REASON),
        _today,
        paths={"on": "reason"},
        grave=True,
    ),
    ActPage(
        Act.WITHDRAW,
        "withdraw",
        "Withdraw the request",
        "The request ends here. A new one may be made at any time.",
        "Withdraw the request",
        "The request is withdrawn.",
        _plain_form(_REASON),
        _today,
        paths={"on": "reason"},
        grave=True,
    ),
    ActPage(
        Act.CLOSE,
        "close",
        "Close the request",
        "The certificate of destruction was checked, and nothing is left to do.",
        "Close the request",
        "The request is closed.",
        _plain_form(_REASON),
        _today,
        paths={"on": "reason"},
    ),
)
PATHS: Mapping[Act, str] = {page.act: page.path for page in PAGES}
"""Last segment of each act's page."""
add_said(**{f"act_{page.act.value}": page.said for page in PAGES})
add_said(leaver_taken_back="It is recorded that they did not leave; they have access as before.")


def _register(page: ActPage) -> None:
    path = f"/requests/{{number}}/{page.path}"

    def show(visit: Visit, view: RequestView, form: Any, status: int = 200) -> Response:  # noqa: ANN401  a bound form
        return visit.page(
            "request_acts/act.html", status=status, page=page, view=view, form=form,
            version=asked_version(visit),
        )  # fmt: skip

    @router.page("GET", path, asks=page.act, about=about_request)
    def ask(visit: VisitDep, number: str) -> Response:
        view = read_request(visit.programme, visit.actor, number)
        values = dict.fromkeys(("met_on", "left_on", "completed_on"), visit.today)
        form = page.form(visit, view).bind(_texts(values), based_on=view.position)
        return show(visit, view, form)

    @router.page("POST", path, asks=page.act, about=about_request)
    def take(visit: VisitDep, number: str) -> Response:
        view = read_request(visit.programme, visit.actor, number)
        form = page.form(visit, view).read(visit.form)
        missing = [f"{n}: Field required" for n, b in form.fields.items() if _lacks(b)]
        if missing:
            return show(visit, view, form.with_problems(missing), 422)
        facts = page.facts(visit, form.content())
        try:
            act_on_request(
                visit.programme,
                visit.actor,
                number,
                page.act,
                facts,
                version=asked_version(visit),
                based_on=form.based_on,
                once=form.token,
            )
        except DocumentError as error:
            return show(visit, view, form.refused(error, paths=page.paths), 422)
        said = "leaver_taken_back" if facts.get("mistaken") else f"act_{page.act.value}"
        return visit.redirect(f"/requests/{number}", said=said)


def _lacks(bound: BoundField) -> bool:
    return bound.field.required and not bound.value.strip()


def _texts(values: Mapping[str, date]) -> dict[str, str]:
    return {name: value.isoformat() for name, value in values.items()}


for _page in PAGES:
    _register(_page)
