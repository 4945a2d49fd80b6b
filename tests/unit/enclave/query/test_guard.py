"""What may be asked and what is refused, and by which rule."""

import pytest

from governance.decisions import AccessDeniedError
from governance.grants import GrantedDataset
from tests.lib.questions import Asker, build_question_grant, build_rows

ASK = Asker(build_rows({"A": 30, "B": 40, "C": 50}))

ALLOWED = [
    "SELECT COUNT(*) FROM enrollment",
    "select count ( * ) from ENROLLMENT;",
    "SELECT COUNT(*) FROM sde.enrollment",
    "SELECT COUNT(*) FROM curated_sde__enrollment",
    "SELECT e.district, COUNT(e.days) FROM sde.enrollment e GROUP BY e.district",
    'SELECT "district", COUNT(*) AS "How many" FROM enrollment GROUP BY "district"',
    "SELECT enrollment.grade g, (AVG(pay)) FROM enrollment GROUP BY g ORDER BY g ASC NULLS LAST",
    "SELECT COUNT(*) FROM enrollment WHERE ((district IN ('A'))) AND NOT year = 2025",
    "SELECT COUNT(*) FROM enrollment WHERE year = -5 OR started_on = '2025-09-01'",
    "/* a note */ SELECT COUNT(*) -- another\nFROM enrollment",
    "SELECT COUNT(person_id), COUNT(DISTINCT person_id) FROM enrollment",
    "FROM enrollment SELECT COUNT(*)",
    "SELECT SUM(passed), AVG(passed) FROM enrollment",
    "SELECT district, COUNT(*) FROM enrollment GROUP BY 1 ORDER BY 2 DESC LIMIT 1",
]


@pytest.mark.parametrize("sql", ALLOWED)
def test_allowed(sql: str) -> None:
    assert ASK(sql).columns


