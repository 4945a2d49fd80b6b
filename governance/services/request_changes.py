"""What changed between the versions of a request, and whose review each change asks for."""

from dataclasses import dataclass
from itertools import pairwise

from governance.requests.changes import Change, compare
from governance.services.requests import RequestView


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """What a version changes of the one before.

    Attributes:
        old, new: Numbers of the two versions.
    """

    old: int
    new: int
    changes: tuple[Change, ...]


def list_changes(view: RequestView) -> tuple[VersionChanges, ...]:
    """Between each version that is seen and the one before, as submitted where it was."""
    return tuple(
        VersionChanges(
            old.number,
            new.number,
            compare(old.submitted or old.content, new.submitted or new.content),
        )
        for old, new in pairwise(view.request.versions)
    )
