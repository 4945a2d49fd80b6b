"""From a notice to a mail: plain text, and HTML that says the same and reads aloud well."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape

from governance.calendar import LEGAL_ZONE
from governance.mail.message import Message, one_line
from governance.mail.notices import Notice, NoticeKind, day_words, instant_words
from governance.mail.words import STEPS, WHY, WORDS, Words
from governance.profile import Profile

_STYLE = "font-family:sans-serif;font-size:16px;line-height:1.5;color:#1b1b1b;max-width:40em"


@dataclass(frozen=True, slots=True)
class _Letter:
    """What both forms of a mail say."""

    subject: str
    news: str
    lines: tuple[tuple[str, str], ...]
    link: str


def compose(notice: Notice, profile: Profile, *, base_url: str, at: datetime) -> Message:
    """The mail of a notice.

    Args:
        notice: Who is told what.
        profile: The programme: its name and office.
        base_url: The portal's address, without a slash at the end.
        at: When it is written, UTC.
    """
    words, facts = words_of(notice), _facts(notice)
    news = words.news.format(**facts)
    if notice.kind is NoticeKind.OVERDUE:
        news = f"Overdue by {_count_of_days(notice.days)}: {news}"
    letter = _Letter(
        subject=one_line(f"[{profile.name}] {news}"),
        news=news,
        lines=tuple(_lines(notice, words, facts)),
        link=f"{base_url}{notice.path}",
    )
    return Message(
        id=notice.once,
        at=at,
        to=notice.to_email,
        to_name=notice.to_name,
        subject=letter.subject,
        text=_text(notice, letter, profile),
        html=_html(notice, letter, profile),
        topic=notice.kind.value,
    )


def words_of(notice: Notice) -> Words:
    """The words of a notice: of its kind, or of the step that waits."""
    if notice.kind in (NoticeKind.ACTION_WAITING, NoticeKind.OVERDUE):
        if notice.status is None:
            raise ValueError("a waiting step names its status")
        return STEPS[notice.status]
    return WORDS[notice.kind]


def _facts(notice: Notice) -> dict[str, str]:
    starts = notice.starts_at.astimezone(LEGAL_ZONE) if notice.starts_at else None
    status = notice.status.value.replace("_", " ") if notice.status else ""
    return {
        "about": notice.about,
        "title": notice.title or "The board",
        "status": status,
        "office": notice.office or "your office",
        "dataset": (notice.dataset or "").replace("_", " "),
        "count_of_days": _count_of_days(notice.days),
        "in_days": f"in {_count_of_days(notice.days)}" if notice.days else "today",
        "count": _counted(notice.count),
        "n": str(notice.count or 0),
        "others": ", ".join(notice.others),
        "on": day_words(notice.on) if notice.on else "",
        "starts": instant_words(starts) if starts else "",
    }


def _counted(count: int | None) -> str:
    return "something" if not count else f"{count} thing{'' if count == 1 else 's'}"


def _lines(notice: Notice, words: Words, facts: dict[str, str]) -> Iterator[tuple[str, str]]:
    if notice.status is not None or notice.kind is not NoticeKind.SUBMISSION_REJECTED:
        title = f": {notice.title}" if notice.title and not notice.starts_at else ""
        yield "About", f"{notice.about}{title}"
    if facts["status"]:
        yield "Status", facts["status"]
    yield "What to do", words.do.format(**facts)
    if notice.by_at is not None:
        yield "By when", instant_words(notice.by_at.astimezone(LEGAL_ZONE))
    elif notice.by is not None:
        yield "By when", f"{day_words(notice.by)}, end of the day (Eastern time)"
    if notice.because:
        yield "How that comes", notice.because
    yield "What happens then", words.then.format(**facts)
    why = WHY[notice.capacity].format(**facts)
    yield "Why you get this", f"{why[0].upper()}{why[1:]}."


def _text(notice: Notice, letter: _Letter, profile: Profile) -> str:
    body = [f"For {notice.to_name}", "", f"{letter.news}.", ""]
    for label, words in letter.lines:
        body += [f"{label}: {words}", ""]
    body += [f"Open it: {letter.link}", "", "-- ", *_footer(profile)]
    return "\n".join(body) + "\n"


def _footer(profile: Profile) -> Iterator[str]:
    yield f"{profile.name}, {profile.office.name}"
    yield f"Questions: {profile.office.email}"
    yield "This mail carries no data. It was written by the programme's clock; do not reply to it."


def _html(notice: Notice, letter: _Letter, profile: Profile) -> str:
    rows = "".join(
        f'<p style="margin:0 0 1em"><strong>{escape(label)}</strong><br>{escape(words)}</p>\n'
        for label, words in letter.lines
    )
    footer = "<br>\n".join(escape(line) for line in _footer(profile))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(letter.subject)}</title>\n</head>\n<body>\n"
        f'<main style="{_STYLE}">\n<p>For {escape(notice.to_name)}</p>\n'
        f'<h1 style="font-size:1.4em">{escape(letter.news)}</h1>\n{rows}'
        f'<p><a href="{escape(letter.link)}" style="color:#005ea2">Open {escape(notice.about)} '
        "in the portal</a></p>\n"
        f'<hr>\n<p style="color:#565c65;font-size:0.9em">{footer}</p>\n</main>\n</body>\n</html>\n'
    )


def _count_of_days(days: int | None) -> str:
    """`1 day`, `12 days`; empty without a number."""
    return "" if days is None else f"{days} {'day' if days == 1 else 'days'}"
