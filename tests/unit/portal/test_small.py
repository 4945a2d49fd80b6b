"""Times, rates, files, navigation, routes: one small fact each."""

import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import ConfigurationError
from governance.permissions import PUBLIC, Action, Actor
from governance.portal.assets import load_assets
from governance.portal.build_assets import build_assets
from governance.portal.faults import TooManyRequestsError, UnsupportedTypeError
from governance.portal.limits import Buckets, Rate
from governance.portal.navigation import Area, NavItem, areas_for, everybody, may
from governance.portal.pages import AREAS
from governance.portal.routes import DECLARED, Open, PortalRouter
from governance.portal.said import SAID, add_said
from governance.portal.sign_in.ways import UnsafeDevelopmentSignIn, is_loopback, safe_path
from governance.portal.times import iso_utc, say_day, say_eastern, show_day, show_eastern
from governance.portal.uploads import TYPES, check_kind
from tests.lib.portal import CAST

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("instant", "said"),
    [
        (datetime(2026, 11, 22, 14, 0, tzinfo=UTC), "November 22, 2026, 9:00 a.m. EST"),
        (datetime(2026, 7, 1, 16, 5, tzinfo=UTC), "July 1, 2026, 12:05 p.m. EDT"),
        (datetime(2026, 7, 1, 4, 0, tzinfo=UTC), "July 1, 2026, 12:00 a.m. EDT"),
        (datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "December 31, 2025, 11:59 p.m. EST"),
        # The hour that the end of daylight saving time repeats is told apart by its zone.
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "November 1, 2026, 1:30 a.m. EDT"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "November 1, 2026, 1:30 a.m. EST"),
    ],
)
def test_instants_are_eastern_with_their_zone(instant: datetime, said: str) -> None:
    assert say_eastern(instant) == said
    assert str(show_eastern(instant)) == f'<time datetime="{iso_utc(instant)}">{said}</time>'


def test_dates_are_dates() -> None:
    assert say_day(TODAY) == "March 2, 2026"
    assert str(show_day(TODAY)) == '<time datetime="2026-03-02">March 2, 2026</time>'
    assert show_day(None) == show_eastern(None) == "—"
    with pytest.raises(ValueError, match="zone"):
        say_eastern(datetime(2026, 1, 1))  # noqa: DTZ001  that is the mistake


def test_a_rate_allows_its_burst_and_says_when_to_come_back() -> None:
    now = [0.0]
    buckets = Buckets(Rate(burst=3, per_second=0.5), clock=lambda: now[0])
    for _ in range(3):
        buckets.check("a")
    with pytest.raises(TooManyRequestsError) as caught:
        buckets.check("a")
    assert caught.value.retry_after == 3
    buckets.check("b")
    now[0] = 2.0
    buckets.check("a")
    with pytest.raises(TooManyRequestsError):
        buckets.check("a")


def test_rates_remember_a_bounded_number_of_keys() -> None:
    buckets = Buckets(Rate(1, 1), keys=10)
    for n in range(1000):
        buckets.check(str(n))
    assert len(buckets._kept) == 10


def _office(*parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in parts:
            archive.writestr(part, "x")
    return out.getvalue()


XLSX = _office("[Content_Types].xml", "xl/workbook.xml")
DOCX = _office("[Content_Types].xml", "word/document.xml")
MACROS = _office("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin")
PNG = b"\x89PNG\r\n\x1a\n123"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.7 x"), ("A.PDF", b"%PDF-1.7"), ("a.png", PNG),
        ("a.jpeg", b"\xff\xd8\xff1"),
        ("a.txt", "Grüße\n".encode()), ("a.csv", b"\xef\xbb\xbfa,b\r\n"), ("a.xlsx", XLSX),
        ("a.docx", DOCX),
    ],
)  # fmt: skip
def test_files_that_are_what_they_are_called(name: str, content: bytes) -> None:
    assert check_kind(name, content) in TYPES.values()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", PNG), ("a.png", b"%PDF-1.7"), ("a.html", b"<p>"),
        ("a.svg", b"<svg/>"), ("pdf", b"%PDF-"),
        ("a.xlsx", DOCX), ("a.docx", XLSX), ("a.xlsx", MACROS), ("a.xlsx", b"PK\x03\x04broken"),
        ("a.txt", b"\x00\x01"), ("a.txt", b"\xff\xfe"), ("a.csv", b"a\x1bb"), ("a.txt", b"  "),
        ("a.exe", b"MZ"),
        ("a.pdf", b" %PDF-1.7"), ("a.pdf.exe", b"%PDF-"),
    ],
)  # fmt: skip
def test_files_that_are_not(name: str, content: bytes) -> None:
    with pytest.raises(UnsupportedTypeError):
        check_kind(name, content)


