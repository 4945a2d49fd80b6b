from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from enclave.errors import QueryError
from enclave.query import NOTICE, describe_suppression
from governance.errors import ConfigurationError
from governance.grants import TOTALS_ONLY, Comparison, ForbiddenCombination, OutputRule
from tests.lib.grants import build_person
from tests.lib.questions import (
    DATASET,
    Asker,
    Row,
    build_question_columns,
    build_question_contract,
    build_question_grant,
    build_row,
    build_rows,
)

ROWS = build_rows({"A": 30, "B": 40, "C": 3})


def test_groups_are_listed_from_the_code_list_and_small_ones_suppressed() -> None:
    answered = Asker(build_rows({"A": 30, "B": 3}))(
        "SELECT district, COUNT(*) AS students FROM enrollment GROUP BY district"
    )
    assert answered.columns == ("district", "students")
    assert answered.rows == (("A", None), ("B", None), ("C", 0))
    assert answered.suppressed == {(0, 1): "count", (1, 1): "count"}
    assert answered.receipt["suppressed"] == {"count": 2, "statistic": 0}
    assert answered.receipt["groups"] == {"district": "every value, also where nobody is"}


def test_totals_are_shown_when_asked_for() -> None:
    answered = Asker(ROWS)("SELECT district, COUNT(*) FROM enrollment GROUP BY 1", totals=True)
    assert answered.rows == (("A", None), ("B", 40), ("C", None), ("(total)", 73))


def test_people_are_counted_and_not_rows() -> None:
    rows: list[Row] = [build_row(n % 5, grade="10") for n in range(40)]
    rows += [build_row(100 + n, grade="11") for n in range(40)]
    rows += [build_row(200 + n, grade="12") for n in range(50)]
    answered = Asker(rows)(
        "SELECT grade, COUNT(*), COUNT(DISTINCT person_id) FROM enrollment GROUP BY grade"
    )
    assert answered.columns == ("grade", "count", "people")
    assert answered.rows == (
        ("09", 0, 0),
        ("10", None, None),
        ("11", None, None),
        ("12", 50, 50),
    )


def test_statistics_go_with_their_count_denominator_and_dominance() -> None:
    rows = build_rows({"A": 30, "B": 15, "C": 60})
    sql = "SELECT district, COUNT(*), AVG(days), SUM(pay) FROM enrollment GROUP BY district"
    answered = Asker(rows)(sql)
    # B's 15 people may be counted, but carry no statistic; A protects it.
    assert answered.rows[0] == ("A", 30, None, None)
    assert answered.rows[1] == ("B", 15, None, None)
    assert answered.rows[2] == ("C", 60, 170.0, 630.0)
    assert answered.suppressed[1, 2] == "statistic"
    dominated: list[Row] = build_rows({"A": 60, "B": 60, "C": 60})
    dominated = [dict(r) | {"pay": 9e6} if i == 0 else r for i, r in enumerate(dominated)]
    answered = Asker(dominated)(sql, totals=True)
    assert answered.rows[0] == ("A", 60, 170.0, None)
    assert answered.rows[1] == ("B", 60, 170.0, 630.0)
    # The others are too little to hide it in, and the total is dominated as well.
    assert answered.rows[3] == ("(total)", 180, 170.0, None)


def test_one_school_holding_most_of_a_sum_suppresses_it() -> None:
    rows = build_rows({"A": 60, "B": 60, "C": 60})
    one_school = [dict(r) | {"school": "only"} if r["district"] == "A" else r for r in rows]
    answered = Asker(one_school)("SELECT district, SUM(days) FROM enrollment GROUP BY district")
    assert answered.rows[0] == ("A", None)


