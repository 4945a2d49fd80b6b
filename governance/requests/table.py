"""The state table as a page: `docs/reference/request-states.md` is what `state_page` gives."""

from collections.abc import Iterator

from governance.requests.states import STATUSES, TRANSITIONS, Act, Role, Status, transition

_HEAD = """# States of a data request

Generated from `governance/requests/states.py`; do not edit. Each version of a request walks this
table by itself: an amendment is reviewed while the older version's grant goes on. A command that is
not here is refused, whoever asks. A revocation, the certificate of destruction and the closing are
of the whole request: recorded of every version that stands so; a request that was revoked has no
open version left. Access is never one of these states: it is worked out at each query from the
dated facts of the chain.
"""


def state_page() -> str:
    """The page, ending in one newline."""
    return "\n".join(
        [
            _HEAD,
            "## Who acts next",
            "",
            "| status | next | does, and what happens then | ledger tags that lead here |",
            "|---|---|---|---|",
            *_statuses(),
            "",
            "## Commands",
            "",
            "| status | command | roles | becomes | ledger tags |",
            "|---|---|---|---|---|",
            *_transitions(),
            "",
            "## Roles and commands",
            "",
            "Where a role may give a command. Beyond the role, each command has rules of its own:",
            "a data owner decides on its own agency's part only, and not while recused.",
            "",
            "| command | " + " | ".join(r.value for r in _roles()) + " |",
            "|---|" + "---|" * len(_roles()),
            *_matrix(),
            "",
            "## Diagram",
            "",
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> draft",
            *_diagram(),
            "```",
            "",
        ]
    )


def _roles() -> list[Role]:
    return [r for r in Role if r is not Role.NOBODY]


def _statuses() -> Iterator[str]:
    for status, facts in STATUSES.items():
        tags = ", ".join(f"`{t.value}`" for t in facts.tags)
        yield f"| `{status.value}` | {facts.next.value} | {facts.what} | {tags} |"


def _transitions() -> Iterator[str]:
    for status in Status:
        for row in (t for t in TRANSITIONS if t.status is status):
            roles = ", ".join(r.value for r in row.roles)
            to = ", ".join(f"`{s.value}`" for s in row.to)
            tags = ", ".join(f"`{t.value}`" for t in row.tags)
            yield f"| `{status.value}` | `{row.act.value}` | {roles} | {to} | {tags} |"


def _matrix() -> Iterator[str]:
    for act in Act:
        rows = [row for status in Status if (row := transition(status, act)) is not None]
        cells = []
        for role in _roles():
            places = [f"`{row.status.value}`" for row in rows if role in row.roles]
            cells.append(", ".join(places) or "no")
        yield f"| `{act.value}` | " + " | ".join(cells) + " |"


def _diagram() -> Iterator[str]:
    for row in TRANSITIONS:
        for to in row.to:
            if to is not row.status:
                yield f"    {row.status.value} --> {to.value}: {row.act.value}"
