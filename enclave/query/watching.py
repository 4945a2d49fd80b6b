"""While a question runs: its grant is looked at again, and so is the clock.

A bundle published meanwhile counts at once: a revoked grant, a person who left, a dataset taken out
stop the running query, and so does anything else that would make the same question another one
(fewer years, a row filter, a stricter output rule). Published anew without a change, it runs on.

How it is noticed: the policy zone is asked, at most once in `POLL_SECONDS`, whether the documents
of this project are still the ones it was judged by (etags, no content). Only when they are not are
they read and verified again. Before an answer leaves, everything is judged again in any case: a
bundle may also have grown stale while the query ran.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from enclave.errors import QueryError
from governance.errors import ObjectStoreError

POLL_SECONDS: Final = 1.0
"""Longest time between two looks at the policy zone while a query runs."""


class Watch(Protocol):
    """What a running question is watched by."""

    def check(self) -> None:
        """Called often while it runs; returns at once unless it is time to look.

        Raises:
            QueryStoppedError: The grant was taken back or changed meanwhile.
        """

    def finish(self) -> None:
        """Called once, before the answer leaves: the last judgement.

        Raises:
            QueryStoppedError: The grant was taken back or changed meanwhile.
        """


class Unwatched:
    """Watches nothing: for tests, and for callers that judged all of it themselves."""

    def check(self) -> None:
        """Nothing to look at."""

    def finish(self) -> None:
        """Nothing to judge."""


class PolicyWatch:
    """Watches the policy zone's documents of one project."""

    def __init__(
        self,
        look: Callable[[], object],
        judge: Callable[[], None],
        *,
        poll_seconds: float = POLL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin; what `look` tells now is what the question was judged by, so look before judging.

        Args:
            look: Tells the documents' versions, cheaply; equal when nothing was published.
            judge: Judges the question anew; raises when it would not be answered as it runs.
            poll_seconds: Between two looks.
            clock: Seconds that only grow.
        """
        self._look = look
        self._judge = judge
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._seen = look()
        self._looked_at = clock()

    def check(self) -> None:
        """Look when it is time; judge when something was published.

        A zone that does not answer is asked again the next time: `finish` needs its answer.

        Raises:
            QueryStoppedError: The grant was taken back or changed meanwhile.
        """
        now = self._clock()
        if now - self._looked_at < self._poll_seconds:
            return
        self._looked_at = now
        with suppress(ObjectStoreError):
            seen = self._look()
            if seen != self._seen:
                self._judge()
                self._seen = seen

    def finish(self) -> None:
        """Judge, whatever was seen.

        Raises:
            QueryStoppedError: The grant was taken back or changed meanwhile.
            ObjectStoreError: The policy zone does not answer: nothing leaves.
        """
        self._judge()


class ControlDeadline:
    """Ends disclosure control that takes too long; `check` is called for every box it looks at.

    In this process and not in a child: what is controlled are the unprotected counts, and every
    step of it is plain Python of a few microseconds, so a look at the clock in between is enough.
    """

    def __init__(
        self, seconds: float, watch: Watch, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """The clock runs from now on."""
        self._seconds = seconds
        self._ends = clock() + seconds
        self._watch = watch
        self._clock = clock
        self._turn = 0

    def check(self) -> None:
        """Look at the clock, and at the watch.

        Raises:
            QueryError: Out of time.
            QueryStoppedError: The grant was taken back or changed meanwhile.
        """
        self._turn += 1
        if self._turn % _STRIDE:
            return
        if self._clock() > self._ends:
            message = (
                f"Protecting the small cells of so many groups took longer than "
                f"{self._seconds:g} seconds and was stopped. Ask for fewer groups: group by fewer "
                "dimensions, or by coarser ones."
            )
            raise QueryError(message, kind="disclosure", seconds=self._seconds)
        self._watch.check()


_STRIDE: Final = 64
"""Boxes between two looks at the clock."""
