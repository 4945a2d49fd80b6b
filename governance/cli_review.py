"""Reviews of requests and of outputs, and signatures, at the command line."""

from pathlib import Path
from typing import Annotated

import typer

from governance.canonical import Json
from governance.cli_session import As, AsJson, Home, Session, Version, session
from governance.errors import DocumentError
from governance.portal.uploads import check_kind
from governance.register.proposals import Proposal
from governance.requests.events import ReviewChoice
from governance.requests.states import Act
from governance.services.agreements import (
    read_agreement,
    sign_agreement,
)
from governance.services.attachments import Upload
from governance.services.publications import (
    find_publication,
    list_publications,
    propose_publication,
    record_publication,
    see_publication,
    withdraw_publication,
)
from governance.services.requests import RequestView, act_on_request, read_request
from governance.services.statements import PersonsStatement, read_statement, sign_nda

review_app = typer.Typer(help="Reviews of data requests.", no_args_is_help=True)
sign_app = typer.Typer(help="Signatures.", no_args_is_help=True)
publication_app = typer.Typer(
    help="Publications: each contributing agency sees an output first.", no_args_is_help=True
)

Number = Annotated[str, typer.Argument(help="The request's number.")]
TypedName = Annotated[
    str | None,
    typer.Option(help="Sign: your own name, typed as it stands on your record."),
]
Publication = Annotated[str, typer.Argument(help="The proposal's id.")]
Digest = Annotated[
    str | None, typer.Option(help="Of the text you read, as printed without --name.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(review_app, name="review")
    app.add_typer(sign_app, name="sign")
    app.add_typer(publication_app, name="publication")


@review_app.command("complete")
def complete(
    number: Number,
    same: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMED=PERSON",
            help="Whose address is on record: who it is, or their own id for somebody else.",
        ),
    ] = None,
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Find a submitted request complete: its owners review next (the operating office)."""
    with session(home, as_, as_json=as_json, command="review complete") as here:
        p, actor = here.programme, here.actor
        facts = {"same": dict(one.partition("=")[::2] for one in same or ())}
        view = act_on_request(p, actor, number, Act.ACCEPT_COMPLETE, facts, version=version)
        answer(here, view)


@review_app.command("return")
def send_back(
    number: Number,
    mend: Annotated[list[str], typer.Option(help="What to mend; may be given several times.")],
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Send a request back with what to mend (the operating office)."""
    with session(home, as_, as_json=as_json, command="review return") as here:
        p, facts = here.programme, {"mend": mend}
        view = act_on_request(p, here.actor, number, Act.RETURN, facts, version=version)
        answer(here, view)


@review_app.command("part")
def part(
    number: Number,
    choice: Annotated[ReviewChoice, typer.Argument(help="The owner's decision.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the record.")],
    agency: Annotated[
        str | None, typer.Option(help="Whose part; unset: your own agency's.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="What must be met before access; several times.")
    ] = None,
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Decide on an agency's own part (its data owner, or the alternate of a recused one)."""
    with session(home, as_, as_json=as_json, command="review part") as here:
        facts = {
            "agency": agency or here.actor.agency or "",
            "choice": choice.value,
            "reason": reason,
            "conditions": condition or [],
        }
        p = here.programme
        view = act_on_request(p, here.actor, number, Act.REVIEW_PART, facts, version=version)
        answer(here, view)


@sign_app.command("agreement")
def agreement(
    number: Number,
    party: Annotated[
        str | None, typer.Option(help="For whom; unset: the only party you sign for.")
    ] = None,
    name: TypedName = None,
    digest: Digest = None,
    pdf: Annotated[
        Path | None,
        typer.Option(help="Sign by filing the signed PDF instead.", exists=True, dir_okay=False),
    ] = None,
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Read a sharing agreement, or with --name (or --pdf) and --digest sign it for a party."""
    with session(home, as_, as_json=as_json, command="sign agreement") as here:
        p, actor = here.programme, here.actor
        if name is None and pdf is None:
            paper = read_agreement(p, actor, number, version=version)
            if paper is None:
                raise DocumentError("The sharing agreement did not go out yet.")
            view = read_request(p, actor, number)
            _show(here, paper.id, paper.digest, _unsigned(view, version))
            return
        view = sign_agreement(
            p,
            actor,
            number,
            party or _only_party(here, read_request(p, actor, number), version),
            digest=_needed(digest),
            name=name or "",
            signed_pdf=pdf.read_bytes() if pdf else None,
            version=version,
        )
        answer(here, view)


@sign_app.command("nda")
def nda(
    number: Number,
    name: TypedName = None,
    digest: Digest = None,
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Read your own confidentiality statement, or with --name and --digest sign it."""
    with session(home, as_, as_json=as_json, command="sign nda") as here:
        p, actor = here.programme, here.actor
        if name is None:
            own = read_statement(p, actor, number, actor.by, version=version)
            if own is None:
                raise DocumentError("It is signed once the sharing agreement is out.")
            _show_statement(here, own)
            return
        view = sign_nda(p, actor, number, digest=_needed(digest), name=name, version=version)
        answer(here, view)


@publication_app.command("list")
def publications(
    number: Number, home: Home = None, as_: As = None, as_json: AsJson = False
) -> None:
    """A request's publications, proposed and recorded, the newest first."""
    with session(home, as_, as_json=as_json, command="publication list") as here:
        found = list_publications(here.programme, here.actor, number)
        told: list[Json] = [_facts(here, one) for one in found]
        here.say({"publications": told}, [_line(here, one) for one in found] or ["None yet."])


@publication_app.command("propose")
def propose(
    number: Number,
    title: Annotated[str, typer.Option(help="Of the output.")],
    kind: Annotated[str, typer.Option(help="Of the output: article, report, brief, …")],
    venue: Annotated[str, typer.Option(help="Where it will appear.")],
    planned_on: Annotated[str, typer.Option(help="The day it is meant to, as 2026-05-31.")],
    file: Annotated[
        Path | None,
        typer.Option(help="The output; it is filed as a confidential document.", exists=True),
    ] = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Propose a publication of a granted request; its agencies look at it next."""
    with session(home, as_, as_json=as_json, command="publication propose") as here:
        output = None
        if file is not None:
            content = file.read_bytes()
            output = Upload("output", file.name, check_kind(file.name, content), content)
        facts = {"title": title, "kind": kind, "venue": venue, "planned_on": planned_on}
        p, actor = here.programme, here.actor
        _tell(here, propose_publication(p, actor, number, facts, output=output))


@publication_app.command("seen")
def seen(
    number: Number,
    publication: Publication,
    comment: Annotated[str, typer.Option(help="To the project; it may be empty.")] = "",
    agency: Annotated[str | None, typer.Option(help="Unset: your own.")] = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Note for your agency that it saw an output (its data owner)."""
    with session(home, as_, as_json=as_json, command="publication seen") as here:
        p, actor = here.programme, here.actor
        noted = see_publication(p, actor, number, publication, comment=comment, agency=agency)
        _tell(here, noted)


@publication_app.command("withdraw")
def withdraw(
    number: Number,
    publication: Publication,
    reason: Annotated[str, typer.Option(help="Why.")],
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Take a proposal back; a changed output is proposed anew."""
    with session(home, as_, as_json=as_json, command="publication withdraw") as here:
        p, actor = here.programme, here.actor
        _tell(here, withdraw_publication(p, actor, number, publication, reason))


@publication_app.command("record")
def record(
    number: Number,
    publication: Publication,
    address: Annotated[str, typer.Option(help="Where it appeared: https://…")],
    published_on: Annotated[str, typer.Option(help="When, as 2026-05-31; not in the future.")],
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Record that an output appeared, once every agency saw it (the operating office)."""
    with session(home, as_, as_json=as_json, command="publication record") as here:
        p, actor = here.programme, here.actor
        facts = {"address": address, "published_on": published_on}
        record_publication(p, actor, number, publication, facts)
        _tell(here, find_publication(p, actor, number, publication))


def _tell(here: Session, one: Proposal) -> None:
    here.say(_facts(here, one), [_line(here, one)])


def _facts(here: Session, one: Proposal) -> dict[str, Json]:
    review = here.programme.profile.publication_review
    return {
        "publication": one.facts.publication,
        "number": one.facts.request,
        "title": one.facts.title,
        "state": one.state(here.programme.today, review).value,
        "due_on": one.facts.due_on.isoformat(),
        "seen": {agency: note.comment for agency, note in one.seen.items()},
        "unseen": list(one.unseen),
        "published_on": one.published.published_on.isoformat() if one.published else None,
    }


def _line(here: Session, one: Proposal) -> str:
    profile, today = here.programme.profile, here.programme.today
    state = one.state(today, profile.publication_review).value
    line = f"{one.facts.publication}  {state}  {one.facts.title}"
    if one.is_open and one.unseen:
        codes = ", ".join(profile.agency_code(a) for a in one.unseen)
        line += f" (not seen by {codes}, by {one.facts.due_on})"
    return line


def answer(here: Session, view: RequestView) -> None:
    """Say where a request stands now, and who acts next."""
    latest = view.latest
    facts: dict[str, Json] = {
        "number": view.request.number,
        "version": latest.number,
        "status": latest.status.value,
        "next": view.next,
        "position": view.position,
        "to_review": list(latest.to_review),
    }
    status = latest.status.value.replace("_", " ")
    lines = [f"{view.request.number} version {latest.number} is {status}.", f"Next: {view.next}"]
    here.say(facts, lines)


def _show_statement(here: Session, own: PersonsStatement) -> None:
    paper, standing = own.paper, own.standing
    facts: dict[str, Json] = {
        "document": paper.id,
        "digest": paper.digest,
        "accepted": own.accepted,
        "again": standing.again,
        "news": list(paper.news),
    }
    lines = [f"{paper.id}, digest {paper.digest}"]
    if own.accepted:
        lines.append(f"You signed it on {standing.signed_on}; nothing is left to sign.")
    else:
        lines += [paper.news_title, *(f"- {item}" for item in paper.news)] if paper.news else []
        lines.append("Read it in the portal, then sign it yourself: add --name and --digest.")
    here.say(facts, lines)


def _show(here: Session, paper: str, digest: str, unsigned: tuple[str, ...]) -> None:
    facts: dict[str, Json] = {"document": paper, "digest": digest, "unsigned": list(unsigned)}
    lines = [f"{paper}, digest {digest}"]
    if unsigned:
        lines.append(f"Waits for: {', '.join(unsigned)}")
    lines.append("Read it in the portal, then sign: add --name and --digest.")
    here.say(facts, lines)


def _unsigned(view: RequestView, version: int | None) -> tuple[str, ...]:
    meant = view.latest if version is None else view.request.version(version)
    sent = meant.agreement if meant else None
    return tuple(x for x in sent.parties if meant and x not in meant.signatures) if sent else ()


def _only_party(here: Session, view: RequestView, version: int | None) -> str:
    person = here.actor.person
    own = [x for x in _unsigned(view, version) if person and x in person.parties]
    if len(own) == 1:
        return own[0]
    raise DocumentError(
        "Name --party: for whom do you sign?",
        problems=tuple(f"party: {x}" for x in own) or ("party: none of yours waits",),
    )


def _needed(digest: str | None) -> str:
    if digest is None:
        raise DocumentError(
            "Name the --digest of the text you read; without --name the command prints it."
        )
    return digest
