"""Every actor of the cast by every status by every action, against a table written by hand.

The table below is not derived from the code: it says in the test's own words who may do what.
"""

from datetime import date
from typing import Any

import pytest

from governance.permissions import Action, acting_role, decide_action
from governance.permissions.cast import CAST, TODAY, example_target
from governance.permissions.rights import (
    FOUR_EYES_ACTIONS,
    FOUR_EYES_ACTS,
    GROUNDS,
    NOT_ABOUT_ONESELF,
    RECUSED,
)
from governance.requests.states import Act, Status

SHORT = {
    "pub": "the public", "req": "the requestor", "rep": "its representative", "ana": "its analyst",
    "str": "another requestor", "op": "an operator", "opn": "an operator it names",
    "own": "the owner", "alt": "the alternate", "own2": "an owner it names",
    "ownx": "another owner", "stw": "the steward", "stwx": "another steward",
    "hol": "the proxy's holder", "sig": "a party's signatory", "sigx": "another signatory",
    "aud": "the auditor", "audn": "an auditor it names", "lreq": "the requestor who left",
    "lop": "an operator who left", "clk": "the clock", "sgn": "the signer",
}  # fmt: skip
EVERYBODY = " ".join(SHORT)
DRAFT = "draft"
BEFORE = "submitted returned owner_review board_vote"
DECIDED = "approved approved_with_conditions"
REFUSED = "denied withdrawn"
SIGNING = "agreements_out granted expiring"
OVER = "ended revoked superseded destruction_certified closed"
SUBMITTED = f"{BEFORE} {DECIDED} {REFUSED}"
SENT = f"{SIGNING} {OVER}"
ALL = f"{DRAFT} {SUBMITTED} {SENT}"

ACTS = """
save_draft           | draft returned                                  | req rep
submit               | draft returned                                  | req rep
withdraw             | draft submitted returned owner_review board_vote approved approved_with_conditions agreements_out | req rep
return               | submitted owner_review board_vote               | op opn
accept_complete      | submitted                                       | op
review_part          | owner_review                                    | own alt
declare_interest     | submitted owner_review board_vote               | own alt own2 ownx
record_vote          | board_vote                                      | op
send_agreement       | approved approved_with_conditions               | op
sign_agreement       | agreements_out                                  | sig
sign_nda             | agreements_out granted expiring                 | req rep ana opn own2
record_training      | agreements_out granted expiring                 | op
meet_condition       | agreements_out granted expiring                 | op
record_leaver        | agreements_out granted expiring                 | req rep op opn
grant                | agreements_out granted expiring                 | sgn
mark_expiring        | granted                                         | clk
end                  | granted expiring                                | clk
revoke               | agreements_out granted expiring                 | op opn own alt own2
amend                | granted expiring                                | req rep
supersede            | granted expiring                                | sgn
certify_destruction  | ended revoked                                   | req rep
close                | destruction_certified                           | op
"""  # noqa: E501  one line a command
INSIDERS = "req rep ana op opn own2 aud audn"
"""`own2` is named in it and reads even the draft."""
ABOUT_REQUEST = {
    "read_request": {
        DRAFT: f"{INSIDERS} clk sgn",
        SUBMITTED: f"{INSIDERS} own alt ownx stw clk sgn",
        SENT: f"{INSIDERS} own alt ownx stw sig clk sgn",
    },
    "read_attachment": {
        DRAFT: INSIDERS,
        SUBMITTED: f"{INSIDERS} own alt stw",
        SENT: f"{INSIDERS} own alt stw sig",
    },
    "add_attachment": {
        f"{DRAFT} {SUBMITTED}": "req rep ana op opn own2",
        SENT: "req rep ana op opn own2 sig",
    },
    "read_ledger_facts": {ALL: f"{INSIDERS} sgn"},
    "read_publications": {
        DRAFT: INSIDERS,
        f"{SUBMITTED} {SENT}": f"{INSIDERS} own alt",
    },
    "propose_publication": {ALL: "req rep"},
    "see_publication": {f"{SUBMITTED} {SENT}": "own alt"},
    "record_publication": {ALL: "op"},
    "ask_erasure": {ALL: "op opn"},
    "erase_facts": {ALL: "op"},
}
ELSEWHERE = {
    "read_register": EVERYBODY,
    "read_ledger": EVERYBODY,
    "begin_request": "req rep ana str hol",
    "list_own_requests": "req rep ana str op opn own alt own2 ownx stw stwx hol sig sigx aud audn",
    "list_agency_data": "op opn own alt stw aud audn",
    "list_all_requests": "op opn aud audn clk",
    "read_packet": "op opn own alt own2 ownx hol aud audn clk",
    "fill_seat": "op opn",
    "name_alternate": "op opn own",
    "file_proxy": "own",
    "run_meeting": "op opn",
    "move_motion": "own alt ownx hol",
    "put_motion": "op",
    "declare_interest": "own alt own2 ownx hol",
    "cast_vote": "own alt hol",
    "read_people": "ana op opn aud audn clk",
    "change_people": "op opn",
    "read_configuration": "op opn aud audn",
    "manage_webhooks": "op opn",
    "route_records_request": "op opn",
    "record_cost": "op opn",
    "confirm_link_destruction": "own alt stw",
    "record_match": "op opn",
}