def test_a_rate_needs_a_numerator_and_a_rest() -> None:
    rows: list[Row] = []
    for district, yes, no in (("A", 97, 3), ("B", 3, 97), ("C", 50, 50)):
        for n in range(yes + no):
            rows.append(build_row(len(rows), district=district, passed=n < yes))
    answered = Asker(rows)("SELECT district, AVG(passed) AS rate FROM enrollment GROUP BY district")
    assert answered.rows == (("A", None), ("B", None), ("C", 0.5))


def test_a_count_of_values_hides_who_has_none() -> None:
    rows = [build_row(n, days=None if n < 3 else 1) for n in range(100)]
    answered = Asker(rows)("SELECT COUNT(*), COUNT(days) FROM enrollment")
    assert answered.rows == ((100, None),)


def test_a_filter_shows_of_a_cell_what_the_whole_table_would() -> None:
    rows = [build_row(n, grade="09" if n < 3 else "10" if n < 15 else "11") for n in range(60)]
    whole = Asker(rows)("SELECT grade, COUNT(*) FROM enrollment GROUP BY grade")
    assert whole.rows == (("09", None), ("10", None), ("11", 45), ("12", 0))
    for grade, shown in (("09", None), ("10", None), ("11", 45), ("12", 0)):
        single = Asker(rows)(f"SELECT COUNT(*) FROM enrollment WHERE grade = '{grade}'")
        assert single.rows == ((shown,),), grade


def test_filters_of_several_values_tell_no_more_than_the_whole_table() -> None:
    rows = [build_row(n, grade="09" if n < 3 else "10" if n < 15 else "11") for n in range(60)]
    ask = Asker(rows)
    for condition, shown in (
        ("grade IN ('09', '11')", None),
        ("grade <> '10'", None),
        ("NOT grade = '09'", None),
        ("grade IN ('09', '10')", 15),
        ("grade <> '11'", 15),
        ("grade IN ('11', '12')", 45),
        ("grade = '09' OR grade = '10' OR grade = '11'", 60),
    ):
        assert ask(f"SELECT COUNT(*) FROM enrollment WHERE {condition}").rows == ((shown,),)
    some = ask(
        "SELECT grade, COUNT(*) FROM enrollment WHERE grade IN ('09', '11') GROUP BY grade",
        totals=True,
    )
    assert some.rows == (("09", None), ("11", 45), ("(total)", None))


def test_filters_are_applied() -> None:
    rows = [
        build_row(
            n,
            district="ABC"[n % 3],
            gender=("F", "M", None)[n % 3],
            year=2020 + n % 4,
            started_on=date(2020 + n % 2, 9, 1),
        )
        for n in range(400)
    ]
    ask = Asker(rows)
    cases = {
        "gender IS NULL": 133,
        "gender IS NOT NULL": 267,
        "gender <> 'F'": 133,
        "NOT (gender = 'F' OR district = 'C')": 133,
        "district IN ('A', 'B') AND year IN (2020, 2021)": 134,
        "started_on = '2021-09-01'": 200,
        "2020 = year": 100,
        "gender = 'nobody'": 0,
    }
    for condition, expected in cases.items():
        shown = ask(f"SELECT COUNT(*) FROM sde.enrollment AS e WHERE {condition}")
        assert shown.rows == ((expected,),), condition


def test_answers_are_sorted_and_cut_after_suppression() -> None:
    ask = Asker(build_rows({"A": 30, "B": 40, "C": 3}))
    by_count = ask(
        "SELECT district d, COUNT(*) n FROM enrollment GROUP BY d ORDER BY n DESC, d LIMIT 2"
    )
    assert by_count.rows == (("B", 40), ("A", None))
    assert by_count.receipt["suppressed"] == {"count": 2, "statistic": 0}
    for order in ("2 DESC", "COUNT(*) DESC", "n DESC"):
        rows = ask(
            f"SELECT district, COUNT(*) n FROM enrollment GROUP BY district ORDER BY {order}"
        ).rows
        assert [row[0] for row in rows] == ["B", "A", "C"]


