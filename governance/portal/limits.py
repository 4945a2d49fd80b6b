"""Rate limits: a token bucket a key, as many keys as memory allows and no more."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from governance.portal.faults import TooManyRequestsError

_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests.

    Attributes:
        burst: At once.
        per_second: In the long run.
    """

    burst: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one application; the defaults are far above what a person does.

    Attributes:
        address: Of all pages, by client address: an agency's people may share one.
        sign_in: Of sign-in attempts, by client address.
        session: Of all pages, by session.
        writes: Of forms, by session.
        form_bytes: Of a form or document without a file.
    """

    address: Rate = Rate(400, 100)
    sign_in: Rate = Rate(20, 0.5)
    session: Rate = Rate(120, 20)
    writes: Rate = Rate(30, 2)
    form_bytes: int = 1_000_000


@dataclass(slots=True)
class Buckets:
    """Buckets of one rate. Not shared between processes: each has its own."""

    rate: Rate
    clock: Callable[[], float] = time.monotonic
    keys: int = _KEYS
    _kept: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def check(self, key: str) -> None:
        """Take one token.

        Raises:
            TooManyRequestsError: There is none; says when there will be.
        """
        now = self.clock()
        tokens, at = self._kept.pop(key, (float(self.rate.burst), now))
        tokens = min(float(self.rate.burst), tokens + (now - at) * self.rate.per_second)
        empty = tokens < 1
        self._kept[key] = (tokens if empty else tokens - 1, now)
        if len(self._kept) > self.keys:
            self._kept.popitem(last=False)
        if empty:
            seconds = int((1 - tokens) / self.rate.per_second) + 1
            raise TooManyRequestsError(
                "More requests came from you than one person makes.",
                f"Wait {seconds} second{'s' if seconds > 1 else ''} and try again.",
                retry_after=seconds,
            )
