"""One form is taken once: a double click or a reloaded answer does nothing twice.

Every form carries a random token. While its first submission is being worked on, a second one
waits; afterwards it gets the first one's answer. Only answers that lead on (303) are kept: a form
that was refused may be sent again. Kept in memory for the process; what a second process might
take again is stopped by the record's own position (`based_on`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from starlette.responses import RedirectResponse, Response

_SEE_OTHER = 303
_KEPT = 10_000


class Once:
    """Answers by session and token, the latest ones."""

    def __init__(self, kept: int = _KEPT) -> None:
        """Nothing was taken yet."""
        self._kept = kept
        self._answers: OrderedDict[tuple[str, str], asyncio.Future[str | None]] = OrderedDict()

    async def take(
        self, session: str, token: str, work: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Do the work, or give the answer that it led to before."""
        key = (session, token)
        while (earlier := self._answers.get(key)) is not None:
            to = await asyncio.shield(earlier)
            if to is not None:
                return RedirectResponse(to, _SEE_OTHER)
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._answers[key] = answer
        while len(self._answers) > self._kept:
            self._answers.popitem(last=False)
        to = None
        try:
            response = await work()
            if response.status_code == _SEE_OTHER:
                to = response.headers["location"]
            return response
        finally:
            if to is None:
                self._answers.pop(key, None)
            answer.set_result(to)
