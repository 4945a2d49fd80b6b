"""The ledger in the database, at the command line: verify, checkpoint, show, prove, rebuild."""

import json
from pathlib import Path
from typing import Annotated

import typer

from governance.audit import LedgerReport, Tag, format_instant, verify_checkpoint
from governance.audit.erasures import REASON_WORDS, ErasureReason
from governance.canonical import Json
from governance.cli_session import As, AsJson, Home, session
from governance.errors import ExitCode
from governance.services import ledger
from governance.services.erasing import (
    OUTCOME_WORDS,
    AskedErasure,
    Erasable,
    ask_to_erase,
    confirm_erasure,
    drop_erasure,
    list_erasures,
)
from governance.signing import Envelope

Asked = Annotated[int, typer.Argument(help="Number of the entry that asks.", min=1)]
Seq = Annotated[int, typer.Argument(help="Number of the entry.", min=1)]


def register(ledger_app: typer.Typer) -> None:
    """Add these commands to `governance ledger`."""
    ledger_app.command("checkpoint")(checkpoint)
    ledger_app.command("key")(key)
    ledger_app.command("list")(list_entries)
    ledger_app.command("show")(show)
    ledger_app.command("prove")(prove)
    ledger_app.command("rebuild")(rebuild)
    ledger_app.command("erase")(erase)
    ledger_app.command("erasures")(erasures)
    ledger_app.command("confirm-erasure")(confirm)
    ledger_app.command("drop-erasure")(drop)


def verify_database(home: Path | None, anchors: list[Path], *, as_json: bool) -> None:
    """Verify the database's chain against itself, its checkpoints outside, its facts and lists."""
    with session(home, None, as_json=as_json, command="ledger verify", public=True) as here:
        keys = ledger.known_keys(here.programme)
        kept = [verify_checkpoint(Envelope.from_json(a.read_bytes()), keys) for a in anchors]
        report = ledger.verify(here.programme, anchors=kept)
        here.say(report.to_dict(), _lines(report))
        if not report.verified:
            raise typer.Exit(ExitCode.FAULT)


