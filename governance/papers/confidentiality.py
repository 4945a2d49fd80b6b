"""The confidentiality and non-disclosure statement, one a person."""

from dataclasses import dataclass
from datetime import date

from governance.papers import clauses
from governance.papers.model import (
    Definitions,
    Items,
    Paper,
    Prose,
    Section,
    SignatureLine,
    Signatures,
    number_sections,
)
from governance.papers.scope import PERSON_ROLES
from governance.profile import Profile
from governance.requests.model import RequestPerson


@dataclass(frozen=True, slots=True)
class NdaSource:
    """What a person's statement is made from.

    Attributes:
        agreement: Id of the sharing agreement it belongs to.
        agreement_digest: Of that agreement's text.
        terms_digest: Of what of it binds a person; None where none was recorded.
        news: What is new in the terms since the person's last signature, in words.
        news_title: What `news` is measured against.
    """

    profile: Profile
    number: str
    title: str
    person: RequestPerson
    agreement: str
    agreement_digest: str
    drafted_on: date
    terms_digest: str | None = None
    news: tuple[str, ...] = ()
    news_title: str = ""


def draft_nda(source: NdaSource) -> Paper:
    """The statement as a paper of its own; the person signs its digest."""
    person, profile = source.person, source.profile
    facts = [
        ("Person", person.name),
        ("Employer", person.employer),
        ("Role in the project", PERSON_ROLES[person.role]),
        ("Project", f"{source.number}: {source.title}"),
        ("Sharing agreement", source.agreement),
        ("Digest of that agreement", source.agreement_digest),
    ]
    if source.terms_digest is not None:
        facts.append(("Digest of its terms", source.terms_digest))
    about = Definitions(items=tuple(facts))
    line = SignatureLine(party=person.id, full_name=person.name, capacity=person.employer)
    sections = (
        Section(key="about", title="Who and what", blocks=(about,)),
        Section(key="statement", title="Statement", blocks=nda_blocks()),
        Section(key="signature", title="Signature", blocks=(Signatures(lines=(line,)),)),
    )
    return Paper(
        id=profile.papers.nda.format(number=source.number, person=person.id),
        kind="Confidentiality and non-disclosure statement",
        title=f"Confidentiality and non-disclosure: {person.name}",
        subtitle=f"For request {source.number}",
        programme=profile.name,
        issued_by=profile.office.name,
        issued_on=source.drafted_on,
        marking="The person, the parties and the operating office",
        note=profile.placeholder or "",
        sections=number_sections(sections),
        news=source.news,
        news_title=source.news_title,
    )


def nda_blocks() -> tuple[Prose, Items]:
    """The words of the statement."""
    return (Prose(text="I declare:"), Items(items=clauses.NDA, ordered=True))
