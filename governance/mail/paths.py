"""Pages of the portal that mails lead to, in one place; a test looks each of them up there."""

from typing import Final

from governance.mail.notices import NoticeKind

REQUEST: Final = "/requests/{number}"
AGREEMENT: Final = "/requests/{number}/agreement"
NDA: Final = "/requests/{number}/nda"
DESTRUCTION: Final = "/requests/{number}/destruction"
PUBLICATION: Final = "/requests/{number}/publications/{publication}"
AGENCY: Final = "/agency"
REQUESTS: Final = "/requests"
MEETING: Final = "/boards/{body}/meetings/{meeting}"
PACKET: Final = "/boards/{body}/meetings/{meeting}/papers/packet"
SUBMISSIONS: Final = "/agency/submissions"
WAITING: Final = "/office/waiting"
MATCHES: Final = "/office/matches"
PAGES: Final = (
    REQUEST,
    AGREEMENT,
    NDA,
    DESTRUCTION,
    PUBLICATION,
    REQUESTS,
    MEETING,
    PACKET,
    AGENCY,
    SUBMISSIONS,
    WAITING,
    MATCHES,
)
_OWN: Final = {
    NoticeKind.AGREEMENT_TO_SIGN: AGREEMENT,
    NoticeKind.NDA_MISSING: NDA,
    NoticeKind.NDA_AGAIN: NDA,
    NoticeKind.DESTRUCTION_DUE: DESTRUCTION,
    NoticeKind.LEAVER_ELSEWHERE: f"{WAITING}?queue=leavers",
}


def request_path(number: str, kind: NoticeKind | None = None) -> str:
    """A request's page, or the one of it where a notice's addressee does what is asked."""
    page = REQUEST if kind is None else _OWN.get(kind, REQUEST)
    return page.format(number=number)


def publication_path(number: str, publication: str) -> str:
    """The page of a proposed publication, where each addressee does what is asked."""
    return PUBLICATION.format(number=number, publication=publication)


def meeting_path(body: str, meeting: str, kind: NoticeKind) -> str:
    """A meeting's page, or its packet."""
    page = PACKET if kind is NoticeKind.PACKET_READY else MEETING
    return page.format(body=body, meeting=meeting)
