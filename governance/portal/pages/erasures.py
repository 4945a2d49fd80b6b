"""Erasing facts of the ledger: one of the office asks, another one carries it out."""

from typing import Final

from starlette.responses import Response

from governance.audit.erasures import REASON_WORDS
from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, ListSpec
from governance.portal.navigation import Area, NavItem, may
from governance.portal.numbers import whole_number
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.visits import Visit, VisitDep
from governance.services.erasing import (
    OUTCOME_WORDS,
    AskedErasure,
    Erasable,
    Outcome,
    ask_to_erase,
    confirm_erasure,
    drop_erasure,
    list_erasures,
)
from governance.store import NotFoundError

router = PortalRouter()
NAVIGATION = (NavItem(Area.LEDGER, "Erasures", "/ledger/erasures", may(Action.ASK_ERASURE)),)
add_said(
    erasure_asked="It is asked for. Another one of the office carries it out or drops it.",
    erasure_confirmed="The facts are erased. The entries stay, and others say that and why.",
    erasure_dropped="It is dropped. Nothing was erased.",
)
KINDS: Final = {
    Erasable.ENTRY.value: "The facts of one entry",
    Erasable.REQUEST.value: "A whole request that is over",
    Erasable.PERSON.value: "The whole record of a person",
}
_OUTCOMES: Final = {outcome.value: words for outcome, words in OUTCOME_WORDS.items()}
_REASONS: Final = {reason.value: words for reason, words in REASON_WORDS.items()}
_FORM: Final = FormSpec(
    (
        Field("kind", "What is to go", "select", choices=KINDS, required=True),
        Field("what", "Its number", required=True, maximum=63,
              hint="Of the entry, as 812; of the request, as Q0042; or the person's id."),
        Field("reason", "Why", "select", choices=_REASONS, required=True,
              hint="This stands in the public ledger."),
        Field("words", "More about it", "textarea", rows=3, maximum=4000,
              hint="For the office and the auditor. It is not public."),
    )
)  # fmt: skip
_LIST: Final[ListSpec[AskedErasure]] = ListSpec(
    "erasures",
    "Erasures asked for",
    (
        Column("seq", "Entry", lambda a: a.seq, kind="number",
               link=lambda a: f"/ledger/{a.seq}"),
        Column("at", "Asked", lambda a: a.at, kind="instant"),
        Column("by", "By", lambda a: a.by),
        Column("kind", "What", lambda a: a.kind.value, choices=KINDS,
               shown=lambda a: KINDS[a.kind.value]),
        Column("what", "Number", lambda a: a.what),
        Column("reason", "Why", lambda a: a.reason.value, choices=_REASONS,
               shown=lambda a: REASON_WORDS[a.reason]),
        Column("outcome", "Where it stands", lambda a: a.outcome.value, choices=_OUTCOMES,
               shown=lambda a: OUTCOME_WORDS[a.outcome]),
    ),
    sort="seq",
    descending=True,
    search="numbers and who asked",
    empty="Nobody has asked for an erasure.",
)  # fmt: skip


@router.page("GET", "/ledger/erasures", asks=Action.ASK_ERASURE)
def show_erasures(visit: VisitDep) -> Response:
    """What was asked for, what waits, and the form; an entry's page leads here with its number."""
    entry = visit.request.query_params.get("entry", "")
    typed = {"kind": Erasable.ENTRY.value, "what": entry} if whole_number(entry) else {}
    return _show(visit, _FORM.bind(typed))


@router.page("POST", "/ledger/erasures", asks=Action.ASK_ERASURE)
def ask(visit: VisitDep) -> Response:
    """Ask for one; nothing is erased yet."""
    form = _FORM.read(visit.form)
    try:
        ask_to_erase(visit.programme, visit.actor, form.content(), once=form.token)
    except NotFoundError as error:
        return _show(visit, form.with_problems((f"what: {error.message}",)), 422)
    except DocumentError as error:
        return _show(visit, form.refused(error), 422)
    return visit.redirect("/ledger/erasures", said="erasure_asked")


@router.page("POST", "/ledger/erasures/{seq}/confirm", asks=Action.ERASE_FACTS)
def confirm(visit: VisitDep, seq: str) -> Response:
    """Carry it out: not whoever asked, nor whom the facts are about."""
    confirm_erasure(visit.programme, visit.actor, _number(seq))
    return visit.redirect("/ledger/erasures", said="erasure_confirmed")


@router.page("POST", "/ledger/erasures/{seq}/drop", asks=Action.ASK_ERASURE)
def drop(visit: VisitDep, seq: str) -> Response:
    """Lay it aside."""
    drop_erasure(visit.programme, visit.actor, _number(seq))
    return visit.redirect("/ledger/erasures", said="erasure_dropped")


def _show(visit: Visit, form: Form, status: int = 200) -> Response:
    found = list_erasures(visit.programme, visit.actor)
    listing = held_list(visit, _LIST, found)
    return show_list(
        visit,
        "ledger/erasures.html",
        listing,
        status=status,
        form=form,
        waiting=[(a, _told(a)) for a in found if a.outcome is Outcome.WAITING],
    )


def _told(asked: AskedErasure) -> list[tuple[str, object]]:
    """What the page says of one that waits."""
    return [
        ("What is to go", KINDS[asked.kind.value]),
        ("Its number", asked.what),
        ("Why", REASON_WORDS[asked.reason]),
        ("More about it", asked.words or "Nothing"),
        ("Asked by", asked.by),
    ]


def _number(text: str) -> int:
    found = whole_number(text)
    if found is None:
        raise NotFoundError("Nobody asked for an erasure under that number.")
    return found
