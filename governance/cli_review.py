"""Reviews and signatures at the command line."""

from pathlib import Path
from typing import Annotated

import typer

from governance.canonical import Json
from governance.cli_session import As, AsJson, Home, Session, Version, session
from governance.errors import DocumentError
from governance.requests.events import ReviewChoice
from governance.requests.states import Act
from governance.services.agreements import (
    read_agreement,
    sign_agreement,
)
from governance.services.requests import RequestView, act_on_request, read_request
from governance.services.statements import PersonsStatement, read_statement, sign_nda

review_app = typer.Typer(help="Reviews of data requests.", no_args_is_help=True)
sign_app = typer.Typer(help="Signatures.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The request's number.")]
TypedName = Annotated[
    str | None,
    typer.Option(help="Sign: your own name, typed as it stands on your record."),
]
Digest = Annotated[
    str | None, typer.Option(help="Of the text you read, as printed without --name.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(review_app, name="review")
    app.add_typer(sign_app, name="sign")


@review_app.command("complete")
def complete(
    number: Number,
    version: Version = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Find a submitted request complete: its owners review next (the operating office)."""
    with session(home, as_, as_json=as_json, command="review complete") as here:
        p, actor = here.programme, here.actor
        answer(here, act_on_request(p, actor, number, Act.ACCEPT_COMPLETE, version=version))


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
