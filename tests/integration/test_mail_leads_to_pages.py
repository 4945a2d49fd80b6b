"""Every page that a mail leads to is a page of the portal."""

import re

from governance.mail.notices import NoticeKind
from governance.mail.paths import PAGES, request_path
from governance.portal import create_app
from governance.portal.declared import DECLARED


def _template(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_every_page_is_there() -> None:
    assert callable(create_app)  # its import registers every page
    there = {_template(d.path) for d in DECLARED if (d.method, d.kind) == ("GET", "page")}
    assert {page for page in PAGES if _template(page) not in there} == set()


def test_signing_leads_to_what_is_signed() -> None:
    assert request_path("Q0042", NoticeKind.NDA_MISSING) == "/requests/Q0042/nda"
    assert request_path("Q0042", NoticeKind.AGREEMENT_TO_SIGN) == "/requests/Q0042/agreement"
    assert request_path("Q0042", NoticeKind.DECIDED) == "/requests/Q0042"
