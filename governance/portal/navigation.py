"""Navigation: what leads where, and for whom it is shown.

Hiding a link protects nothing (each route asks by itself), it only spares people dead ends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from governance.people import PortalRole
from governance.permissions import Action, Actor, decide_action

Shown = Callable[[Actor, date], bool]


class Area(StrEnum):
    """Areas of the portal, in the order of the header."""

    CATALOGUE = "Catalogue"
    REGISTER = "Public register"
    MEETINGS = "Meetings"
    REQUESTS = "Requests"
    AGENCY = "My agency"
    BOARD = "Board"
    OFFICE = "Office"
    LEDGER = "Ledger"
    ACCOUNT = "My account"
    """Reached from the person's name, not from the header."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of an area's side navigation; an area leads to its first one that is shown."""

    area: Area
    title: str
    path: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class NavArea:
    """An area as one person sees it."""

    area: Area
    items: tuple[NavItem, ...]
    current: bool

    @property
    def path(self) -> str:
        """Where the area leads."""
        return self.items[0].path


def everybody(actor: Actor, today: date) -> bool:  # noqa: ARG001  a predicate gets both
    """Shown to the public too."""
    return True


def signed_in(actor: Actor, today: date) -> bool:  # noqa: ARG001  a predicate gets both
    """Shown to everybody who signed in."""
    return actor.person is not None


def may(action: Action) -> Shown:
    """Shown to whom the action is permitted, about nothing in particular."""

    def shown(actor: Actor, today: date) -> bool:
        return decide_action(actor, action, today=today).permitted

    return shown


def has_role(*roles: PortalRole) -> Shown:
    """Shown to people in one of the roles."""
    wanted = frozenset(roles)

    def shown(actor: Actor, today: date) -> bool:  # noqa: ARG001  a predicate gets both
        return bool(actor.roles & wanted)

    return shown


def areas_for(
    items: Sequence[NavItem], actor: Actor, path: str, today: date
) -> tuple[tuple[NavArea, ...], NavItem | None]:
    """The areas a person sees, and the entry of the page at `path`."""
    seen = [item for item in items if item.shown(actor, today)]
    current = current_item(seen, path)
    areas = []
    for area in Area:
        own = tuple(item for item in seen if item.area is area)
        if own:
            areas.append(NavArea(area, own, current is not None and current.area is area))
    return tuple(areas), current


def current_item(items: Sequence[NavItem], path: str) -> NavItem | None:
    """The entry whose path is the longest beginning of the page's."""
    fitting = [i for i in items if path == i.path or path.startswith(i.path.rstrip("/") + "/")]
    return max(fitting, key=lambda i: len(i.path), default=None)
