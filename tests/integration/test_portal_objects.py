"""Ids changed in a path, a query or a form reach nothing of another's, whatever is answered."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

import pytest

from governance.portal.declared import DECLARED, Declared, Open
from governance.requests.states import Act, Status
from governance.services.requests import begin_request
from tests.lib.asking import Answered, Asker
from tests.lib.requests import build_content, build_request_person
from tests.lib.statuses import CAST, EveryStatus

pytestmark = pytest.mark.xdist_group("portal_objects")

SECRETS: Final = ("Zanzibarquokka", "Purposemarmoset", "Methodwombat", "Placeaxolotl")
"""Words of another's draft: title, purpose, analysis, secure environment."""
OTHERS: Final = (
    "the public", "the requestor", "the owner", "another owner", "the steward",
    "the proxy's holder", "a party's signatory", "another signatory", "the requestor who left",
)  # fmt: skip
"""Who has nothing to do with a draft of `another requestor`."""
NUMBERED: Final = [
    d for d in DECLARED if "{number}" in d.path and not isinstance(d.asks, Open)
]  # fmt: skip


class Objects:
    def __init__(self, every: EveryStatus) -> None:
        self.every = every
        person = build_request_person(id="p-stranger", name="Person p-stranger")
        content = build_content(
            title=SECRETS[0], purpose=SECRETS[1], analysis_plan=SECRETS[2],
            secure_environment=SECRETS[3], people=(person,),
        )  # fmt: skip
        self.draft = begin_request(every.p, every.actor("another requestor"), content)
        self.asker = Asker(every.p, dict(CAST))

    def ask(self, declared: Declared, kind: str, path: str, form: bytes | None = None) -> Answered:
        return asyncio.run(self.asker.ask(declared, path, kind, form))

    def head(self) -> int:
        with self.every.p.store.read() as unit:
            sql = "SELECT count(*) FROM ledger_entries WHERE tag <> 'action:denied'"
            return int(unit.connection.exec_driver_sql(sql).scalar_one())


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Objects]:
    every = EveryStatus(tmp_path_factory.mktemp("objects"), base_url="http://127.0.0.1:8000")
    every.office.clock.tick = timedelta(0)
    yield Objects(every)
    every.p.close()


def route(method: str, path: str) -> Declared:
    return next(d for d in DECLARED if d.method == method and d.path == path)


def test_anothers_draft_is_told_to_nobody_by_its_number(objects: Objects) -> None:
    before = objects.head()
    for declared in NUMBERED:
        path = declared.path.replace("{number}", objects.draft)
        path = re.sub(r"{\w+}", "p-stranger", path)
        for kind in OTHERS:
            answer = objects.ask(declared, kind, path)
            assert answer.status in {303, 401, 403, 404}, (declared.method, path, kind)
            for word in SECRETS:
                assert word not in answer.text, (declared.method, path, kind)
    assert objects.head() == before


@pytest.mark.parametrize(
    "path",
    ["/requests", "/requests?scope=waiting", "/register", "/register/open-data/register.json",
     "/register.atom", "/register/open-data/request-log.csv", "/api/v1/requests"],
)  # fmt: skip
def test_lists_tell_nothing_of_anothers_draft(objects: Objects, path: str) -> None:
    declared = route("GET", path.partition("?")[0])
    for kind in OTHERS:
        answer = objects.ask(declared, kind, path)
        assert not [w for w in SECRETS if w in answer.text], kind


@pytest.mark.parametrize(
    ("kind", "act", "facts"),
    [
        ("the owner", Act.REVIEW_PART, {"agency": "dol", "choice": "approve", "reason": "Yes."}),
        ("another owner", Act.REVIEW_PART, {"agency": "sde", "choice": "reject", "reason": "No."}),
        ("its analyst", Act.SIGN_NDA, {"person": "p-ruiz", "name": "Dana Ruiz"}),
        ("another requestor", Act.SIGN_NDA, {"person": "p-stranger", "name": "Person p-stranger"}),
        ("another signatory", Act.SIGN_AGREEMENT, {"party": "SDE", "name": "Person p-signs-not"}),
        ("its analyst", Act.RECORD_LEAVER, {"person": "p-ruiz", "left_on": "2026-03-17"}),
    ],
)  # fmt: skip
def test_a_form_that_names_another_changes_nothing(
    objects: Objects, kind: str, act: Act, facts: dict[str, str]
) -> None:
    status = Status.OWNER_REVIEW if act is Act.REVIEW_PART else Status.AGREEMENTS_OUT
    number, before = objects.every.numbers[status], objects.head()
    for declared in NUMBERED:
        if declared.asks == (act,) and declared.writes:
            body = json.dumps(facts) if declared.kind == "api" else urlencode(facts)
            path = declared.path.replace("{number}", number)
            answer = objects.ask(declared, kind, path, body.encode())
            assert answer.status in {403, 404, 409, 422}, (path, answer.text)
    assert objects.head() == before


def test_a_vote_for_anothers_seat_is_refused(objects: Objects) -> None:
    before = objects.head()
    path = "/boards/data_governing_board/motions/MO-open/vote"
    declared = route("POST", "/boards/{body}/motions/{motion}/vote")
    form = urlencode({"agency": "dcf", "choice": "in_favor", "rationale": "Yes."}).encode()
    for kind in ("the owner", "the proxy's holder", "an operator", "the public"):
        assert objects.ask(declared, kind, path, form).status == 403
    assert objects.head() == before


def test_a_version_that_is_not_there_is_not_found(objects: Objects) -> None:
    declared = route("GET", "/requests/{number}")
    number = objects.every.numbers[Status.GRANTED]
    for version in ("9", "0", "999999999999999999999"):
        answer = objects.ask(declared, "the requestor", f"/requests/{number}?version={version}")
        assert answer.status == 404


def test_ids_that_are_none_are_not_found_and_write_nothing(objects: Objects) -> None:
    before = objects.head()
    for declared in NUMBERED:
        for number in ("Q9999", "..%2F..%2Fetc", "Q0001'--", "%00", "Q" * 300):
            path = re.sub(r"{\w+}", "p-x", declared.path.replace("{number}", number))
            answer = objects.ask(
                declared, "an operator", path.replace("%2F", "/").replace("%00", "")
            )
            assert answer.status in {403, 404, 405, 422}, (declared.method, path, answer.status)
    assert objects.head() == before
