"""A made-up cast in every relation to one request and one board: what the printed matrix is of."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

from governance.board.bylaws import MotionKind, default_bylaws
from governance.board.events import MotionMoved
from governance.board.model import Alternate, Proxy, Seat
from governance.board.state import BodyState, MotionState
from governance.people.model import Person, PortalRole
from governance.permissions.model import CLOCK, PUBLIC, SIGNER, Action, Actor, Target
from governance.requests.events import AgreementSent
from governance.requests.model import RequestContent, RequestedDataset, RequestPerson
from governance.requests.state import DataRequest, Version
from governance.requests.states import Act, Status

TODAY: Final = date(2026, 3, 20)
_THEN: Final = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
_R = PortalRole


def _person(
    name: str, *roles: PortalRole, agency: str | None = None, party: str = "", left: bool = False
) -> Actor:
    return Actor(
        Person(
            id=name,
            name=name.replace("-", " "),
            email=f"{name}@example.org",
            employer=agency or "Example University",
            agency=agency,
            employment_class="state_employee" if agency else "university",
            roles=roles,
            parties=(party,) if party else (),
            employed_from=date(2020, 1, 1),
            employed_until=date(2026, 3, 19) if left else None,
        )
    )


CAST: Final[Mapping[str, Actor]] = {
    "the public": PUBLIC,
    "the requestor": _person("requestor", _R.REQUESTOR),
    "its representative": _person("representative", _R.REQUESTOR),
    "its analyst": _person("analyst", _R.REQUESTOR),
    "another requestor": _person("stranger", _R.REQUESTOR),
    "an operator": _person("operator", _R.OPERATOR),
    "an operator it names": _person("named-operator", _R.OPERATOR),
    "the owner": _person("owner", _R.DATA_OWNER, agency="sde"),
    "the alternate": _person("alternate", _R.DATA_OWNER, agency="sde"),
    "an owner it names": _person("named-owner", _R.DATA_OWNER, agency="dol"),
    "another owner": _person("other-owner", _R.DATA_OWNER, agency="dcf"),
    "the steward": _person("steward", _R.DATA_STEWARD, agency="sde"),
    "another steward": _person("other-steward", _R.DATA_STEWARD, agency="dcf"),
    "the proxy's holder": _person("holder", _R.REQUESTOR),
    "a party's signatory": _person("signatory", _R.SIGNATORY, party="Example University"),
    "another signatory": _person("other-signatory", _R.SIGNATORY, party="Other Institute"),
    "the auditor": _person("auditor", _R.AUDITOR),
    "an auditor it names": _person("named-auditor", _R.AUDITOR),
    "the requestor who left": _person("left-requestor", _R.REQUESTOR, left=True),
    "an operator who left": _person("left-operator", _R.OPERATOR, left=True),
    "the clock": CLOCK,
    "the signer": SIGNER,
}
"""Who, in words; `the owner` sits for `sde`, whose data is asked for."""

_NAMED: Final = ("analyst", "named-operator", "named-owner", "named-auditor")
_ACTING: Final = ("requestor", "representative", "left-requestor")
_ROLES: Final = {"requestor": "requestor"}


def _content() -> RequestContent:
    people = [(p, "analyst") for p in _NAMED]
    people += [(p, _ROLES.get(p, "authorized_representative")) for p in _ACTING]
    return RequestContent(
        datasets=(
            RequestedDataset(dataset="sde/enrollment", variables=("grade",)),
            RequestedDataset(dataset="dol/quarterly_wages", variables=("amount",)),
        ),
        people=tuple(
            RequestPerson.model_validate(
                {
                    "id": person,
                    "name": person,
                    "employer": "Example University",
                    "employment_class": "university",
                    "role": role,
                }
            )
            for person, role in people
        ),
    )


@cache
def example_request(status: Status) -> DataRequest:
    """A request whose only version has that status."""
    content = _content()
    sent = AgreementSent(
        subject="Q0001",
        at=_THEN,
        by="operator",
        version=1,
        status=Status.AGREEMENTS_OUT,
        agreement="DSA-1",
        digest="ab" * 32,
        parties=("SDE", "DOL", "Example University"),
        effective_on=date(2026, 3, 1),
        ends_on=date(2027, 3, 1),
    )
    version = Version(1, status, content)
    if status is not Status.DRAFT:
        version = replace(version, submitted=content)
    if status in _SENT:
        version = replace(version, agreement=sent)
    if status is Status.OWNER_REVIEW:
        version = replace(version, to_review=("dol", "sde"))
    return DataRequest("Q0001", "requestor", (version,))


_SENT: Final = (
    Status.AGREEMENTS_OUT, Status.GRANTED, Status.EXPIRING, Status.ENDED, Status.REVOKED,
    Status.SUPERSEDED, Status.DESTRUCTION_CERTIFIED, Status.CLOSED,
)  # fmt: skip


@cache
def example_body() -> BodyState:
    """A board where `sde` gave a proxy letter and the owner for `dol` is named in the motion."""
    members = {"sde": "owner", "dol": "named-owner", "dcf": "other-owner"}
    alternates = {"sde": (Alternate(person="alternate", named_at=_THEN),)}
    letter = Proxy(
        agency="sde",
        given_by="owner",
        holder="holder",
        valid_from=date(2026, 3, 1),
        valid_until=date(2026, 3, 31),
        filed_at=_THEN,
    )
    moved = MotionMoved(
        subject="M-1",
        at=_THEN,
        by="other-owner",
        meeting="DGB-1",
        kind=MotionKind.DATA_REQUEST,
        text="Approve request Q0001.",
        about="Q0001",
        requestors=(*_NAMED, *_ACTING),
    )
    return BodyState(
        default_bylaws().body("data_governing_board"),
        seats={
            a: Seat(agency=a, member=m, alternates=alternates.get(a, ()))
            for a, m in members.items()
        },
        proxies=(letter,),
        motions={"M-1": MotionState("M-1", moved)},
    )


def example_target(action: Action | Act, status: Status, actor: Actor) -> Target:
    """What the cast is asked about: the request in that status, `sde`'s part, their own person."""
    request = example_request(status)
    person = actor.by if action is Act.SIGN_NDA else "analyst"
    if action in _ABOUT_REQUEST:
        return Target(request=request, version=request.latest)
    if action is Action.SEE_PUBLICATION:
        return Target(request=request, version=request.latest, agency="sde")
    if isinstance(action, Act):
        return Target(
            request=request,
            version=request.latest,
            agency="sde",
            person=person,
            party="Example University",
        )
    return Target(body=example_body(), motion="M-1", agency="sde", person="analyst")


_ABOUT_REQUEST: Final = frozenset(
    {
        Action.READ_REQUEST, Action.READ_ATTACHMENT, Action.ADD_ATTACHMENT,
        Action.READ_LEDGER_FACTS, Action.READ_PUBLICATIONS, Action.PROPOSE_PUBLICATION,
        Action.RECORD_PUBLICATION, Action.ASK_ERASURE,
        Action.ERASE_FACTS,
    }
)  # fmt: skip
