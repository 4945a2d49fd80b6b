"""Builders of notices."""

from datetime import UTC, date, datetime
from typing import Any

from governance.mail import Capacity, Notice, NoticeKind
from governance.profile import load_profile
from governance.requests.states import Status

PROFILE = load_profile()
BASE_URL = "https://portal.example.org"
WRITTEN_AT = datetime(2026, 3, 20, 10, 0, tzinfo=UTC)


def build_notice(**changes: Any) -> Notice:
    facts: dict[str, Any] = {
        "kind": NoticeKind.ACTION_WAITING,
        "capacity": Capacity.DATA_OWNER,
        "to": "p-sde",
        "to_name": "Robin Lee",
        "to_email": "robin.lee@example.org",
        "about": "Q0042",
        "title": "Attendance and first wages",
        "status": Status.OWNER_REVIEW,
        "path": "/requests/Q0042",
        "by": date(2026, 4, 3),
        "office": "SDE",
    }
    return Notice(**(facts | changes))