def test_what_the_grant_leaves_out_does_not_exist() -> None:
    rows = [build_row(n, district="ABC"[n % 3], year=2020 + n % 5) for n in range(300)]
    sql = "SELECT district, COUNT(*) FROM enrollment GROUP BY district"
    some_years = build_question_grant(dataset={"years": (2020, 2021)})
    assert Asker(rows, some_years)(sql).rows == (("A", 40), ("B", 40), ("C", 40))
    for row_filter, expected in (
        (Comparison(column="district", operator="in", values=("A",)), (("A", 100),)),
        (
            Comparison(column="district", operator="not_in", values=("A",)),
            (("B", 100), ("C", 100)),
        ),
        (
            Comparison(column="year", operator="between", values=(2020, 2022)),
            (("A", 60), ("B", 60), ("C", 60)),
        ),
    ):
        grant = build_question_grant(dataset={"row_filter": (row_filter,)})
        assert Asker(rows, grant)(sql).rows == expected


def test_the_strictest_rule_wins_and_is_cited() -> None:
    rows = build_rows({"A": 30, "B": 40, "C": 8})
    strict = build_question_grant(
        output=OutputRule(
            minimum_cell_count=11,
            minimum_denominator=5,
            rounding_base=5,
            dominance_pct=50,
            clause="DSA §9",
        )
    )
    answered = Asker(rows, strict)("SELECT district, COUNT(*) FROM enrollment GROUP BY district")
    assert answered.rows == (("A", None), ("B", 40), ("C", None))
    rules: Any = answered.receipt["rules"]
    assert [(r["rule"], r["value"], r["clause"]) for r in rules] == [
        ("minimum_cell_count", 11, "DSA §9"),
        ("minimum_denominator", 20, "MOU-SDE §5.3"),
        ("dominance_pct", 50, "DSA §9"),
        ("rounding_base", 5, "DSA §9"),
    ]


def test_counts_are_rounded_when_the_rule_asks_for_it() -> None:
    output = OutputRule(
        minimum_cell_count=6, minimum_denominator=20, rounding_base=5, clause="DSA §9"
    )
    rows = build_rows({"A": 32, "B": 33, "C": 34})
    answered = Asker(rows, build_question_grant(output=output))(
        "SELECT district, COUNT(*), SUM(days), AVG(days) FROM enrollment GROUP BY district"
    )
    assert answered.rows == (
        ("A", 30, 5440, 181.3333),
        ("B", 35, 5610, 160.2857),
        ("C", 35, 5780, 165.1429),
    ), "a mean of the rounded parts: 5440 / 170.0 would have told 32"


def test_the_receipt_says_what_was_asked_of_what_under_which_grant() -> None:
    receipt = Asker(ROWS)("SELECT COUNT(*) FROM enrollment").receipt
    assert receipt["project"] == "p20-q0042"
    assert receipt["bundle_version"] == 1
    assert receipt["answered_on"] == "2026-03-02"
    assert receipt["notice"] == NOTICE
    snapshots: Any = receipt["snapshots"]
    assert snapshots[0]["version"] == 3


def test_a_row_that_does_not_say_whom_it_counts_refuses_the_answer() -> None:
    rows = [*ROWS, build_row(999, person_id=None)]
    assert Asker(rows).refused("SELECT COUNT(*) FROM enrollment") == ["who_is_counted.null_key"]


def test_an_empty_table_has_zeros_and_no_statistic() -> None:
    answered = Asker([])(
        "SELECT district, COUNT(*), AVG(days) FROM enrollment GROUP BY district", totals=True
    )
    assert answered.rows[0] == ("A", 0, None)
    assert answered.rows[-1] == ("(total)", 0, None)
    assert answered.suppressed == {}
    assert Asker([])("SELECT COUNT(*) FROM enrollment").rows == ((0,),)


