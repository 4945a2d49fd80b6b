"""What handlers share: the event a command makes, and the content it is about."""

from collections.abc import Callable

from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.requests import commands as c
from governance.requests import events as ev
from governance.requests.model import RequestContent
from governance.requests.state import Version
from governance.requests.states import Status


def content_digest(content: RequestContent) -> str:
    """SHA-256 of the content as canonical JSON: what a submission and its approvals are about.

    Fields at their default are left out, so that a field the form gets later does not make another
    content of every older one.
    """
    return sha256_of(canonical_json(content.model_dump(mode="json", exclude_defaults=True)))


def make_event(
    kind: Callable[..., ev.RequestEvent], command: c.RequestCommand, status: Status, **facts: object
) -> ev.RequestEvent:
    """The event of a command, about its version, with the status after it."""
    return kind(
        subject=command.request,
        at=command.at,
        by=command.by,
        version=command.version,
        status=status,
        **facts,
    )


def submitted(version: Version) -> RequestContent:
    """What is under review: the content as submitted, never a later draft."""
    return version.submitted or version.content