def test_the_development_sign_in_does_not_start_beyond_this_machine() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert UnsafeDevelopmentSignIn(host).warning
    for host in ("0.0.0.0", "::", "10.0.0.5", "portal.ct.gov", ""):  # noqa: S104  refused
        with pytest.raises(ConfigurationError, match="this machine only"):
            UnsafeDevelopmentSignIn(host)
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("evil.example")


@given(st.text(max_size=60))
def test_a_path_to_go_on_to_is_always_ours(text: str) -> None:
    path = safe_path(text)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert path.isprintable()


def test_navigation_shows_what_the_person_may_do() -> None:
    items = [
        NavItem(Area.REGISTER, "Register", "/register", everybody),
        NavItem(Area.OFFICE, "All", "/office", may(Action.LIST_ALL_REQUESTS)),
        NavItem(Area.OFFICE, "People", "/office/people", may(Action.READ_PEOPLE)),
    ]
    shown, current = areas_for(items, PUBLIC, "/register/R-1", TODAY)
    assert [a.area for a in shown] == [Area.REGISTER]
    assert current is items[0]
    omar = Actor(next(p for p in CAST if p.id == "omar"))
    shown, current = areas_for(items, omar, "/office/people/rita", TODAY)
    assert [a.area for a in shown] == [Area.REGISTER, Area.OFFICE]
    assert current is items[2]
    assert shown[1].current
    assert areas_for(items, omar, "/officer", TODAY)[1] is None


def test_a_route_says_what_it_asks_for() -> None:
    router = PortalRouter(registry=[])
    with pytest.raises(TypeError):
        router.page("GET", "/x", asks=())
    with pytest.raises(TypeError):
        router.page("GET", "/x", asks=Open(""))
    with pytest.raises(TypeError):
        router.add_api_route("/x", lambda: None)
    with pytest.raises(TypeError):
        router.get("/x")(lambda: None)


def test_every_area_is_declared_and_leads_somewhere() -> None:
    pages = {d.path for d in DECLARED if d.method == "GET" and d.kind == "page"}
    for area in AREAS:
        for item in area.NAVIGATION:
            assert item.path in pages, item
    assert len({(d.method, d.path) for d in DECLARED}) == len(DECLARED)


def test_sentences_are_said_once() -> None:
    add_said(a_test="Said.")
    add_said(a_test="Said.")
    with pytest.raises(ValueError, match="a_test"):
        add_said(a_test="Otherwise.")
    del SAID["a_test"]


def test_static_files_are_named_by_their_content(tmp_path: Path) -> None:
    vendor = tmp_path / "static" / "vendor"
    with pytest.raises(ConfigurationError, match="make setup"):
        load_assets(vendor)
    with pytest.raises(ConfigurationError, match="make setup"):
        build_assets(tmp_path / "nowhere", vendor)
    build_assets(vendor=vendor)
    build_assets(vendor=vendor)  # safe to repeat
    assert [p.name for p in vendor.parent.iterdir()] == ["vendor"]
    first = load_assets(vendor)
    size = sum(len(a.data) for a in first.files.values())
    assert size < 1_300_000
    (vendor / "js" / "htmx.min.js").write_text("alert(1)")
    with pytest.raises(ConfigurationError, match="altered"):
        load_assets(vendor)
    own = tmp_path / "own"
    own.mkdir()
    (own / "portal.css").write_text("a{}")
    build_assets(vendor=vendor)
    assert load_assets(vendor, own).digest != first.digest
    with pytest.raises(KeyError):
        first.address("nothing.css")