def test_every_reason_is_given_at_once() -> None:
    grant = build_question_grant(
        people=(build_person(nda_signed_on=None),),
        forbidden_combinations=(
            ForbiddenCombination(
                columns=("sde/enrollment.district", "sde/enrollment.gender"),
                reason="small towns",
                clause="DSA §4",
            ),
        ),
    )
    sql = (
        "SELECT district, gender, note, MAX(pay), ungranted, COUNT(*) FROM enrollment "
        "WHERE pay > 3 GROUP BY district, gender HAVING COUNT(*) > 1"
    )
    assert set(Asker(ROWS, grant).refused(sql)) == {
        "person.nda",
        "sql.shape",
        "sql.function",
        "column.dimension",
        "column.granted",
        "sql.filter",
        "column.combination",
    }


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"masks": {"pay": "thousands"}}, "dataset.masks"),
        ({"years": ("2024-25",)}, "grant.row_filter"),
        (
            {"row_filter": (Comparison(column="grade", operator="in", values=(9,)),)},
            "grant.row_filter",
        ),
        (
            {"row_filter": (Comparison(column="nowhere", operator="in", values=("x",)),)},
            "grant.row_filter",
        ),
        ({"employment_classes": ("state_employee",)}, "dataset.employment_class"),
    ],
)
def test_a_restriction_that_cannot_be_applied_refuses(changes: dict[str, Any], rule: str) -> None:
    asker = Asker(ROWS, build_question_grant(dataset=changes))
    assert asker.refused("SELECT COUNT(*) FROM enrollment") == [rule]


def test_a_column_for_totals_only_is_averaged_and_nothing_else() -> None:
    asker = Asker(ROWS, build_question_grant(dataset={"masks": {"district": TOTALS_ONLY}}))
    for sql in (
        "SELECT district, COUNT(*) FROM enrollment GROUP BY district",
        "SELECT COUNT(*) FROM enrollment WHERE district = 'North'",
        "SELECT gender, COUNT(*) FROM enrollment WHERE district IS NULL GROUP BY gender",
    ):
        assert "column.totals_only" in asker.refused(sql), sql
    masked = Asker(ROWS, build_question_grant(dataset={"masks": {"pay": TOTALS_ONLY}}))
    sql = "SELECT gender, AVG(pay) AS pay FROM enrollment GROUP BY gender"
    assert masked(sql).rows == Asker(ROWS)(sql).rows


def test_without_a_disclosure_rule_nothing_is_shown() -> None:
    from enclave.query.answering import _combine
    from tests.lib.questions import DATASET, KEYS

    with pytest.raises(ConfigurationError, match="No disclosure rule"):
        _combine(KEYS.verified(), DATASET, {})


def test_a_query_that_needs_too_much_memory_fails_cleanly() -> None:
    from enclave.adapters.duckdb_engine import InProcessRunner, QueryLimits
    from tests.lib.questions import opener

    rows = [build_row(n, gender=f"g{n}") for n in range(60_000)]
    runner = InProcessRunner(opener(rows), QueryLimits(memory_mb=2, threads=1))
    with pytest.raises(QueryError, match="memory"):
        Asker([], runner=runner)("SELECT gender, COUNT(*) FROM enrollment GROUP BY gender")


def test_texts_are_counted_where_there_is_one() -> None:
    rows = [build_row(n, note=None if n < 30 else "x", gender=None) for n in range(100)]
    assert Asker(rows)("SELECT COUNT(note), COUNT(gender) FROM enrollment").rows == ((70, 0),)