def checkpoint(
    out: Annotated[
        Path | None, typer.Option(help="Also write the signed checkpoint to this file.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring the public copy up to date and sign a checkpoint; keep one somewhere else.

    The copy lies in the policy zone under ledger/governance: whoever has it verifies it with
    `governance ledger verify FOLDER --key KEY`.
    """
    with session(home, None, as_json=as_json, command="ledger checkpoint", public=True) as here:
        made = ledger.make_checkpoint(here.programme)
        if made is None:
            here.say({"size": 0}, ["The chain is empty; there is nothing to sign."])
            return
        if out is not None:
            out.write_bytes(ledger.sealed_checkpoint(here.programme, made.size))
        facts: dict[str, Json] = {
            "size": made.size,
            "root": made.root,
            "head": made.head,
            "at": format_instant(made.at),
            "other_head": made.other_head,
            "key_id": here.programme.signer.public_key.key_id,
        }
        here.say(facts, [f"Signed over {made.size} entries; root {made.root}."])


def key(home: Home = None, as_json: AsJson = False) -> None:
    """Print the public key that verifies the checkpoints, as JWK."""
    with session(home, None, as_json=as_json, command="ledger key", public=True) as here:
        jwk = dict(here.programme.signer.public_key.to_dict())
        here.say({**jwk}, [json.dumps(jwk, sort_keys=True)])


def list_entries(
    tag: Annotated[list[Tag] | None, typer.Option(help="Only these; repeatable.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only about this id.")] = None,
    page: Annotated[int, typer.Option(min=1)] = 1,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List entries of the public chain, the newest first."""
    with session(home, None, as_json=as_json, command="ledger list", public=True) as here:
        found = ledger.list_entries(
            here.programme, here.actor, tags=tag or (), subject=subject, page=page, per_page=50
        )
        facts: dict[str, Json] = {
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
            "entries": [entry.to_dict() for entry in found.items],
        }
        lines = [f"{e.seq:>8} {e.at:%Y-%m-%d %H:%M} {e.tag} {e.subject}" for e in found.items]
        here.say(facts, [*lines, f"Page {found.page} of {found.pages}; {found.total} entries."])


def show(seq: Seq, home: Home = None, as_: As = None, as_json: AsJson = False) -> None:
    """Show an entry, with its facts where they are public or yours to read."""
    with session(home, as_, as_json=as_json, command="ledger show", public=True) as here:
        view = ledger.read_entry(here.programme, here.actor, seq)
        facts: dict[str, Json] = {
            "entry": view.entry.to_dict(),
            "facts": view.facts,
            "erased": view.erased,
        }
        told = "erased" if view.erased else "confidential"
        lines = [f"{name}: {value}" for name, value in view.entry.to_dict().items()]
        shown = told if view.facts is None else json.dumps(view.facts, indent=2, sort_keys=True)
        here.say(facts, [*lines, f"facts: {shown}"])


def prove(seq: Seq, home: Home = None, as_json: AsJson = False) -> None:
    """Print the proof that the newest checkpoint covers an entry (RFC 6962)."""
    with session(home, None, as_json=as_json, command="ledger prove", public=True) as here:
        proof = ledger.prove_inclusion(here.programme, seq)
        lines = [
            f"Entry {seq}, hash {proof.entry.hash}",
            f"is in the tree of {proof.checkpoint.size} entries with root {proof.checkpoint.root}:",
            *proof.path,
        ]
        here.say(proof.to_dict(), lines)


def rebuild(home: Home = None, as_json: AsJson = False) -> None:
    """Make what lists show anew from the entries; safe to repeat."""
    with session(home, None, as_json=as_json, command="ledger rebuild", public=True) as here:
        rows = here.programme.store.rebuild()
        here.say({"rows": rows}, [f"{rows} rows of lists were made from the ledger."])


def erase(
    what: Annotated[str, typer.Argument(help="Number of the entry, the request or the person.")],
    reason: Annotated[ErasureReason, typer.Option(help="Why; public, so one of these.")],
    words: Annotated[str, typer.Option(help="More about it; confidential.")] = "",
    kind: Annotated[
        Erasable, typer.Option(help="The facts of one entry, or a whole record that is over.")
    ] = Erasable.ENTRY,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Ask that facts be erased; another one of the office confirms it before anything goes."""
    with session(home, as_, as_json=as_json, command="ledger erase") as here:
        wanted = {"kind": kind.value, "what": what, "reason": reason.value, "words": words}
        asked = ask_to_erase(here.programme, here.actor, wanted)
        line = f"Asked by entry {asked.seq}. Another one of the office confirms it: "
        here.say(_erasure(asked), [f"{line}`governance ledger confirm-erasure {asked.seq}`."])


def erasures(home: Home = None, as_: As = None, as_json: AsJson = False) -> None:
    """List what was asked to be erased, the newest first."""
    with session(home, as_, as_json=as_json, command="ledger erasures") as here:
        found = list_erasures(here.programme, here.actor)
        lines = [
            f"{a.seq:>8} {a.at:%Y-%m-%d %H:%M} {a.kind} {a.what}: {REASON_WORDS[a.reason]}; asked "
            f"by {a.by}; {OUTCOME_WORDS[a.outcome]}"
            for a in found
        ]
        here.say({"erasures": [_erasure(a) for a in found]}, lines or ["Nothing was asked."])


def confirm(asked: Asked, home: Home = None, as_: As = None, as_json: AsJson = False) -> None:
    """Erase what somebody else asked for; entries stay, and others say that and why."""
    with session(home, as_, as_json=as_json, command="ledger confirm-erasure") as here:
        erased = confirm_erasure(here.programme, here.actor, asked)
        here.say({"asked": asked, "entries": erased}, [f"Erased the facts of {erased} entries."])


def drop(asked: Asked, home: Home = None, as_: As = None, as_json: AsJson = False) -> None:
    """Lay aside what was asked to be erased."""
    with session(home, as_, as_json=as_json, command="ledger drop-erasure") as here:
        drop_erasure(here.programme, here.actor, asked)
        here.say({"asked": asked, "dropped": True}, ["Dropped; nothing was erased."])


def _erasure(asked: AskedErasure) -> dict[str, Json]:
    return {
        "asked": asked.seq,
        "at": format_instant(asked.at),
        "by": asked.by,
        "kind": asked.kind,
        "what": asked.what,
        "reason": asked.reason.value,
        "words": asked.words,
        "outcome": asked.outcome.value,
    }


def _lines(report: LedgerReport) -> list[str]:
    lines = [f"{p.kind.value} entry {p.seq}: {p.detail}" for p in report.problems]
    verdict = "The ledger verifies." if report.verified else "The ledger DOES NOT verify."
    counts = (
        f"{report.entries} entries, {report.payloads} with facts, {report.erased} erased; "
        f"{report.last_checkpoint} covered by a signed checkpoint outside. {verdict}"
    )
    return [*lines, counts, report.cannot_find]
