"""Pages of the portal that mails lead to, in one place; a test looks each of them up there."""

from typing import Final

REQUEST: Final = "/requests/{number}"
REQUESTS: Final = "/requests"
MEETING: Final = "/meetings/{meeting}"
SUBMISSIONS: Final = "/agency/submissions"
PAGES: Final = (REQUEST, REQUESTS, MEETING, SUBMISSIONS)


def request_path(number: str) -> str:
    """A request's page."""
    return REQUEST.format(number=number)


def meeting_path(meeting: str) -> str:
    """A meeting's page."""
    return MEETING.format(meeting=meeting)