REFUSED = [
    ("", "sql.single_select"),
    ("SELECT", "sql.one_table"),
    ("SELECT COUNT(*) FROM enrollment; SELECT COUNT(*) FROM enrollment", "sql.single_select"),
    ("SELECT COUNT(*) FROM enrollment UNION SELECT COUNT(*) FROM enrollment", "sql.single_select"),
    ("INSERT INTO enrollment SELECT COUNT(*) FROM enrollment", "sql.single_select"),
    ("CREATE TABLE t AS SELECT COUNT(*) FROM enrollment", "sql.single_select"),
    ("EXPLAIN ANALYZE SELECT COUNT(*) FROM enrollment", "sql.single_select"),
    ("SELECT COUNT(*) FROM enrollment WHERE", "sql.readable"),
    ("SELECT COUNT(* FROM enrollment", "sql.readable"),
    ("SELECT COUNT(*) FROM enrollment" + " " * 20_000, "sql.readable"),
    ("SELECT * FROM enrollment", "sql.function"),
    ("SELECT district FROM enrollment GROUP BY district", "sql.function"),
    ("SELECT district, COUNT(*) FROM enrollment", "sql.grouping"),
    ("SELECT district, COUNT(*) FROM enrollment GROUP BY ALL", "sql.grouping"),
    ("SELECT district, COUNT(*) FROM enrollment GROUP BY ROLLUP (district)", "sql.grouping"),
    ("SELECT district, COUNT(*) FROM enrollment GROUP BY CUBE (district)", "sql.grouping"),
    (
        "SELECT district, COUNT(*) FROM enrollment GROUP BY GROUPING SETS ((district), ())",
        "sql.grouping",
    ),
    ("SELECT COUNT(*) FROM enrollment GROUP BY upper(district)", "sql.grouping"),
    ("SELECT COUNT(*) FROM enrollment GROUP BY 1", "sql.grouping"),
    ("SELECT COUNT(*) FROM enrollment GROUP BY 7", "sql.grouping"),
    (
        "SELECT COUNT(*) FROM enrollment GROUP BY district, grade, gender, year, started_on",
        "sql.grouping",
    ),
    ("SELECT note, COUNT(*) FROM enrollment GROUP BY note", "column.dimension"),
    ("SELECT days, COUNT(*) FROM enrollment GROUP BY days", "column.dimension"),
    ("SELECT ungranted, COUNT(*) FROM enrollment GROUP BY ungranted", "column.granted"),
    ("SELECT person_id, COUNT(*) FROM enrollment GROUP BY person_id", "column.granted"),
    ("SELECT student_id, COUNT(*) FROM enrollment GROUP BY student_id", "column.granted"),
    ("SELECT school, COUNT(*) FROM enrollment GROUP BY school", "column.granted"),
    ("SELECT other.district, COUNT(*) FROM enrollment GROUP BY 1", "column.granted"),
    ("SELECT enrollment.district, COUNT(*) FROM enrollment e GROUP BY 1", "column.granted"),
    ("SELECT a.b.district, COUNT(*) FROM enrollment GROUP BY 1", "column.granted"),
    ("SELECT SUM(district) FROM enrollment", "column.measure"),
    ("SELECT AVG(note) FROM enrollment", "column.measure"),
    ("SELECT SUM(year) FROM enrollment", "column.measure"),
    ("SELECT COUNT(nowhere) FROM enrollment", "column.granted"),
    *(
        (f"SELECT {expression} FROM enrollment", "sql.function")
        for expression in (
            "MIN(pay)",
            "MAX(pay)",
            "MEDIAN(pay)",
            "STDDEV(pay)",
            "VAR_POP(pay)",
            "QUANTILE_CONT(pay, 0.5)",
            "LIST(pay)",
            "STRING_AGG(note)",
            "ANY_VALUE(note)",
            "ARG_MAX(note, pay)",
            "MODE(note)",
            "HISTOGRAM(pay)",
            "SUM(pay) + 1",
            "SUM(pay + 1)",
            "SUM(DISTINCT pay)",
            "SUM(pay) FILTER (WHERE year = 2025)",
            "SUM(pay) OVER ()",
            "SUM(pay ORDER BY pay)",
            "COUNT(DISTINCT district)",
            "COUNT(DISTINCT person_id, district)",
            "COUNT(DISTINCT upper(person_id))",
            "COUNT(*) FILTER (WHERE TRUE)",
            "COUNT(1)",
            "COUNT()",
            "COUNT(* EXCLUDE (pay))",
            "CAST(COUNT(*) AS VARCHAR)",
            "COUNT(*)::INT",
            "(SELECT COUNT(*) FROM enrollment)",
            "1",
            "'x'",
            "NULL",
            "CASE WHEN TRUE THEN COUNT(*) END",
            "COLUMNS('.*')",
            "GROUPING(district)",
            "first(pay)",
            "approx_count_distinct(person_id)",
            "getenv('HOME')",
        )
    ),
    *(
        (f"SELECT COUNT(*) FROM enrollment WHERE {condition}", "sql.filter")
        for condition in (
            "year > 2020",
            "year BETWEEN 2020 AND 2021",
            "gender LIKE 'F%'",
            "gender SIMILAR TO 'F'",
            "upper(gender) = 'F'",
            "gender = upper('f')",
            "gender = grade",
            "gender || '' = 'F'",
            "year + 0 = 2020",
            "gender IN (SELECT 'F')",
            "EXISTS (SELECT 1)",
            "gender = ANY(['F'])",
            "gender IN ('F', upper('m'))",
            "gender IS DISTINCT FROM 'F'",
            "TRUE",
            "1 = 1",
            "gender = NULL",
            "year = '2025'",
            "year = 2025.5",
            "year = 99999999999999999999",
            "gender = 5",
            "gender = TRUE",
            "started_on = 'yesterday'",
            "started_on = DATE '2025-09-01'",
            "gender = -'F'",
            "district = 'D'",
            "district IN ('A', 'Z')",
            "CASE WHEN TRUE THEN TRUE END",
            "gender IN (" + ", ".join(f"'{n}'" for n in range(2001)) + ")",
            "gender IS TRUE",
            "gender = $1",
            "gender = ?",
            "gender = getvariable('x')",
        )
    ),
    ("SELECT COUNT(*) FROM enrollment WHERE days = 5", "column.dimension"),
    ("SELECT COUNT(*) FROM enrollment WHERE passed", "sql.filter"),
    *(
        (f"SELECT COUNT(*) FROM {source}", "sql.one_table")
        for source in (
            "(SELECT * FROM enrollment)",
            "read_csv('/etc/passwd')",
            "enrollment('x')",
            "glob('*')",
            "(VALUES (1))",
            "unnest([1])",
            "enrollment AS e(a, b)",
            "main.sde.enrollment",
            "enrollment TABLESAMPLE 10%",
            "enrollment PIVOT (COUNT(*) FOR district IN ('A'))",
        )
    ),
    *(
        (f"SELECT COUNT(*) FROM {source}", "dataset.granted")
        for source in (
            "'data.csv'",
            '"data.parquet"',
            "wages",
            "dol.enrollment",
            "data",
            "information_schema.tables",
            "duckdb_settings",
            "pg_catalog.pg_class",
            "sqlite_master",
        )
    ),
    *(
        (f"SELECT COUNT(*) FROM enrollment {rest}", "sql.shape")
        for rest in (
            "e JOIN enrollment f ON TRUE",
            ", enrollment f",
            ", LATERAL (SELECT 1)",
            "HAVING COUNT(*) > 5",
            "QUALIFY TRUE",
            "OFFSET 5",
            "USING SAMPLE 5",
            "WINDOW w AS ()",
        )
    ),
    ("SELECT DISTINCT COUNT(*) FROM enrollment", "sql.shape"),
    ("WITH t AS (SELECT 1) SELECT COUNT(*) FROM enrollment", "sql.shape"),
    ("SELECT COUNT(*) INTO t FROM enrollment", "sql.shape"),
    ("SELECT COUNT(*) FROM enrollment ORDER BY random()", "sql.order"),
    ("SELECT COUNT(*) FROM enrollment ORDER BY pay", "sql.order"),
    ("SELECT COUNT(*) FROM enrollment ORDER BY SUM(pay)", "sql.order"),
    ("SELECT COUNT(*) FROM enrollment ORDER BY 2", "sql.order"),
    ("SELECT COUNT(*) FROM enrollment LIMIT 50%", "sql.order"),
    ("SELECT COUNT(*) FROM enrollment LIMIT (SELECT 1)", "sql.order"),
    ("SELECT COUNT(*) FROM enrollment LIMIT -1", "sql.order"),
    ("SELECT COUNT(*) n, SUM(pay) N FROM enrollment", "sql.output_names"),
    ("SELECT COUNT(*), COUNT(*) FROM enrollment", "sql.output_names"),
]


