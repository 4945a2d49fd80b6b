"""Mail and webhooks: written with the event, sent after it, tried again, given up, not doubled."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from governance.audit.tags import Tag
from governance.decisions import AccessDeniedError
from governance.errors import ConfigurationError, DocumentError
from governance.mail import MailError, MailRefusedError, Message
from governance.requests.states import Act
from governance.services.background import in_background, round_of
from governance.services.dispatch import CLAIM, RETRY_AFTER, Dispatched, dispatch, forget_sent
from governance.services.ledger_copy import newest_checkpoint
from governance.services.outbox import enqueue_mail
from governance.services.sealing import seal, unseal
from governance.services.webhooks import (
    list_webhooks,
    register_webhook,
    remove_webhook,
    signed_headers,
)
from governance.store import NotFoundError
from governance.store import tables as t
from tests.lib.programme import Office

HOOK = "http://127.0.0.1:9/hook"


def box(office: Office) -> list[Any]:
    with office.programme.store.read() as unit:
        return list(unit.connection.execute(sa.select(t.outbox).order_by(t.outbox.c.id)))


def message(office: Office, number: int = 1) -> Message:
    return Message(
        id=f"{number:032x}", at=office.clock(), to="p-ruiz@example.org", to_name="Dana Ruiz",
        subject="A subject", text="Words.", html="<p>Words.</p>", topic="decided",
    )  # fmt: skip


class Post:
    """A mailer that answers as told."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []

    def send(self, message: Message) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.sent.append(message.id)