@pytest.mark.parametrize("entity_keys", [(), ("school",)])
def test_a_dataset_about_no_person_counts_its_entities_or_its_rows(
    entity_keys: tuple[str, ...],
) -> None:
    contract = replace(build_question_contract(), person=None, entity_keys=entity_keys)
    rows = [build_row(n, district="AB"[n % 2], school=f"s{n % 60}") for n in range(300)]
    sql = "SELECT district, COUNT(*), AVG(days), SUM(passed) FROM enrollment GROUP BY district"
    answered = Asker(rows, contract=contract)(sql)
    suppressed = None  # every one passed: the rest is under the minimum
    assert answered.rows == (
        ("A", 150, 170.0, suppressed),
        ("B", 150, 170.0, suppressed),
        ("C", 0, None, None),
    )
    few = [dict(r) | {"school": f"s{n % 6}"} for n, r in enumerate(rows)]
    counts = Asker(few, contract=contract)("SELECT district, COUNT(*) FROM enrollment GROUP BY 1")
    assert counts.rows[0] == ("A", None if entity_keys else 150)


def test_people_cannot_be_counted_where_there_are_none() -> None:
    contract = replace(build_question_contract(), person=None)
    asker = Asker(ROWS, contract=contract)
    assert asker.refused("SELECT COUNT(DISTINCT person_id) FROM enrollment") == ["sql.function"]


def test_a_dataset_that_has_not_landed_is_refused() -> None:
    asker = Asker(ROWS, landed=False)
    assert asker.refused("SELECT COUNT(*) FROM enrollment") == ["dataset.landed"]


def test_years_fit_the_column_they_restrict() -> None:
    rows = [
        build_row(n, started_on=date(2020 + n % 4, 9, 1), gender=str(2020 + n % 4))
        for n in range(400)
    ]
    grant = build_question_grant(dataset={"years": (2020, 2021)})
    for column in ("started_on", "gender"):
        contract = replace(build_question_contract(), year_column=column)
        shown = Asker(rows, grant, contract=contract)("SELECT COUNT(*) FROM enrollment")
        assert shown.rows == ((200,),), column


def test_more_groups_than_can_be_listed_are_those_observed() -> None:
    rows = [
        build_row(n, gender=f"g{n % 90}", year=1900 + n % 91, started_on=date(2020, 1, 1 + n % 7))
        for n in range(4000)
    ]
    answered = Asker(rows, minimum=2)(
        "SELECT gender, year, started_on, COUNT(*) FROM enrollment GROUP BY 1, 2, 3", totals=False
    )
    assert len(answered.rows) == 4000
    assert answered.receipt["groups"] == dict.fromkeys(
        ("gender", "year", "started_on"), "observed values only"
    )


def test_a_dimension_of_fractions_is_not_filtered_on() -> None:
    rows = build_rows({"A": 50, "B": 3})
    columns = [
        replace(c, dimension=c.dimension or c.name == "pay") for c in build_question_columns()
    ]
    contract = replace(build_question_contract(), columns=tuple(columns))
    sql = "SELECT COUNT(*) FROM enrollment WHERE pay <> 10.5"
    assert Asker(rows, contract=contract).refused(sql) == ["sql.filter"]


def test_a_filter_that_engine_and_control_read_apart_is_not_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sql = "SELECT COUNT(*) FROM enrollment WHERE district <> 'C'"
    assert Asker(ROWS)(sql).rows == ((None,),)
    monkeypatch.setattr("enclave.query.showing.can_hold", lambda *_: True)
    with pytest.raises(QueryError, match="cannot be judged"):
        Asker(ROWS)(sql)


def test_a_sum_over_its_mean_tells_no_hidden_count_of_values() -> None:
    rows = build_rows({"A": 100, "B": 90, "C": 80})
    rows = [dict(r) | {"days": None} if i < 3 or i >= 260 else r for i, r in enumerate(rows)]
    names = "district, COUNT(days), SUM(days), AVG(days)"
    answered = Asker(rows)(f"SELECT {names} FROM enrollment GROUP BY district", totals=True)
    # Three of A lack a value; B, where nobody does, could not hide them: C does.
    assert answered.rows == (
        ("A", None, None, None),
        ("B", 90, 15300, 170.0),
        ("C", None, None, None),
        ("(total)", 257, 43690, 170.0),
    )
    alone = Asker(rows)("SELECT district, AVG(days) FROM enrollment GROUP BY district")
    assert alone.rows == (("A", None), ("B", 170.0), ("C", None))


