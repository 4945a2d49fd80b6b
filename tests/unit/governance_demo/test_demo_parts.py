"""The demonstration's parts: the same seed gives the same people, and every form holds."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.agreements import load_agreements
from governance.calendar import is_business_day, legal_date
from governance.contracts import load_contracts
from governance.demo.agenda import Agenda, SimulatedClock, office_hours
from governance.demo.cast import Cast, cast_people
from governance.demo.chance import Chance
from governance.demo.errors import DemoHomeError
from governance.demo.fates import _FATES
from governance.demo.forms import Forms
from governance.demo.projects import load_projects
from governance.demo.run import DemoOptions, run_demo
from governance.demo.schemas import write_schemas
from governance.people import PortalRole
from governance.profile import load_profile
from governance.requests.completeness import decide_completeness
from governance.requests.precheck import precheck
from governance.requests.rules import load_rules

TODAY = date(2025, 10, 1)
PROJECTS, PROFILE = load_projects(), load_profile()


def cast(seed: int = 1) -> Cast:
    return cast_people(PROFILE, PROJECTS, "ocme", Chance(seed))


def test_the_same_seed_casts_the_same_people() -> None:
    assert cast(7) == cast(7)
    assert cast(7).operators != cast(8).operators


def test_everybody_has_an_id_an_address_and_an_account_of_their_own() -> None:
    people = cast().people
    for facts in (
        [p.id for p in people.values()],
        [p.email for p in people.values()],
        [p.account for p in people.values()],
    ):
        assert len(set(facts)) == len(people)
    assert all("example." in p.email for p in people.values())


def test_every_agency_has_an_owner_an_alternate_two_stewards_and_a_head_who_signs() -> None:
    made = cast()
    assert {a.id for a in PROFILE.participating} < set(made.agencies)
    for agency, named in made.agencies.items():
        assert named.owner.agency == named.alternate.agency == agency
        assert [s.roles for s in named.stewards] == [(PortalRole.DATA_STEWARD,)] * 2
        assert agency.upper() in named.head.parties


def test_there_are_forty_projects_each_with_a_known_life() -> None:
    assert len(PROJECTS.projects) == 40
    assert len({p.key for p in PROJECTS.projects}) == 40
    assert {p.fate for p in PROJECTS.projects} == set(_FATES)
    assert {p.type.value for p in PROJECTS.projects} == {
        "initial", "continuation", "repeat", "modification",
    }  # fmt: skip


def test_every_form_is_complete_and_the_agreements_refuse_none(tmp_path: Path) -> None:
    write_schemas(tmp_path, TODAY)
    contracts = load_contracts(tmp_path / "datasets")
    agreements = load_agreements(tmp_path / "agreements")
    numbers = {p.key: f"Q{n:04d}" for n, p in enumerate(PROJECTS.projects, 1)}
    forms, rules = Forms(cast(), PROJECTS, PROFILE, agreements, numbers), load_rules()
    for project in PROJECTS.projects:
        if project.fate == "draft":
            continue
        for changed in ({}, project.amendment, project.narrowed):
            content = forms.whole(project, TODAY, TODAY + timedelta(days=400), changed)
            assert decide_completeness(content, rules).permitted, project.key
            report = precheck(content, contracts, agreements, TODAY, rules)
            assert report.decision.permitted, (project.key, report.decision.denials)


def test_agreements_of_the_home_are_in_force_from_before_the_first_day(tmp_path: Path) -> None:
    write_schemas(tmp_path, TODAY)
    agreements = load_agreements(tmp_path / "agreements")
    assert len(agreements) == 14
    assert all(a.in_force(TODAY) for a in agreements.values())


def test_the_agenda_is_worked_off_in_time_and_what_is_not_due_stays() -> None:
    begin = datetime(2026, 1, 5, tzinfo=UTC)
    clock, done = SimulatedClock(begin), list[str]()
    agenda = Agenda(clock)

    def add_more() -> None:
        done.append("b")
        agenda.add(begin + timedelta(hours=2), lambda: done.append("c"))

    agenda.add(begin + timedelta(hours=3), lambda: done.append("d"))
    agenda.add(begin + timedelta(hours=1), add_more)
    agenda.add(begin, lambda: done.append("a"))
    agenda.add(begin + timedelta(days=2), lambda: done.append("late"))
    agenda.work(begin + timedelta(days=1), lambda _: None)
    assert done == ["a", "b", "c", "d"]
    assert clock() == begin + timedelta(hours=3)


def test_the_clock_never_goes_back() -> None:
    clock = SimulatedClock(datetime(2026, 1, 5, tzinfo=UTC))
    clock.turn_to(datetime(2025, 1, 5, tzinfo=UTC))
    assert clock() == datetime(2026, 1, 5, tzinfo=UTC)


def test_office_hours_are_on_days_the_state_works() -> None:
    for day in range(400):
        at = office_hours(TODAY + timedelta(days=day))
        assert is_business_day(legal_date(at))


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DemoHomeError):
        run_demo(DemoOptions(home=tmp_path, quiet=True))
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