class TestMail:
    def test_written_once_and_sent_once(self, office: Office) -> None:
        post = Post()
        p = replace(office.programme, mailer=post)
        with p.store.begin() as unit:
            assert enqueue_mail(p, unit, message(office))
            assert not enqueue_mail(p, unit, message(office))
        assert dispatch(p) == Dispatched(sent=1)
        assert dispatch(p) == Dispatched()
        assert post.sent == [f"{1:032x}"]

    def test_not_sent_when_the_event_was_not_written(self, office: Office) -> None:
        p = office.programme

        def crash() -> None:
            with p.store.begin() as unit:
                enqueue_mail(p, unit, message(office))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            crash()
        assert box(office) == []

    def test_tried_again_later_then_given_up(self, small_office: Office) -> None:
        office = small_office
        p = replace(office.programme, mailer=Post(*[MailError("no")] * 20))
        with p.store.begin() as unit:
            enqueue_mail(p, unit, message(office))
        assert dispatch(p) == Dispatched(failed=1)
        assert dispatch(p) == Dispatched()  # not before its time
        for wait in RETRY_AFTER[:-1]:
            office.clock.to(office.clock.now + wait + timedelta(seconds=5))
            assert dispatch(p) == Dispatched(failed=1)
        office.clock.to(office.clock.now + RETRY_AFTER[-1] + timedelta(seconds=5))
        assert dispatch(p) == Dispatched(given_up=1)
        (row,) = box(office)
        assert (row.next_at, row.problem) == (None, "mail.failed")
        assert row.given_up_at is not None

    def test_what_was_sent_long_ago_is_forgotten_and_still_not_sent_again(
        self, small_office: Office
    ) -> None:
        office, post = small_office, Post()
        p = replace(office.programme, mailer=post)
        with p.store.begin() as unit:
            enqueue_mail(p, unit, message(office))
        dispatch(p)
        assert forget_sent(p) == 0
        office.clock.to(office.clock.now + timedelta(days=31))
        assert (forget_sent(p), forget_sent(p)) == (1, 0)
        (row,) = box(office)
        assert (row.payload, row.recipient) == ("", "")
        with p.store.begin() as unit:
            assert not enqueue_mail(p, unit, message(office))
        assert dispatch(p) == Dispatched()

    def test_what_is_refused_for_good_is_given_up_at_once(self, small_office: Office) -> None:
        p = replace(small_office.programme, mailer=Post(MailRefusedError("never")))
        with p.store.begin() as unit:
            enqueue_mail(p, unit, message(small_office))
        assert dispatch(p) == Dispatched(given_up=1)

    def test_several_dispatchers_send_each_message_once(self, office: Office) -> None:
        post = Post()
        p = replace(office.programme, mailer=post)
        with p.store.begin() as unit:
            for number in range(1, 31):
                enqueue_mail(p, unit, message(office, number))
        threads = [threading.Thread(target=dispatch, args=(p,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(post.sent) == [f"{n:032x}" for n in range(1, 31)]

    def test_a_dispatcher_that_died_loses_its_claim(self, small_office: Office) -> None:
        office, post = small_office, Post()
        p = replace(office.programme, mailer=post)
        with p.store.begin() as unit:
            enqueue_mail(p, unit, message(office))
        later = office.clock.now + timedelta(minutes=5)
        with p.store.aside() as unit:
            unit.connection.execute(
                sa.update(t.outbox).values(claimed_until=f"{later:%Y-%m-%dT%H:%M:%S}.000000+00:00")
            )
        assert dispatch(p) == Dispatched()
        office.clock.to(later + timedelta(seconds=1))
        assert dispatch(p) == Dispatched(sent=1)


class SlowPost(Post):
    """A mailer that takes the first mail only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def send(self, message: Message) -> None:
        first = not self.begun.is_set()
        self.begun.set()
        if first:
            assert self.go_on.wait(30)
        super().send(message)


def slow_sender(office: Office, renew_seconds: float) -> tuple[SlowPost, list[Any], Any]:
    """Two mails wait; one dispatcher is held up with the first."""
    post, done = SlowPost(), []
    p = replace(office.programme, mailer=post)
    with p.store.begin() as unit:
        enqueue_mail(p, unit, message(office, 1))
        office.clock()
        enqueue_mail(p, unit, message(office, 2))

    def send() -> None:
        done.append(dispatch(p, at_most=1, renew_seconds=renew_seconds))

    thread = threading.Thread(target=send)
    thread.start()
    assert post.begun.wait(30)
    return post, done, (p, thread)


class TestSlowReceivers:
    def test_a_claim_is_renewed_while_its_mail_is_being_sent(self, office: Office) -> None:
        """However long the first takes, nobody else sends it; and the second does not wait."""
        post, done, (p, thread) = slow_sender(office, 0.02)
        assert dispatch(p) == Dispatched(sent=1)
        assert post.sent == [f"{2:032x}"]
        for _ in range(3):
            before = box(office)[0].claimed_until
            office.clock.to(office.clock.now + CLAIM * 0.75)
            deadline = time.monotonic() + 20
            while box(office)[0].claimed_until == before and time.monotonic() < deadline:
                time.sleep(0.01)
            assert dispatch(p) == Dispatched()
        post.go_on.set()
        thread.join(30)
        assert done == [Dispatched(sent=1)]
        assert sorted(post.sent) == [f"{n:032x}" for n in (1, 2)]
        assert [(row.attempts, row.claimed_until) for row in box(office)] == [(1, None)] * 2

    def test_who_lost_a_claim_notes_nothing_and_the_mail_has_the_same_id(
        self, office: Office
    ) -> None:
        """A process that stood still may send once more: at least once, told by the id."""
        post, done, (p, thread) = slow_sender(office, 3600)
        office.clock.to(office.clock.now + CLAIM + timedelta(seconds=5))
        assert dispatch(p) == Dispatched(sent=2)
        noted = box(office)
        post.go_on.set()
        thread.join(30)
        assert done == [Dispatched()]
        assert box(office) == noted
        assert post.sent.count(f"{1:032x}") == 2


class TestWebhooks:
    def test_registered_announced_signed(self, small_office: Office) -> None:
        office = small_office
        p, op = office.programme, office.actor("p-office")
        hook, shown = register_webhook(p, op, HOOK, [Tag.DATA_REQUEST_SUBMITTED])
        assert list_webhooks(p, op) == (hook,)
        secret = base64.b64decode(shown.removeprefix("whsec_"))
        number = office.begin()
        assert box(office) == []  # nobody asked for drafts
        office.act("p-ruiz", number, Act.SUBMIT)
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(204)

        assert dispatch(p, transport=httpx.MockTransport(answer)) == Dispatched(sent=1)
        (request,) = seen
        told = json.loads(request.content)
        assert (told["type"], told["data"]["subject"]) == ("data_request:submitted", number)
        assert set(told["data"]) == {"tag", "subject", "at", "seq", "hash"}
        at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        headers = signed_headers(secret, request.headers["webhook-id"], at, request.content)
        assert request.headers["webhook-signature"] == headers["webhook-signature"]
        assert abs(at - office.clock.now) < timedelta(seconds=5)

    @pytest.mark.parametrize("status", [301, 302, 307, 400, 500])
    def test_redirects_and_errors_are_no_success(self, small_office: Office, status: int) -> None:
        office = small_office
        p, asked = office.programme, []
        register_webhook(p, office.actor("p-office"), HOOK, [Tag.DATA_REQUEST_DRAFTED])
        number = office.begin()
        office.act("p-ruiz", number, Act.SAVE_DRAFT, content={"title": "x"})

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            return httpx.Response(status, headers={"location": "http://169.254.169.254/"})

        assert dispatch(p, transport=httpx.MockTransport(answer)) == Dispatched(failed=1)
        assert asked == [HOOK]
        assert box(office)[0].problem == f"webhook.status_{status}"

    def test_the_name_is_looked_up_once_for_the_certificate_and_the_connection(
        self, small_office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A name that changes between the look and the connection leads nowhere else."""
        p = small_office.programme
        url = "https://hooks.example.org:8443/take"
        register_webhook(p, small_office.actor("p-office"), url, [Tag.DATA_REQUEST_SUBMITTED])
        small_office.act("p-ruiz", small_office.begin(), Act.SUBMIT)
        asked, seen = [], []

        def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            asked.append(host)
            address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
            return [(2, 1, 6, "", (address, port))]

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(204)

        monkeypatch.setattr("socket.getaddrinfo", getaddrinfo)
        assert dispatch(p, transport=httpx.MockTransport(answer)) == Dispatched(sent=1)
        (request,) = seen
        assert asked == ["hooks.example.org"]
        assert str(request.url) == "https://93.184.216.34:8443/take"
        assert request.headers["host"] == "hooks.example.org:8443"
        assert request.extensions["sni_hostname"] == "hooks.example.org"

    def test_a_removed_one_gets_nothing_more(self, small_office: Office) -> None:
        office = small_office
        p, op = office.programme, office.actor("p-office")
        hook, _ = register_webhook(p, op, HOOK, [Tag.DATA_REQUEST_SUBMITTED])
        office.act("p-ruiz", office.begin(), Act.SUBMIT)
        remove_webhook(p, op, hook.id)
        assert dispatch(p) == Dispatched(given_up=1)
        assert list_webhooks(p, op) == ()
        with pytest.raises(NotFoundError):
            remove_webhook(p, op, hook.id)

    def test_a_form_sent_twice_registers_once_and_gets_the_same_answer(
        self, office: Office
    ) -> None:
        p, op, tags = office.programme, office.actor("p-office"), [Tag.VOTE_CAST]
        answers: list[Any] = []

        def click() -> None:
            answers.append(register_webhook(p, op, HOOK, tags, once="token"))

        threads = [threading.Thread(target=click) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(answers) == len(threads)
        assert len({secret for _, secret in answers}) == 1
        assert len(list_webhooks(p, op)) == 1
        for token in ("another", None):
            with pytest.raises(DocumentError, match="registered for these events"):
                register_webhook(p, op, HOOK, tags, once=token)
        office.clock.to(office.clock.now + timedelta(minutes=11))
        with pytest.raises(DocumentError, match="not shown again"):
            register_webhook(p, op, HOOK, tags, once="token")

    def test_who_may_and_what(self, small_office: Office) -> None:
        p, op = small_office.programme, small_office.actor("p-office")
        with pytest.raises(AccessDeniedError):
            register_webhook(p, small_office.actor("p-ruiz"), HOOK, [Tag.VOTE_CAST])
        for url, tags in (("http://example.org", [Tag.VOTE_CAST]), (HOOK, []), (HOOK, ["x:y"])):
            with pytest.raises(DocumentError):
                register_webhook(p, op, url, tags)

    def test_its_secret_is_not_in_the_database(self, small_office: Office) -> None:
        p, op = small_office.programme, small_office.actor("p-office")
        _, shown = register_webhook(p, op, HOOK, [Tag.VOTE_CAST])
        secret = base64.b64decode(shown.removeprefix("whsec_"))
        with p.store.read() as unit:
            (sealed,) = unit.connection.scalars(sa.select(t.webhooks.c.sealed_secret))
        assert secret not in sealed


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A real HTTP server on loopback that keeps what it got."""
    got: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.headers["host"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}/hook", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_over_a_real_connection(
    small_office: Office, receiver: tuple[str, list[tuple[str, bytes]]]
) -> None:
    url, got = receiver
    p = small_office.programme
    register_webhook(p, small_office.actor("p-office"), url, [Tag.DATA_REQUEST_SUBMITTED])
    small_office.act("p-ruiz", small_office.begin(), Act.SUBMIT)
    assert dispatch(p) == Dispatched(sent=1)
    ((host, body),) = got
    assert host in url
    assert json.loads(body)["type"] == "data_request:submitted"


def test_a_running_portal_sends_and_signs(small_office: Office) -> None:
    p = replace(small_office.programme, mailer=(post := Post()))
    p.settings.__dict__["checkpoint_every"] = 5
    with p.store.begin() as unit:
        enqueue_mail(p, unit, message(small_office))
    with in_background(p, every_seconds=0.05):
        deadline = time.monotonic() + 20
        while newest_checkpoint(p) is None and time.monotonic() < deadline:
            time.sleep(0.02)
    assert post.sent == [f"{1:032x}"]
    assert newest_checkpoint(p) is not None


def test_a_round_that_fails_is_left_to_the_next(
    small_office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    p = small_office.programme
    p.settings.__dict__["checkpoint_every"] = 1
    with p.store.database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO elsewhere")
    round_of(p)
    assert "control_store.failed" in caplog.text
    assert newest_checkpoint(p) is not None


def test_sealed_for_one_purpose_and_owner() -> None:
    secret = b"s" * 32
    sealed = seal(secret, "a", "owner", b"content")
    assert unseal(secret, "a", "owner", sealed) == b"content"
    for wrong in ((b"t" * 32, "a", "owner"), (secret, "b", "owner"), (secret, "a", "other")):
        with pytest.raises(ConfigurationError):
            unseal(*wrong, sealed)
    with pytest.raises(ConfigurationError):
        unseal(secret, "a", "owner", b"short")
