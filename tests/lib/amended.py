"""A request that is granted and amended, up to where the amendment waits for signatures."""

from datetime import timedelta

from governance.permissions import SIGNER
from governance.requests.model import RequestedDataset
from governance.requests.states import Act, Status
from governance.services.requests import read_request
from tests.lib.journey import MEETING_AT
from tests.lib.requests import build_content
from tests.lib.signing import Desk

WIDER = build_content(
    datasets=(
        RequestedDataset(dataset="sde/enrollment", variables=("grade", "year")),
        RequestedDataset(dataset="oec/centers", variables=("sector",)),
    ),
    purposes={"sde": "evaluation", "oec": "evaluation"},
)


def amended(desk: Desk) -> str:
    """Version 1 is in force; version 2, of other data, is out for signature."""
    number = desk.granted()
    desk.sign()
    desk.do(number, "p-ruiz", Act.AMEND, content=WIDER)
    desk.do(number, "p-ruiz", Act.SUBMIT, version=2)
    desk.journey.review(number, version=2)
    desk.journey.vote(number, at=MEETING_AT + timedelta(days=28), meeting="DGB-4", motion="M-2")
    desk.send(number, version=2)
    return number


def statuses(desk: Desk, number: str) -> set[Status]:
    request = read_request(desk.office.programme, SIGNER, number).request
    return {v.status for v in request.versions}
