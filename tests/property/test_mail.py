"""Whatever is typed into a title, a name or an agency, a mail keeps headers and both its forms."""

from email import message_from_bytes
from email.policy import default
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.mail import MailRefusedError, Message, NoticeKind, compose
from governance.mail.message import mail_bytes, one_line
from governance.mail.notices import Capacity, notice_to
from tests.lib.notices import BASE_URL, PROFILE, WRITTEN_AT, build_notice

HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
    "MIME-Version", "Content-Type",
}  # fmt: skip
NASTY = st.sampled_from(
    ["\r\nBcc: all@example.org", "\n\n<script>alert(1)</script>", "\x00", "\u2028", "=?utf-8?q?x?=",
     "</main><h1>", "a\u202eb", "\ud800", '"', ",", ";", "<x@y.org>", "{about}", "{0}", "%s"]
)  # fmt: skip
TEXTS = st.lists(st.text(max_size=30) | NASTY, min_size=1, max_size=6).map("".join)
WORDS = TEXTS.filter(lambda t: bool(one_line(t)))


@given(title=TEXTS, name=WORDS, office=TEXTS, kind=st.sampled_from(NoticeKind))
def test_no_words_reach_a_header_or_the_markup(
    title: str, name: str, office: str, kind: NoticeKind
) -> None:
    facts = {"title": one_line(title), "office": one_line(office), "to_name": one_line(name)}
    notice = build_notice(kind=kind, days=1, **facts)
    message = compose(notice, PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    content = mail_bytes(message, "programme@example.org", PROFILE.name)
    mail = message_from_bytes(content, policy=default)
    assert set(mail.keys()) == HEADERS
    assert all(len(mail.get_all(h) or []) == 1 for h in HEADERS)
    assert [a.addr_spec for a in mail["To"].addresses] == ["robin.lee@example.org"]
    assert [p.get_content_type() for p in mail.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]  # it is there, above
    assert html.count("<h1") == html.count("</main>") == 1
    assert "<script" not in html
    if notice.title and notice.starts_at is None and kind is not NoticeKind.SUBMISSION_REJECTED:
        assert notice.title in unescape(html)


@given(TEXTS, st.integers(2, 200))
def test_one_line_is_one_line(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest
    assert line == " ".join(line.split())
    assert len(line.splitlines()) <= 1
    assert one_line(line, longest) == line


@given(TEXTS)
def test_a_header_of_more_than_one_line_is_refused(text: str) -> None:
    message = compose(build_notice(), PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    facts = message.model_dump() | {"subject": text}
    if one_line(text, 10_000) != text or not text:
        with pytest.raises(ValueError, match="validation error"):
            Message(**facts | {"subject": f"a\r\n{text}"})
    else:
        mail_bytes(Message(**facts), "programme@example.org", "P")


@pytest.mark.parametrize(
    "email",
    [
        "a,b@example.org",
        "a@b.org>",
        "ä@example.org",
        "a@exämple.org",
        "a@[::1]",
    ],
)
def test_an_address_is_a_plain_one_or_the_mail_is_refused(email: str) -> None:
    message = compose(build_notice(to_email=email), PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    with pytest.raises(MailRefusedError) as error:
        mail_bytes(message, "programme@example.org", "P")
    assert email not in str(error.value)


def test_a_notice_to_a_person_makes_lines_of_what_was_typed() -> None:
    from governance.permissions.cast import CAST

    person = CAST["the owner"].person
    assert person is not None
    notice = notice_to(
        person, NoticeKind.DECIDED, Capacity.DATA_OWNER,
        about="Q1", title="One\r\ntwo", office="S\u2028DE", path="/requests/Q1",
    )  # fmt: skip
    assert (notice.title, notice.office, notice.to) == ("One two", "S DE", "owner")
