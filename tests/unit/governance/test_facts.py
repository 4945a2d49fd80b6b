"""What documents of the control plane must not say."""

from typing import Any

import pytest
from pydantic import ValidationError

from governance.board.bylaws import Share, default_bylaws, parse_bylaws
from governance.board.explain import explain
from governance.board.model import MotionFacts, Seat
from governance.board.voting import decide_motion
from governance.errors import DocumentError, LedgerError
from governance.facts import facts_of
from governance.grants.model import Comparison
from governance.requests import Outside, gather_chain, load_rules
from governance.requests.changes import compare
from governance.requests.model import RequestContent, RequestedDataset
from tests.lib.board import EXECUTIVE, build_facts, build_interest, build_meeting, minutes
from tests.lib.generated import ROOT
from tests.lib.requests import NOW, OKAFOR, RUIZ, RULES, Life, build_content


@pytest.mark.parametrize(
    "make",
    [
        lambda: Share(numerator=4, denominator=3),
        lambda: build_meeting(opened_at=None),
        lambda: build_meeting(ended_at=minutes(-1)),
        lambda: RequestedDataset(dataset="sde/enrollment", variables=("grade", "grade")),
        lambda: build_content(people=(RUIZ, RUIZ)),
        lambda: build_content(datasets=build_content().datasets[:1] * 2),
    ],
)
def test_facts_that_contradict_themselves_are_refused(make: Any) -> None:
    with pytest.raises(ValidationError):
        make()


def test_seats_and_bodies_stand_once() -> None:
    facts = build_facts().model_dump(mode="json")
    for seats in (
        [{"agency": "sde", "member": "p-1"}, {"agency": "sde", "member": "p-2"}],
        [{"agency": "sde", "member": "p-1"}, {"agency": "dol", "member": "p-1"}],
    ):
        with pytest.raises(DocumentError, match="two seats"):
            facts_of(MotionFacts, facts | {"seats": seats}, "motion")
    bylaws = default_bylaws()
    twice = bylaws.model_copy(update={"bodies": bylaws.bodies[:1] * 2})
    with pytest.raises(DocumentError, match="named twice"):
        parse_bylaws(twice.model_dump_json().encode(), "bylaws")


def test_a_document_holds_only_what_json_can() -> None:
    with pytest.raises(DocumentError, match="no text, number, list or block"):
        facts_of(Share, {"numerator": float("nan")}, "share")


def test_rules_may_come_from_a_file() -> None:
    assert load_rules(ROOT / "schemas" / "requests" / "programme.yaml") == RULES


def test_explanations_of_odd_meetings_are_whole() -> None:
    facts = build_facts("yyyyv", meeting=build_meeting(noticed_at=None, public=False))
    text = explain(decide_motion(facts))
    assert "Notice: none, 7 needed; not public." in text
    assert "sde: vacant, not counted" in text
    declared = (build_interest("p-sde"), build_interest("p-sde", declared_at=minutes(1)))
    recused = decide_motion(build_facts("yyyys", interests=declared))
    assert recused.seats[-1].recused == "they declared an interest"
    assert "p-sde is recused: they declared an interest" in explain(recused)
    away = explain(decide_motion(build_facts("yyyy-", rules=EXECUTIVE)))
    assert "sde (absent)" in away
    barred = build_facts("yyyys", rules=EXECUTIVE, interests=declared)
    assert "sde (recused)" in explain(decide_motion(barred))
    assert "sde (cast no vote)" in explain(decide_motion(build_facts("yyyys")))
    assert Seat(agency="sde", member=None).alternates == ()


def test_comparisons_tell_every_kind_of_change() -> None:
    first = build_content()
    limited = first.datasets[0].model_copy(
        update={"row_filter": (Comparison(column="grade", operator="in", values=("12",)),)}
    )
    words = [c.words for c in compare(first, build_content(datasets=(limited,)))]
    assert words == ["dol/quarterly_wages: removed", "sde/enrollment: row filter changed"]
    gone = compare(first, build_content(people=(RUIZ, OKAFOR)))
    assert [c.words for c in gone] == ["person removed: Lin Chen"]


def test_a_chain_can_be_gathered_before_anything_is_decided() -> None:
    life = Life()
    life.submit()
    assert life.request is not None
    facts: dict[str, Any] = {"rules": RULES, "bundle_version": 1, "issued_at": NOW}
    chain = gather_chain(life.request, life.request.latest, Outside(), **facts)
    assert (chain.owners, chain.board, chain.sharing_agreement) == ((), None, None)
    draft = Life()
    from governance.requests import commands as c
    from governance.requests.states import Role

    draft.do(c.SaveDraft, Role.REQUESTOR, content=RequestContent())
    assert draft.request is not None
    with pytest.raises(LedgerError, match="never submitted"):
        gather_chain(draft.request, draft.request.latest, Outside(), **facts)
