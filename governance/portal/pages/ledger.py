"""The ledger: entries, what stands behind them, proofs, checkpoints, verification.

The chain, its checkpoints and proofs are public; the facts behind an entry are shown where the
person may read them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from starlette.responses import Response

from governance.audit import Checkpoint, Entry, LedgerReport, Tag
from governance.canonical import canonical_json
from governance.errors import ObjectNotFoundError
from governance.permissions import Action, Target, decide_action
from governance.portal.downloads import JSON, download
from governance.portal.forms import Field, FormSpec
from governance.portal.list_pages import asked_list, held_list, show_list
from governance.portal.lists import Column, ListSpec, Wishes
from governance.portal.navigation import Area, NavItem, everybody
from governance.portal.numbers import whole_number
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.visits import Visit, VisitDep
from governance.services.ledger import (
    InclusionProof,
    list_entries,
    newest_checkpoint,
    prove_consistency,
    prove_inclusion,
    read_entry,
    sealed_checkpoint,
)
from governance.services.ledger_copy import stored_checkpoints
from governance.services.public_records import public_records
from governance.services.verifying import (
    continues,
    last_verification,
    tags_in_use,
    verify_and_record,
)
from governance.store import NotFoundError
from governance.store.chain_rows import EntrySort
from governance.store.paging import Page

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.LEDGER, "Entries", "/ledger", everybody),
    NavItem(Area.LEDGER, "Verification", "/ledger/verification", everybody),
    NavItem(Area.LEDGER, "Checkpoints", "/ledger/checkpoints", everybody),
    NavItem(Area.LEDGER, "Compare a checkpoint", "/ledger/consistency", everybody),
)
add_said(ledger_verified="The ledger was verified, and the result is an entry of it.")
_SORTS: Final[Mapping[str, EntrySort]] = {sort: sort for sort in get_args(EntrySort)}
_OLD_FORM: Final = FormSpec(
    (
        Field("old_size", "Entries it covers", "number", required=True),
        Field("old_root", "Its root", hint="64 digits, as the checkpoint has it.", maximum=64,
              required=True),
    )
)  # fmt: skip


def tag_words(tag: str) -> str:
    """A tag in words: `data_request:part_reviewed` is `Data request: part reviewed`."""
    kind, _, what = tag.partition(":")
    text = f"{kind}: {what}".replace("_", " ")
    return text[:1].upper() + text[1:]


def _spec(tags: Sequence[Tag]) -> ListSpec[Entry]:
    return ListSpec(
        "ledger",
        "Entries of the ledger",
        (
            Column("seq", "Entry", lambda e: e.seq, link=lambda e: f"/ledger/{e.seq}"),
            Column("at", "Time", lambda e: e.at, kind="instant"),
            Column("tag", "What happened", lambda e: e.tag,
                   choices={t.value: tag_words(t.value) for t in tags},
                   shown=lambda e: tag_words(e.tag)),
            Column("subject", "About", lambda e: e.subject),
            Column("commitment", "Commitment", lambda e: e.commitment, only_export=True,
                   sortable=False),
            Column("prev", "Previous", lambda e: e.prev, only_export=True, sortable=False),
            Column("hash", "Hash", lambda e: e.hash, only_export=True, sortable=False),
        ),
        sort="seq",
        descending=True,
        search="by the whole number or id of what it is about",
        empty="Nothing is on record yet.",
        by_service=True,
    )  # fmt: skip


@router.page("GET", "/ledger", asks=Action.READ_LEDGER)
def show_entries(visit: VisitDep) -> Response:
    """The public chain, the newest entry first."""
    spec = _spec(tags_in_use(visit.programme))
    listing = asked_list(visit, spec, lambda wishes: _found(visit, wishes))
    return show_list(visit, "ledger/list.html", listing)


def _found(visit: Visit, wishes: Wishes) -> Page[Entry]:
    tag = wishes.filters.get("tag")
    return list_entries(
        visit.programme,
        visit.actor,
        tags=(Tag(tag),) if tag else (),
        subject=wishes.text or None,
        sort=_SORTS[wishes.sort],
        descending=wishes.descending,
        page=wishes.page,
        per_page=wishes.per_page,
    )


@router.page("GET", "/ledger/verification", asks=Action.READ_LEDGER)
def show_verification(visit: VisitDep) -> Response:
    """What the last verification found; who may, runs another."""
    return _verification(visit, None)


@router.page("POST", "/ledger/verification", asks=Action.READ_LEDGER_FACTS)
def run_verification(visit: VisitDep) -> Response:
    """Verify everything now; problems are told, and their number is recorded."""
    form = FormSpec(()).read(visit.form)
    report = verify_and_record(visit.programme, visit.actor, once=form.token)
    if report.verified:
        return visit.redirect("/ledger/verification", said="ledger_verified")
    return _verification(visit, report)


def _verification(visit: Visit, report: LedgerReport | None) -> Response:
    may = decide_action(visit.actor, Action.READ_LEDGER_FACTS, today=visit.today).permitted
    return visit.page(
        "ledger/verification.html",
        last=last_verification(visit.programme, visit.actor),
        report=report,
        may_run=may,
        form=FormSpec(()).bind(),
    )


CHECKPOINTS: Final[ListSpec[Checkpoint]] = ListSpec(
    "checkpoints",
    "Signed checkpoints",
    (
        Column("size", "Entries", lambda c: c.size, kind="number"),
        Column("at", "Signed", lambda c: c.at, kind="instant"),
        Column("root", "Root", lambda c: c.root),
        Column("head", "Hash of the last entry", lambda c: c.head, only_export=True),
        Column("file", "File", lambda c: f"checkpoint-{c.size}.json", sortable=False,
               link=lambda c: f"/ledger/checkpoints/{c.size}.json"),
    ),
    sort="size",
    descending=True,
    search="sizes, days and roots",
    empty="No checkpoint was signed yet; the clock signs one each day, and "
          "`governance ledger checkpoint` at once.",
)  # fmt: skip


@router.page("GET", "/ledger/checkpoints", asks=Action.READ_LEDGER)
def show_checkpoints(visit: VisitDep) -> Response:
    """Every signed checkpoint of the copy outside, the newest first."""
    found, refused = stored_checkpoints(visit.programme)
    listing, key = held_list(visit, CHECKPOINTS, found), visit.programme.signer.public_key
    return show_list(visit, "ledger/checkpoints.html", listing, refused=refused, key=key)


@router.page("GET", "/ledger/checkpoints/{size}.json", asks=Action.READ_LEDGER)
def take_checkpoint(visit: VisitDep, size: str) -> Response:
    """A signed checkpoint, to keep elsewhere.

    Raises:
        NotFoundError: There is none over so many entries.
    """
    number = _whole(size)
    try:
        sealed = sealed_checkpoint(visit.programme, number)
    except ObjectNotFoundError:
        raise NotFoundError("There is no checkpoint over so many entries.") from None
    return download(sealed, JSON, f"checkpoint-{number}.json")


@router.page("GET", "/ledger/key.json", asks=Action.READ_LEDGER)
def take_key(visit: VisitDep) -> Response:
    """The public key that checkpoints verify with."""
    key = visit.programme.signer.public_key
    return download(canonical_json(key.to_dict()), JSON, "ledger-key.json")


@router.page("GET", "/ledger/consistency", asks=Action.READ_LEDGER)
def show_consistency(visit: VisitDep) -> Response:
    """Whether the ledger still continues a checkpoint that somebody kept."""
    query = visit.request.query_params
    form = _OLD_FORM.bind({n: query.get(n, "").strip() for n in ("old_size", "old_root")})
    newest = newest_checkpoint(visit.programme)
    if "old_size" not in query:
        return visit.page("ledger/consistency.html", form=form, newest=newest, same=None, size=0)
    size, root = form["old_size"].value, form["old_root"].value
    try:
        checkpoint, same = continues(visit.programme, _whole(size), root)
    except (NotFoundError, ValueError):
        problems = (
            ("old_root: Enter the 64 digits of the root.",)
            if newest is not None and 0 < (whole_number(size) or 0) <= newest.size
            else ("old_size: No checkpoint covers so many entries.",)
        )
        refused = form.with_problems(problems)
        return visit.page(
            "ledger/consistency.html", status=422, form=refused, newest=newest, same=None, size=0
        )
    return visit.page(
        "ledger/consistency.html", form=form, newest=checkpoint, same=same, size=_whole(size)
    )


@router.page("GET", "/ledger/consistency/{size}.json", asks=Action.READ_LEDGER)
def take_consistency(visit: VisitDep, size: str) -> Response:
    """The proof that the chain only grew since so many entries (RFC 6962)."""
    number = _whole(size)
    checkpoint, path = prove_consistency(visit.programme, number)
    facts = {
        "old_size": number,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "path": list(path),
    }
    return download(canonical_json(facts), JSON, f"consistency-{number}-{checkpoint.size}.json")


# After the pages beside it: an entry's number is any one segment.
@router.page("GET", "/ledger/{seq}", asks=Action.READ_LEDGER)
def show_entry(visit: VisitDep, seq: str) -> Response:
    """An entry, the facts behind it where the person may read them, and its proof in words."""
    view = read_entry(visit.programme, visit.actor, _whole(seq))
    proof = _proof(visit, view.entry.seq)
    about = view.entry.subject
    return visit.page(
        "ledger/entry.html",
        view=view,
        title=tag_words(view.entry.tag),
        facts=list(_lines(view.facts)) if view.facts is not None else None,
        proof=proof,
        request=_request_link(visit, about),
        may_ask_erasure=decide_action(visit.actor, Action.ASK_ERASURE, today=visit.today).permitted,
    )


@router.page("GET", "/ledger/{seq}/proof.json", asks=Action.READ_LEDGER)
def take_proof(visit: VisitDep, seq: str) -> Response:
    """Proof that the newest checkpoint covers the entry (RFC 6962), to check elsewhere."""
    proof = prove_inclusion(visit.programme, _whole(seq))
    return download(canonical_json(proof.to_dict()), JSON, f"entry-{proof.entry.seq}-proof.json")


def _proof(visit: Visit, seq: int) -> InclusionProof | None:
    try:
        return prove_inclusion(visit.programme, seq)
    except NotFoundError:
        return None  # newer than the newest checkpoint


def _request_link(visit: Visit, subject: str) -> str:
    """The page of the request it is about that the person may read; empty for none."""
    p = visit.programme
    with p.store.read() as unit:
        target = Target(request=unit.request(subject), body=unit.body(p.board)[0])
    if target.request is None:
        return ""
    if decide_action(visit.actor, Action.READ_REQUEST, target, today=visit.today).permitted:
        return f"/requests/{subject}"
    return f"/register/{subject}" if subject in public_records(p).by_number else ""


def _lines(facts: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Facts as lines of a name and a text, nested ones by their path."""
    for name, value in facts.items():
        path = f"{above}, {name}" if above else str(name)
        if isinstance(value, Mapping):
            yield from _lines(value, path)
        elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
            yield from _lines({str(n): v for n, v in enumerate(value, 1)}, path)
        else:
            yield path.replace("_", " "), _text(value)


def _text(value: Any) -> str:  # noqa: ANN401  any plain value
    if isinstance(value, list | tuple):
        return ", ".join(_text(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _whole(text: str) -> int:
    found = whole_number(text)
    if not found:
        raise NotFoundError("There is no entry of that number.")
    return found
