"""What a running portal does besides answering: sends what waits, signs checkpoints when due.

Several processes may do it at once: a message is claimed by one of them, and a checkpoint that lies
there already is taken as it is.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from governance.errors import ProgrammeError
from governance.services.dispatch import dispatch, forget_sent
from governance.services.ledger_copy import checkpoint_due, make_checkpoint
from governance.services.programme import Programme
from governance.services.public_records import public_records

EVERY_SECONDS: Final = 20.0
_TIDY_EVERY: Final = 180
"""Rounds between two times of tidying up: an hour."""
Work = Callable[[Programme], object]
_log = logging.getLogger("governance.background")


@contextmanager
def in_background(
    p: Programme, every_seconds: float = EVERY_SECONDS, *, first: Work | None = None
) -> Iterator[None]:
    """Do it every so often while the context lasts, in a thread of its own.

    Args:
        p: The programme.
        every_seconds: Between two rounds.
        first: What else a round does, before it sends what waits.
    """
    stop = threading.Event()
    thread = threading.Thread(
        target=_keep_on,
        args=(p, stop, every_seconds, first),
        name="governance-background",
        daemon=True,
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=every_seconds)


def round_of(p: Programme, first: Work | None = None) -> None:
    """One round; what fails is logged by its code and left to the next round."""
    if first is not None:
        _tried(p, first)
    _tried(p, dispatch)
    _tried(p, _checkpoint)


def _checkpoint(p: Programme) -> None:
    if checkpoint_due(p):
        make_checkpoint(p)


def _keep_on(p: Programme, stop: threading.Event, every_seconds: float, first: Work | None) -> None:
    rounds = 0
    _tried(p, public_records)  # replaying thousands of requests takes seconds: not a visitor's
    while not stop.wait(every_seconds):
        round_of(p, first)
        if rounds % _TIDY_EVERY == 0:
            _tried(p, forget_sent)
        rounds += 1


def _tried(p: Programme, act: Work) -> None:
    try:
        act(p)
    except ProgrammeError as error:
        _log.warning("background work failed: %s", error.code)
    except Exception as error:  # noqa: BLE001  the thread lives on; nothing is quoted
        _log.warning("background work broke: %s", type(error).__name__)