@pytest.mark.parametrize(("sql", "rule"), REFUSED)
def test_refused(sql: str, rule: str) -> None:
    assert rule in ASK.refused(sql)


def test_reasons_repeat_neither_literals_nor_unknown_names() -> None:
    sql = (
        "SELECT \"Mary Smith\", evil_function('123-45-6789'), COUNT(*) FROM enrollment "
        "WHERE district = 'Mary Smith' AND gender = 987654321 AND mary = 'smith' GROUP BY 1"
    )
    with pytest.raises(AccessDeniedError) as caught:
        ASK(sql)
    with pytest.raises(AccessDeniedError) as unreadable:
        ASK("SELECT 'Mary Smith' 123-45-6789 FROM (")
    for text in (str(caught.value), str(unreadable.value)):
        for part in ("Mary", "mary", "123-45", "987654321", "evil", "smith"):
            assert part not in text


def test_a_granted_column_is_told_from_an_unknown_one() -> None:
    with pytest.raises(AccessDeniedError, match="The column ungranted of sde/enrollment is not"):
        ASK("SELECT ungranted, COUNT(*) FROM enrollment GROUP BY 1")
    with pytest.raises(AccessDeniedError, match=r"does not have \(line 2, character"):
        ASK("SELECT COUNT(*) FROM enrollment\nWHERE nowhere = 1")


def test_a_dataset_of_two_agencies_must_be_named_with_one() -> None:
    # Both are granted; only one has a contract here, so it is the only one there is.
    second = GrantedDataset(dataset="dol/enrollment", columns=("district",), clause="c")
    grant = build_question_grant()
    both = grant.model_copy(update={"datasets": (*grant.datasets, second)})
    assert Asker(ASK.rows, both)("SELECT COUNT(*) FROM enrollment").rows == ((120,),)


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    deep = "SELECT COUNT(*) FROM enrollment WHERE " + "NOT (" * 3_000 + "year = 1" + ")" * 3_000
    assert ASK.refused(deep) == ["sql.readable"]
    long = " OR ".join(["year = 1"] * 1_500)
    assert ASK(f"SELECT COUNT(*) FROM enrollment WHERE {long}").rows == ((0,),)