def oracle() -> dict[tuple[str, str, str], frozenset[str]]:
    """Kind, action and status to who may, in the cast's words; what is missing, nobody may."""
    found: dict[tuple[str, str, str], frozenset[str]] = {}

    def put(kind: str, action: str, statuses: str, who: str) -> None:
        for status in statuses.split():
            found[kind, action, status] = frozenset(SHORT[w] for w in who.split())

    for line in ACTS.strip().splitlines():
        act, statuses, who = line.split("|")
        put("act", act.strip(), statuses, who)
    for action, stages in ABOUT_REQUEST.items():
        for statuses, who in stages.items():
            put("action", action, statuses, who)
    for action, who in ELSEWHERE.items():
        put("action", action, ALL, who)
    return found


ORACLE = oracle()


def allowed(action: Action | Act, status: Status, today: date = TODAY) -> frozenset[str]:
    return frozenset(
        words
        for words, actor in CAST.items()
        if decide_action(
            actor, action, example_target(action, status, actor), today=today
        ).permitted
    )


def test_the_cast_is_whole() -> None:
    assert set(SHORT.values()) == set(CAST)
    assert set(ALL.split()) == {s.value for s in Status}


def test_every_action_has_grounds_and_the_oracle_speaks_of_every_one() -> None:
    assert set(GROUNDS) == set(Action)
    assert {a for kind, a, _ in ORACLE if kind == "action"} == {a.value for a in Action}
    assert {a for kind, a, _ in ORACLE if kind == "act"} == {a.value for a in Act}


@pytest.mark.parametrize("status", Status)
def test_matrix(status: Status) -> None:
    wrong: dict[str, Any] = {}
    for action in (*Action, *Act):
        kind = "act" if isinstance(action, Act) else "action"
        expected = ORACLE.get((kind, action.value, status.value), frozenset())
        if (found := allowed(action, status)) != expected:
            wrong[action.value] = {"missing": expected - found, "too many": found - expected}
    assert wrong == {}


@pytest.mark.parametrize("status", Status)
def test_every_refusal_says_rule_reason_remedy_and_clause(status: Status) -> None:
    for action in (*Action, *Act):
        for actor in CAST.values():
            target = example_target(action, status, actor)
            decision = decide_action(actor, action, target, today=TODAY)
            assert decision.checked
            for denial in decision.denials:
                assert all((denial.rule, denial.reason, denial.remedy, denial.clause))
                assert actor.person is None or actor.person.email not in denial.reason
            if isinstance(action, Act) and decision.permitted:
                assert acting_role(actor, action, target) is not None


def test_a_name_shared_by_an_action_and_a_command_is_in_no_bar() -> None:
    """The two enumerations are texts: a shared name would be barred in both."""
    shared = {a.value for a in Action} & {a.value for a in Act}
    assert shared <= {"declare_interest"}
    bars = FOUR_EYES_ACTS | FOUR_EYES_ACTIONS | NOT_ABOUT_ONESELF | RECUSED
    assert not shared & {a.value for a in bars}
