"""Pages of the portal that mails lead to, in one place; a test looks each of them up there."""

from typing import Final

from governance.mail.notices import NoticeKind

REQUEST: Final = "/requests/{number}"
AGREEMENT: Final = "/requests/{number}/agreement"
NDA: Final = "/requests/{number}/nda"
REQUESTS: Final = "/requests"
MEETING: Final = "/meetings/{meeting}"
SUBMISSIONS: Final = "/agency/submissions"
PAGES: Final = (REQUEST, AGREEMENT, NDA, REQUESTS, MEETING, SUBMISSIONS)
_OWN: Final = {NoticeKind.AGREEMENT_TO_SIGN: AGREEMENT, NoticeKind.NDA_MISSING: NDA}


def request_path(number: str, kind: NoticeKind | None = None) -> str:
    """A request's page, or the one of it where a notice's addressee does what is asked."""
    page = REQUEST if kind is None else _OWN.get(kind, REQUEST)
    return page.format(number=number)


def meeting_path(meeting: str) -> str:
    """A meeting's page."""
    return MEETING.format(meeting=meeting)
