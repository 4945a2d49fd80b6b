"""Sessions and form tokens."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.portal.session_table import StoredSessions
from governance.portal.sessions import (
    Sessions,
    SessionTable,
    form_token,
    is_form_token,
    is_secret,
    new_secret,
)
from governance.store import Store

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
IDLE = timedelta(minutes=30)


@pytest.fixture(params=["sqlite", "postgresql"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SessionTable]:
    url = f"sqlite:///{tmp_path / 's.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    store = Store.open(url)
    store.migrate()
    yield StoredSessions(store)
    store.close()


def test_a_session_is_found_by_its_cookie_only(table: SessionTable) -> None:
    sessions = Sessions(table, IDLE)
    secret = sessions.begin("rita", "idp|rita", NOW)
    found = sessions.find(secret, NOW)
    assert found is not None
    assert (found.person, found.account) == ("rita", "idp|rita")
    assert secret not in found.digest  # the table does not know the cookie
    assert sessions.find(found.digest, NOW) is None
    assert sessions.find(new_secret(), NOW) is None
    for text in ("", "x", secret[:-1], secret + "A", "é" * 43):
        assert sessions.find(text, NOW) is None


def test_it_ends_after_so_long_without_a_click_and_after_so_long_at_all(
    table: SessionTable,
) -> None:
    sessions = Sessions(table, IDLE, timedelta(hours=1))
    idle = sessions.begin("rita", "a", NOW)
    assert sessions.find(idle, NOW + IDLE) is None
    assert sessions.find(idle, NOW) is None  # over is over
    busy = sessions.begin("rita", "a", NOW)
    for minutes in range(0, 60, 20):
        assert sessions.find(busy, NOW + timedelta(minutes=minutes)) is not None
    assert sessions.find(busy, NOW + timedelta(minutes=60)) is None


def test_it_ends_when_one_signs_out_here_or_everywhere(table: SessionTable) -> None:
    sessions = Sessions(table, IDLE)
    here, there, other = (sessions.begin(p, "a", NOW) for p in ("rita", "rita", "omar"))
    sessions.end(here)
    assert sessions.find(here, NOW) is None
    assert sessions.find(there, NOW) is not None
    sessions.end_all_of("rita")
    assert sessions.find(there, NOW) is None
    assert sessions.find(other, NOW) is not None
    sessions.end_all_of("omar")


def test_a_new_sign_in_takes_the_place_of_the_earlier_session(table: SessionTable) -> None:
    sessions = Sessions(table, IDLE)
    first = sessions.begin("rita", "a", NOW)
    second = sessions.begin("rita", "a", NOW, instead_of=first)
    assert sessions.find(first, NOW) is None
    assert sessions.find(second, NOW) is not None


@given(st.text(max_size=200))
def test_no_made_up_text_is_a_form_token(text: str) -> None:
    assert not is_form_token(new_secret(), text)


def test_form_tokens_differ_each_time_and_belong_to_one_browser() -> None:
    secret, other = new_secret(), new_secret()
    tokens = {form_token(secret) for _ in range(20)}
    assert len(tokens) == 20
    assert all(is_form_token(secret, t) for t in tokens)
    assert not any(is_form_token(other, t) for t in tokens)
    assert not is_form_token("", form_token(secret))
    assert is_secret(secret)


def test_a_provider_ends_what_began_with_it(table: SessionTable) -> None:
    """Each row: what the provider says; which of the sessions are over then."""
    idp = "https://idp.example"
    began = {
        "one": (f"{idp}|rita", 'sid"1'),
        "two": (f"{idp}|rita", "sid2"),
        "old": (f"{idp}|rita", ""),
        "omar": (f"{idp}|omar", "sid3"),
        "elsewhere": ("https://idp.example.org|rita", "sid2"),
    }
    for account, session, over in (
        (f"{idp}|rita", "", {"one", "two", "old"}),
        (f"{idp}|rita", "sid2", {"two"}),
        (f"{idp}|omar", "sid2", set()),
        (None, 'sid"1', {"one"}),
        (None, "sid2", {"two"}),
        (None, "%", set()),
        (None, "", set()),
        (f"{idp}|nobody", "", set()),
    ):
        sessions = Sessions(table, IDLE)
        secrets = {
            name: sessions.begin("p", a, NOW, provider_session=s) for name, (a, s) in began.items()
        }
        sessions.end_elsewhere(idp, account, session)
        assert {n for n, s in secrets.items() if sessions.find(s, NOW) is None} == over
        sessions.end_all_of("p")
