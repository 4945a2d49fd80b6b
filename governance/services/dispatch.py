"""Send what waits in the outbox: mail and webhooks, each tried again until it is given up.

One message is claimed at a time, sent outside any transaction while the claim is renewed, and
noted; what waits behind a slow receiver is free for another process. Whoever lost a claim notes
nothing. A crash between sending and noting sends a message again, with the same id (`Message-ID`,
`webhook-id`): at least once, and the receiver can tell.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx
from sqlalchemy import or_, select, update

from governance.audit.chain import format_instant
from governance.errors import ProgrammeError
from governance.mail import MailRefusedError, Message
from governance.services.addresses import AddressRefusedError, resolve
from governance.services.programme import Programme
from governance.services.webhooks import find_webhook, signed_headers
from governance.store import tables as t

RETRY_AFTER: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440)
)
"""Between two tries; after the last one a message is given up."""
CLAIM: Final = timedelta(minutes=2)
"""A sender that died loses its message after so long."""
RENEW_SECONDS: Final = 30.0
"""How often a sender that lives renews its claim."""
KEPT: Final = timedelta(days=30)
"""How long a message is kept after it was sent or given up."""


class _FailedError(Exception):
    """It was not taken; `problem` says why in one word, `final` that it never will be."""

    def __init__(self, problem: str, *, final: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.final = final


@dataclass
class Dispatched:
    """What became of the messages that were due."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


@dataclass(slots=True)
class _Waiting:
    """A message that is claimed; `claim` is until when, and tells this claim from any later one."""

    id: int
    claim: str
    kind: str
    recipient: str
    payload: str
    once: str
    attempts: int


def dispatch(
    p: Programme,
    *,
    at_most: int = 500,
    transport: httpx.BaseTransport | None = None,
    renew_seconds: float = RENEW_SECONDS,
) -> Dispatched:
    """Send what is due; safe to run in several processes at once.

    Args:
        p: The programme.
        at_most: Messages in one go.
        transport: Another HTTP transport, for tests.
        renew_seconds: Between two renewals of a claim, while its message is being sent.

    Returns:
        How many were sent, will be tried again, were given up.
    """
    done = Dispatched()
    senders: dict[str, Callable[[_Waiting], None]] = {
        "mail": lambda waiting: _mail(p, waiting),
        "webhook": lambda waiting: _webhook(p, waiting, transport),
    }
    for _ in range(at_most):
        waiting = _claim(p)
        if waiting is None:
            break
        _try(p, waiting, senders[waiting.kind], done, renew_seconds)
    return done


def forget_sent(p: Programme) -> int:
    """Forget addressee and content of what was sent or given up long ago; that it was, stays.

    Returns:
        How many messages were forgotten.
    """
    box, before = t.outbox, format_instant(p.clock() - KEPT)
    with p.store.aside() as unit:
        forgotten = unit.connection.execute(
            update(box)
            .where(
                box.c.payload != "",
                or_(box.c.sent_at < before, box.c.given_up_at < before),
            )
            .values(payload="", recipient="")
        )
    return forgotten.rowcount


def _claim(p: Programme) -> _Waiting | None:
    """The one that waits longest and that nobody is sending; None when nothing is due."""
    box, now = t.outbox, p.clock()
    stamp = format_instant(now)
    query = (
        select(box)
        .where(
            box.c.next_at <= stamp,
            or_(box.c.claimed_until.is_(None), box.c.claimed_until < stamp),
        )
        .order_by(box.c.next_at, box.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    claim = format_instant(now + CLAIM)
    with p.store.aside() as unit:
        row = unit.connection.execute(query).one_or_none()
        if row is None:
            return None
        unit.connection.execute(update(box).where(box.c.id == row.id).values(claimed_until=claim))
    return _Waiting(row.id, claim, row.kind, row.recipient, row.payload, row.once, row.attempts)


def _note(p: Programme, waiting: _Waiting, **values: object) -> bool:
    """Write what became of it, unless somebody else claimed it since; whether it was written."""
    box = t.outbox
    with p.store.aside() as unit:
        written = unit.connection.execute(
            update(box)
            .where(box.c.id == waiting.id, box.c.claimed_until == waiting.claim)
            .values(**values)
        )
    return written.rowcount == 1


@contextmanager
def _renewed(p: Programme, waiting: _Waiting, every_seconds: float) -> Iterator[None]:
    """Keep the claim while the message is being sent, however slow its receiver is."""
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(every_seconds):
            claim = format_instant(p.clock() + CLAIM)
            try:
                if not _note(p, waiting, claimed_until=claim):
                    return
            except ProgrammeError:
                continue  # the database is busy: the claim holds for three more tries
            waiting.claim = claim

    thread = threading.Thread(target=renew, name="governance-claim", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _try(
    p: Programme,
    waiting: _Waiting,
    send: Callable[[_Waiting], None],
    done: Dispatched,
    renew_seconds: float,
) -> None:
    values: dict[str, object] = {"attempts": waiting.attempts + 1, "claimed_until": None}
    outcome = "sent"
    try:
        with _renewed(p, waiting, renew_seconds):
            send(waiting)
    except _FailedError as error:
        last = error.final or waiting.attempts >= len(RETRY_AFTER)
        now = p.clock()
        values["problem"] = error.problem
        values["next_at"] = None if last else format_instant(now + RETRY_AFTER[waiting.attempts])
        if last:
            values["given_up_at"] = format_instant(now)
        outcome = "given_up" if last else "failed"
    else:
        values |= {"next_at": None, "sent_at": format_instant(p.clock()), "problem": ""}
    if _note(p, waiting, **values):
        setattr(done, outcome, getattr(done, outcome) + 1)


def _mail(p: Programme, waiting: _Waiting) -> None:
    try:
        p.mailer.send(Message.model_validate_json(waiting.payload))
    except MailRefusedError as error:
        raise _FailedError(error.code, final=True) from None
    except ProgrammeError as error:
        raise _FailedError(error.code) from None
    except ValueError:
        raise _FailedError("mail.malformed", final=True) from None


def _webhook(p: Programme, waiting: _Waiting, transport: httpx.BaseTransport | None) -> None:
    hook = find_webhook(p, waiting.recipient)
    if hook is None:
        raise _FailedError("webhook.removed", final=True)
    url, secret = hook
    settings = p.settings
    try:
        where = resolve(url, loopback=settings.loopback, private=settings.webhook_private_addresses)
    except AddressRefusedError as error:
        raise _FailedError(error.code) from None
    notice = {"type": json.loads(waiting.payload)["tag"], "data": json.loads(waiting.payload)}
    body = json.dumps(notice, sort_keys=True).encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "data-enclave-governance",
        "host": where.host,
        **signed_headers(secret, waiting.once[:32], p.clock(), body),
    }
    limits = httpx.Timeout(settings.webhook_seconds)
    try:
        with httpx.Client(
            timeout=limits, follow_redirects=False, trust_env=False, transport=transport
        ) as client:
            request = client.build_request(
                "POST",
                where.url,
                content=body,
                headers=headers,
                extensions={"sni_hostname": where.name},
            )
            answer = client.send(request, stream=True)
            answer.close()
    except (httpx.HTTPError, httpx.InvalidURL):
        raise _FailedError("webhook.unreachable") from None
    if not answer.is_success:
        raise _FailedError(f"webhook.status_{answer.status_code}")
