"""The rights as a table: on which grounds each action may be permitted, and what bars it.

The table is the law: an action that is not in it is refused, whoever asks. Commands on a request
follow `governance.requests.states.TRANSITIONS`; here stands what each of its roles asks of a
person. `docs/reference/permissions.md` is generated from it.
"""

from collections.abc import Mapping
from typing import Final

from governance.people.model import PortalRole
from governance.permissions.model import Action
from governance.permissions.relations import Ground
from governance.requests.states import Act, Role

_G = Ground
_OFFICE: Final = (_G.OPERATOR, _G.AUDITOR)
_INSIDE: Final = (_G.OWN_REQUEST, _G.NAMED, *_OFFICE)

GROUNDS: Final[Mapping[Action, tuple[Ground, ...]]] = {
    Action.READ_REGISTER: (_G.EVERYBODY,),
    Action.READ_LEDGER: (_G.EVERYBODY,),
    Action.BEGIN_REQUEST: (_G.ASKS,),
    Action.READ_REQUEST: (
        *_INSIDE,
        _G.OWNS_SOME_PART,
        _G.DELIVERS_PART,
        _G.BOARD_SUBMITTED,
        _G.SIGNS_THIS,
        _G.CLOCK,
        _G.SIGNER,
    ),
    Action.READ_ATTACHMENT: (*_INSIDE, _G.OWNS_SOME_PART, _G.DELIVERS_PART, _G.SIGNS_THIS),
    Action.ADD_ATTACHMENT: (_G.OWN_REQUEST, _G.NAMED, _G.OPERATOR, _G.SIGNS_THIS),
    Action.LIST_OWN_REQUESTS: (_G.PERSON,),
    Action.LIST_AGENCY_DATA: (_G.OWN_AGENCY, *_OFFICE),
    Action.LIST_ALL_REQUESTS: (*_OFFICE, _G.CLOCK),
    Action.READ_PACKET: (_G.BOARD, *_OFFICE, _G.CLOCK),
    Action.FILL_SEAT: (_G.OPERATOR,),
    Action.NAME_ALTERNATE: (_G.SEAT_MEMBER, _G.OPERATOR),
    Action.FILE_PROXY: (_G.SEAT_MEMBER,),
    Action.RUN_MEETING: (_G.OPERATOR,),
    Action.MOVE_MOTION: (_G.MAY_SIT,),
    Action.PUT_MOTION: (_G.OPERATOR,),
    Action.DECLARE_INTEREST: (_G.MAY_SIT,),
    Action.CAST_VOTE: (_G.SITS_FOR,),
    Action.READ_PEOPLE: (_G.SELF, *_OFFICE, _G.CLOCK),
    Action.CHANGE_PEOPLE: (_G.OPERATOR,),
    Action.READ_LEDGER_FACTS: (_G.OWN_REQUEST, _G.NAMED, _G.SELF, *_OFFICE, _G.SIGNER),
    Action.READ_CONFIGURATION: _OFFICE,
    Action.MANAGE_WEBHOOKS: (_G.OPERATOR,),
    Action.ROUTE_RECORDS_REQUEST: (_G.OPERATOR,),
    Action.RECORD_COST: (_G.OPERATOR,),
    Action.RECORD_MATCH: (_G.OPERATOR,),
    Action.CONFIRM_LINK_DESTRUCTION: (_G.OWN_AGENCY,),
    Action.READ_PUBLICATIONS: (*_INSIDE, _G.OWNS_SOME_PART),
    Action.PROPOSE_PUBLICATION: (_G.OWN_REQUEST,),
    Action.SEE_PUBLICATION: (_G.OWNS_PART,),
    Action.RECORD_PUBLICATION: (_G.OPERATOR,),
    Action.ASK_ERASURE: (_G.OPERATOR,),
    Action.ERASE_FACTS: (_G.OPERATOR,),
}
"""Any one of the grounds suffices."""

ROLE_GROUNDS: Final[Mapping[Role, Ground]] = {
    Role.REQUESTOR: _G.OWN_REQUEST,
    Role.OPERATOR: _G.OPERATOR,
    Role.DATA_OWNER: _G.OWNS_SOME_PART,
    Role.PARTY: _G.SIGNS_FOR,
    Role.PERSON: _G.SELF,
    Role.SIGNER: _G.SIGNER,
    Role.CLOCK: _G.CLOCK,
}
"""What a role of the states' table asks of who acts in it."""

OWN_GROUNDS: Final[Mapping[tuple[Role, Act], Ground]] = {
    (Role.DATA_OWNER, Act.REVIEW_PART): _G.OWNS_PART,
    (Role.DATA_OWNER, Act.DECLARE_INTEREST): _G.OWNER_SUBMITTED,
}
"""Commands that ask something else of their role: whoever is to vote declares an interest."""


def ground_of(role: Role, act: Act) -> Ground | None:
    """What a command asks of who gives it in a role; None: nobody has that role."""
    return OWN_GROUNDS.get((role, act)) or ROLE_GROUNDS.get(role)


FOUR_EYES_ACTS: Final = frozenset(
    {
        Act.ACCEPT_COMPLETE,
        Act.REVIEW_PART,
        Act.RECORD_VOTE,
        Act.SEND_AGREEMENT,
        Act.RECORD_TRAINING,
        Act.MEET_CONDITION,
        Act.CLOSE,
    }
)
"""Not by the office or an owner on a request of their own, or one that names them.

What only takes access away (return, record a leaver, revoke) anybody entitled may do at once.
"""

FOUR_EYES_ACTIONS: Final = frozenset(
    {Action.ERASE_FACTS, Action.SEE_PUBLICATION, Action.RECORD_PUBLICATION}
)
"""Likewise, on a request of their own."""

NOT_ABOUT_ONESELF: Final = frozenset(
    {Action.CHANGE_PEOPLE, Action.FILL_SEAT, Action.NAME_ALTERNATE, Action.ERASE_FACTS}
)
"""Not about the own record, nor with oneself in the seat or as who stands in for its member."""

NOT_ASKED_BY_ONESELF: Final = frozenset({Action.ERASE_FACTS})
"""Two persons: one asks, another one carries it out."""

RECUSED: Final = frozenset({Action.MOVE_MOTION, Action.PUT_MOTION, Action.CAST_VOTE})
"""Not while recused from the motion."""

PUBLIC_ACTIONS: Final = frozenset(a for a, grounds in GROUNDS.items() if _G.EVERYBODY in grounds)
"""Open to everybody."""

READING: Final = frozenset(
    {
        Action.READ_REGISTER, Action.READ_LEDGER, Action.READ_REQUEST, Action.READ_ATTACHMENT,
        Action.READ_PUBLICATIONS, Action.LIST_OWN_REQUESTS, Action.LIST_AGENCY_DATA,
        Action.LIST_ALL_REQUESTS,
        Action.READ_PACKET, Action.READ_PEOPLE, Action.READ_LEDGER_FACTS,
        Action.READ_CONFIGURATION,
    }
)  # fmt: skip
"""What changes nothing."""

ACTING_ROLES: Final = frozenset(PortalRole) - {PortalRole.AUDITOR}
"""A person with none of these roles changes nothing, whatever the records name them as."""
