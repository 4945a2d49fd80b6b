"""The destruction certificate: what was destroyed and how; what survives, where and until when."""

from dataclasses import dataclass
from datetime import date

from governance.papers import clauses
from governance.papers.model import (
    Block,
    Definitions,
    Paper,
    Prose,
    Section,
    SignatureLine,
    Signatures,
    Table,
    number_sections,
)
from governance.papers.words import day_words, text_or
from governance.profile import Profile
from governance.requests.making import submitted
from governance.requests.state import DataRequest


@dataclass(frozen=True, slots=True)
class Destroyed:
    """One thing that was destroyed."""

    what: str
    where: str
    how: str
    on: date


@dataclass(frozen=True, slots=True)
class Survivor:
    """One thing that is left.

    Attributes:
        until: When it is gone, in words or as an ISO date.
        protected: How nobody reads it until then.
    """

    what: str
    where: str
    until: str
    protected: str


@dataclass(frozen=True, slots=True)
class DestructionSource:
    """What a certificate is made from.

    Attributes:
        certified_by: Name of who certifies.
        capacity: In which capacity.
    """

    profile: Profile
    request: DataRequest
    version: int
    destroyed: tuple[Destroyed, ...]
    survives: tuple[Survivor, ...]
    certified_by: str
    capacity: str
    certified_on: date


def survives_words(survives: tuple[Survivor, ...]) -> str:
    """What is left in one sentence, as the ledger keeps it; `nothing` when nothing is."""
    if not survives:
        return "nothing"
    return "; ".join(f"{s.what} in {s.where} until {s.until} ({s.protected})" for s in survives)


def draft_destruction_certificate(source: DestructionSource) -> Paper:
    """The certificate as a paper; its digest is what is certified."""
    profile, request = source.profile, source.request
    version = request.version(source.version)
    content = (version.submitted or version.content) if version else request.latest.content
    due = day_words(content.destruction_on) if content.destruction_on else "not stated"
    ended = version.moved if version else None
    covered = request.to_destroy or ((version,) if version else ())
    agreements = [v.agreement.agreement for v in covered if v.agreement is not None]
    datasets = dict.fromkeys(d.dataset for v in covered for d in submitted(v).datasets)
    numbers = ", ".join(str(v.number) for v in covered)
    about = Definitions(
        items=(
            ("Request", f"{request.number}, version {numbers}: {text_or(content.title)}"),
            ("Recipient", text_or(content.organization)),
            ("Sharing agreement", ", ".join(agreements) or "none"),
            ("Use ended", f"{day_words(ended.on)}: {ended.reason}" if ended else "not recorded"),
            ("Due by", due),
            ("Data", ", ".join(datasets) or "none"),
        )
    )
    destroyed = Table(
        caption="Destroyed",
        head=("What", "Where it was", "How", "On"),
        rows=tuple((d.what, d.where, d.how, d.on.isoformat()) for d in source.destroyed),
        widths=(3, 3, 3, 2),
    )
    survives: Block = (
        Table(
            caption="Survives",
            head=("What", "Where", "Until", "How it is protected"),
            rows=tuple((s.what, s.where, s.until, s.protected) for s in source.survives),
            widths=(3, 3, 2, 3),
        )
        if source.survives
        else Prose(text="Nothing survives.")
    )
    line = SignatureLine(party="certifier", full_name=source.certified_by, capacity=source.capacity)
    sections = (
        Section(key="about", title="What it is about", blocks=(about,)),
        Section(key="destroyed", title="What was destroyed, and how", blocks=(destroyed,)),
        Section(key="survives", title="What survives, where and until when", blocks=(survives,)),
        Section(
            key="certified",
            title="Certified",
            blocks=(Prose(text=clauses.CERTIFIES), Signatures(lines=(line,))),
        ),
    )
    return Paper(
        id=profile.papers.destruction.format(number=request.number, version=source.version),
        kind="Destruction certificate",
        title=f"Destruction of the data of request {request.number}",
        programme=profile.name,
        issued_by=text_or(content.organization, "The recipient"),
        issued_on=source.certified_on,
        marking="The parties and the operating office",
        sections=number_sections(sections),
    )
