"""The rights as a page: `docs/reference/permissions.md` is what `permissions_page` gives.

Every cell is `decide_action`'s own answer about a made-up cast, so the page cannot say anything
that the programme does not do.
"""

from collections.abc import Iterator

from governance.permissions.cast import CAST, TODAY, example_target
from governance.permissions.deciding import decide_action
from governance.permissions.model import Action
from governance.permissions.relations import Ground
from governance.permissions.rights import (
    FOUR_EYES_ACTIONS,
    FOUR_EYES_ACTS,
    GROUNDS,
    NOT_ABOUT_ONESELF,
    NOT_ASKED_BY_ONESELF,
    RECUSED,
    ROLE_GROUNDS,
)
from governance.permissions.words import GROUND_WORDS, who_words
from governance.requests.states import STATUSES, Act, Role, Status, transition

_HEAD = """# Who may do what

Generated from `governance/permissions`; do not edit. `decide_action` is the one answer to every
"may X do Y on Z now", for pages, the JSON API and the command line alike. Whatever is not here is
refused. Beyond who may, each command has rules of its own (see `request-states.md`).

- Nobody whose employment is not in force today may do anything but what is open to everybody.
- A person whose only role is auditor changes nothing, whatever the records name them as.
- A draft is read by its requestor and representative, the persons it names, the operating office
  and the auditor; nobody else sees it before it is submitted.
- What only takes access away (return, record a leaver, revoke) needs no second pair of eyes.
"""
_REQUEST_ACTIONS = (
    Action.READ_REQUEST,
    Action.READ_ATTACHMENT,
    Action.ADD_ATTACHMENT,
    Action.READ_LEDGER_FACTS,
    Action.READ_PUBLICATIONS,
    Action.PROPOSE_PUBLICATION,
    Action.SEE_PUBLICATION,
    Action.RECORD_PUBLICATION,
    Action.ASK_ERASURE,
    Action.ERASE_FACTS,
)


def permissions_page() -> str:
    """The page, ending in one newline."""
    return "\n".join(
        [
            _HEAD,
            "## Actions",
            "",
            "| action | who may | not |",
            "|---|---|---|",
            *(f"| `{a.value}` | {who_words(GROUNDS[a])} | {_bar(a)} |" for a in Action),
            "",
            "## Roles in which commands are given",
            "",
            "| role | is | commands barred on an own request, or one that names them |",
            "|---|---|---|",
            *_roles(),
            "",
            "## Who may, by status",
            "",
            "The cast: `the owner` and `the alternate` sit for the agency whose part it is, `an",
            "owner it names` for another contributing agency, `another owner` for one that",
            "contributes nothing. Whoever is not listed is refused.",
            "",
            *_statuses(),
            "## Who may, on the board and elsewhere",
            "",
            "About the seat of `sde`, and a motion that names the requestor and the analyst.",
            "",
            "| action | who of the cast may |",
            "|---|---|",
            *(_line(a, Status.DRAFT) for a in Action if a not in _REQUEST_ACTIONS),
            "",
        ]
    )


def _bar(action: Action) -> str:
    bars = (
        (NOT_ABOUT_ONESELF, "about oneself"),
        (NOT_ASKED_BY_ONESELF, "what one asked for oneself"),
        (FOUR_EYES_ACTIONS, "on an own request, or one that names them"),
        (RECUSED, "while recused from the motion"),
    )
    return "; ".join(words for actions, words in bars if action in actions)


def _roles() -> Iterator[str]:
    for role, ground in ROLE_GROUNDS.items():
        acts = [
            a
            for a in Act
            if a in FOUR_EYES_ACTS
            and any((row := transition(s, a)) is not None and role in row.roles for s in Status)
        ]
        barred = ", ".join(f"`{a.value}`" for a in acts)
        yield f"| {role.value} | {_extra(role) or GROUND_WORDS[ground]} | {barred} |"


def _extra(role: Role) -> str:
    if role is Role.DATA_OWNER:
        return (
            "to review a part: the data owner of that agency, or its alternate; to declare an "
            f"interest: {GROUND_WORDS[Ground.OWNER_SUBMITTED]}; to revoke: "
            + GROUND_WORDS[ROLE_GROUNDS[role]]
        )
    return "the person alone, whom the request names" if role is Role.PERSON else ""


def _statuses() -> Iterator[str]:
    for status in STATUSES:
        acts: list[Action | Act] = [*_REQUEST_ACTIONS]
        acts += [a for a in Act if transition(status, a) is not None]
        yield f"### {status.value.replace('_', ' ')}"
        yield ""
        yield "| action or command | who of the cast may |"
        yield "|---|---|"
        for action in acts:
            yield _line(action, status)
        yield ""


def _line(action: Action | Act, status: Status) -> str:
    may = [
        words
        for words, actor in CAST.items()
        if decide_action(
            actor, action, example_target(action, status, actor), today=TODAY
        ).permitted
    ]
    return f"| `{action.value}` | {'everybody' if len(may) == len(CAST) else ', '.join(may)} |"