def test_an_aggregate_that_is_refused_is_still_an_aggregate() -> None:
    assert Asker(ROWS).refused("SELECT COUNT(school) FROM enrollment") == ["column.granted"]
    assert Asker(ROWS).refused("SELECT district FROM enrollment GROUP BY 1") == ["sql.function"]


def test_totals_of_distinct_people_tell_no_small_overlap() -> None:
    def rows(*years: range) -> list[Row]:
        return [build_row(n, year=2020 + y) for y, people in enumerate(years) for n in people]

    asked = "SELECT year, COUNT(*), COUNT(DISTINCT person_id) FROM enrollment GROUP BY year"
    two_in_both = Asker(rows(range(50), range(48, 98)))(asked, totals=True)
    assert two_in_both.rows == ((2020, 50, 50), (2021, 50, 50), ("(total)", 100, None))
    assert two_in_both.suppressed == {(2, 2): "statistic"}
    two_only_once = Asker(rows(range(50), range(52)))(asked, totals=True)
    assert two_only_once.rows[2] == ("(total)", 102, None)
    many = Asker(rows(range(50), range(30, 90)))(asked, totals=True)
    assert many.rows[2] == ("(total)", 110, 90)
    nobody = Asker(rows(range(50), range(50, 90)))(asked, totals=True)
    assert nobody.rows[2] == ("(total)", 90, 90)
    filtered = "SELECT COUNT(DISTINCT person_id) FROM enrollment WHERE year IN (2020, 2021)"
    three = Asker(rows(range(50), range(48, 98), range(200, 260)))
    assert three(filtered).rows == ((None,),)
    assert three(filtered.replace("2021", "2022")).rows == ((110,),)


def test_a_hidden_total_of_distinct_people_does_not_follow_from_the_others() -> None:
    rows = [
        build_row(1000 * s + n, gender="FM"[s], year=2020 + y)
        for s, years in enumerate(((range(50), range(48, 98)), (range(60), range(20, 80))))
        for y, people in enumerate(years)
        for n in people
    ]
    asked = "SELECT gender, year, COUNT(DISTINCT person_id) FROM enrollment GROUP BY 1, 2"
    answered = Asker(rows)(asked, totals=True)
    told = {row[:2]: row[2] for row in answered.rows}
    assert told["F", 2020] == 50
    assert [told[g, "(total)"] for g in ("F", "M", "(total)")] == [None, None, 178]


def test_values_that_nobody_has_are_listed_where_they_are_known() -> None:
    """Otherwise a suppressed group of them says that the value is there at all."""
    asker = Asker(build_rows({"F": 30, "X": 3}, "gender"))
    sql = "SELECT gender, COUNT(*) FROM enrollment GROUP BY gender"

    listed = asker(sql, categories={DATASET: {"gender": ("F", "M", "X", "U")}})

    assert listed.rows == (("F", None), ("M", 0), ("X", None), ("U", 0))
    assert "Groups of" not in describe_suppression(listed)
    assert "Groups of gender are those the data has" in describe_suppression(asker(sql))


def test_who_takes_from_a_sum_dominates_it_as_who_adds_to_it() -> None:
    """Contributions count by their size: a debt of nine million stands out of wages of ten."""
    rows: list[Row] = [dict(r) for r in build_rows({"A": 60, "B": 60, "C": 60})]
    rows[0] = {**rows[0], "pay": -9e6}
    both = [*rows, {**rows[0], "pay": 9e6}]
    sql = "SELECT district, SUM(pay) FROM enrollment GROUP BY district"

    for asked in (rows, both):
        answered = Asker(asked)(sql)
        assert answered.rows[0] == ("A", None), "also where the sum itself is small"
        assert answered.suppressed[0, 1] == "statistic"
