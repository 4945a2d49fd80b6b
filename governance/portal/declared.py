"""What a route says of itself: the action it asks for and what that is about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from governance.permissions import NOTHING, Action, Target
from governance.requests.states import Act

if TYPE_CHECKING:
    from governance.portal.visits import Visit

Method = Literal["GET", "POST", "PUT", "DELETE"]
TargetLoader = Callable[["Visit"], Target]
_ATTRIBUTE = "__declared__"


@dataclass(frozen=True, slots=True)
class Open:
    """A route that asks nobody: sign-in, health, static text. Says why."""

    why: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What a route says of itself.

    Attributes:
        asks: Actions of which at least one must be permitted; the service judges the exact one.
        about: Loads what it is about.
        uploads: Whether it takes files.
        from_elsewhere: Whether another server sends it: no form token then, and the handler
            believes nothing that is not signed.
    """

    method: Method
    path: str
    asks: tuple[Action | Act, ...] | Open
    about: TargetLoader
    kind: Literal["page", "api"]
    uploads: bool = False
    from_elsewhere: bool = False

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        return self.method != "GET"


DECLARED: list[Declared] = []
"""Every route of every router, in the order they were written down."""


def about_nothing(visit: "Visit") -> Target:  # noqa: ARG001  a loader gets the visit
    """The target of an action that is about nothing in particular."""
    return NOTHING


def declare(endpoint: object, declared: Declared) -> None:
    """Note on a route's function what it declares."""
    setattr(endpoint, _ATTRIBUTE, declared)


def declared_of(route: object) -> Declared | None:
    """What a route of the application declared, or None."""
    found = getattr(getattr(route, "endpoint", None), _ATTRIBUTE, None)
    return found if isinstance(found, Declared) else None
