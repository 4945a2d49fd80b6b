"""Forward a public-records request: mails to the agencies' records offices, or to our own office.

The words of the request and who asked lie in the outbox alone, and are forgotten there like every
other mail's.
"""

from html import escape
from typing import Final

from governance.mail.message import Message, message_id, one_line
from governance.papers.records import RecordsRequest, RoutedRequest, forwarded_words
from governance.profile import Agency
from governance.services.outbox import enqueue_mail
from governance.services.programme import Programme
from governance.store import UnitOfWork

_TOPIC: Final = "records_request"


def forward_request(
    p: Programme, unit: UnitOfWork, asked: RecordsRequest, routed: RoutedRequest
) -> None:
    """Queue one mail an agency, in the running transaction; the same request is forwarded once.

    An agency without an address is the office's task: the office gets the mail, to forward it.
    """
    for agency in routed.agencies:
        enqueue_mail(p, unit, _mail(p, asked, routed, agency))


def _mail(p: Programme, asked: RecordsRequest, routed: RoutedRequest, agency: Agency) -> Message:
    profile, address = p.profile, agency.records.email
    words = forwarded_words(profile, asked, agency)
    subject = f"Public-records request {asked.reference} for {agency.name}"
    name = f"{agency.records.title}, {agency.name}"
    if address is None:
        name = profile.office.name
        subject = f"To forward: {subject}"
        words = (
            (
                f"The programme's profile has no address of the public-records office of "
                f"{agency.name}. Forward this by hand, and add the address to the profile."
            ),
            *words,
        )
    return Message(
        id=message_id(_TOPIC, asked.reference, agency.id, routed.letter.digest),
        at=p.clock(),
        to=address or profile.office.email,
        to_name=one_line(name),
        subject=one_line(f"[{profile.name}] {subject}"),
        text="\n\n".join(words) + "\n",
        html=_html(subject, words),
        topic=_TOPIC,
    )


def _html(subject: str, words: tuple[str, ...]) -> str:
    said = "".join(f'<p style="white-space:pre-wrap">{escape(w)}</p>\n' for w in words)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(subject)}</title>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(subject)}</h1>\n{said}</main>\n</body>\n</html>\n"
    )
