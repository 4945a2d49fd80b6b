"""The exhibits of a sharing agreement: request, acknowledgement, statements, IRB, certificate."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from governance.papers import clauses
from governance.papers.confidentiality import nda_blocks
from governance.papers.model import (
    Block,
    Definitions,
    Exhibit,
    Items,
    Prose,
    Section,
    SignatureLine,
    Signatures,
    Table,
    key_of,
)
from governance.papers.scope import (
    PERSON_ROLES,
    data_sections,
    form_terms,
    people_table,
    purpose_terms,
)
from governance.requests.making import content_digest
from governance.requests.model import RequestContent, RequestPerson
from governance.requests.precheck import PrecheckReport

if TYPE_CHECKING:
    from governance.papers.sharing import SharingSource


def sharing_exhibits(
    source: "SharingSource", content: RequestContent, report: PrecheckReport
) -> tuple[Exhibit, ...]:
    """Exhibits A to E."""
    return (
        Exhibit(
            letter="A",
            title="Approved request with requested variables",
            sections=tuple(_request(source, content, report)),
        ),
        Exhibit(letter="B", title="User acknowledgement", sections=(_acknowledgement(content),)),
        Exhibit(
            letter="C",
            title="Confidentiality and non-disclosure statements",
            sections=(
                Section(key="c-statement", title="The statement", blocks=nda_blocks()),
                *(_statement(p) for p in content.people),
            ),
        ),
        Exhibit(letter="D", title="Institutional review board", sections=(_review_board(source),)),
        Exhibit(
            letter="E", title="Form of the destruction certificate", sections=(_certificate(),)
        ),
    )


def _request(
    source: "SharingSource", content: RequestContent, report: PrecheckReport
) -> Iterator[Section]:
    version = source.request.version(source.version)
    decided = version.decided if version else None
    facts = [
        ("Number", source.request.number),
        ("Version", str(source.version)),
        ("Digest of the approved content", content_digest(content)),
    ]
    if decided is not None:
        facts.append(("Decided on", decided.decided_on.isoformat()))
        facts.append(("Motion", decided.motion or "none"))
    yield Section(
        key="a-request",
        title="The request",
        blocks=(Definitions(items=tuple(facts)), form_terms(content)),
    )
    yield Section(key="a-purpose", title="Purpose", blocks=(purpose_terms(content),))
    yield Section(key="a-persons", title="Persons", blocks=(people_table(content),))
    variables = data_sections(content, source.contracts, report, source.profile, prefix="a")
    yield Section(key="a-variables", title="Requested variables", sections=variables)


def _acknowledgement(content: RequestContent) -> Section:
    blocks: tuple[Block, ...] = (
        Prose(text="Each person who uses the data acknowledges:"),
        Items(items=clauses.ACKNOWLEDGEMENT, ordered=True),
        Table(
            caption="To be acknowledged by",
            head=("Name", "Role"),
            rows=tuple((p.name, PERSON_ROLES[p.role]) for p in content.people),
        ),
    )
    return Section(key="b-acknowledgement", title="Acknowledgement", blocks=blocks)


def _statement(person: RequestPerson) -> Section:
    line = SignatureLine(
        party=f"nda:{person.id}", full_name=person.name, capacity=f"{person.employer}, Exhibit C"
    )
    return Section(
        key=key_of("c-person", person.id), title=person.name, blocks=(Signatures(lines=(line,)),)
    )


def _review_board(source: "SharingSource") -> Section:
    filed = source.irb or "Nothing is on file yet."
    blocks = (Prose(text=clauses.IRB_NEEDED), Definitions(items=(("On file", filed),)))
    return Section(key="d-irb", title="Approval, where needed", blocks=blocks)


def _certificate() -> Section:
    blocks: tuple[Block, ...] = (
        Prose(text=clauses.CERTIFIES),
        Table(
            caption="Destroyed",
            head=("What", "Where it was", "How", "On"),
            rows=(("\n",) * 4,) * 3,
        ),
        Table(
            caption="Survives (write “nothing” when nothing does)",
            head=("What", "Where", "Until when", "How it is protected"),
            rows=(("\n",) * 4,) * 2,
        ),
        Signatures(
            lines=(
                SignatureLine(
                    party="form:certificate",
                    full_name="For the recipient",
                    capacity="Authorized representative",
                ),
            )
        ),
    )
    return Section(key="e-certificate", title="Certificate", blocks=blocks)
