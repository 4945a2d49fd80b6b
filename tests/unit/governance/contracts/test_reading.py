"""A contract document becomes typed facts, and every mistake in it is told with its place."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from governance.contracts import parse_contract
from governance.contracts.model import FileKind, IdentifierRole, LogicalType, RuleKind
from governance.contracts.model import TreatmentKind as Kind
from governance.errors import ContractError

Document = dict[str, Any]


def extension(**values: object) -> list[Document]:
    return [{"property": name, "value": value} for name, value in values.items()]


def document() -> Document:
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "sde-enrollment",
        "version": "1.2.3",
        "status": "active",
        "schema": [
            {
                "name": "enrollment",
                "physicalName": "curated_sde__student_year_enrollment",
                "businessName": "Student enrollment",
                "description": "Students.",
                "dataGranularityDescription": "one row per student and school year",
                "customProperties": extension(
                    agency="sde",
                    fileFormat={"kind": "delimited", "delimiter": ",", "nullValues": ["", "NULL"]},
                    personKey={
                        "column": "person_id",
                        "identifiedBy": ["sasid"],
                        "domain": "sasid",
                    },
                    entityKeys=["school"],
                    measures=["days"],
                    yearColumn="year",
                ),
                "properties": [
                    {
                        "name": "sasid",
                        "physicalName": "SASID ",
                        "logicalType": "string",
                        "logicalTypeOptions": {"pattern": "[0-9]{10}"},
                        "required": True,
                        "primaryKey": True,
                        "primaryKeyPosition": 2,
                        "customProperties": extension(
                            identifierRole="direct", treatment="person_id"
                        ),
                    },
                    {
                        "name": "year",
                        "logicalType": "integer",
                        "logicalTypeOptions": {"minimum": 2006, "maximum": 2030},
                        "primaryKey": True,
                        "primaryKeyPosition": 1,
                        "customProperties": extension(treatment="keep", dimension=True),
                    },
                    {
                        "name": "school",
                        "logicalType": "string",
                        "customProperties": extension(
                            treatment={"kind": "entity_id", "options": {"domain": "ct_school"}}
                        ),
                    },
                    {
                        "name": "grade",
                        "logicalType": "string",
                        "customProperties": extension(
                            identifierRole="quasi",
                            treatment="keep",
                            codes=["K", "01"],
                            dimension=True,
                        ),
                    },
                    {
                        "name": "birth_date",
                        "logicalType": "date",
                        "logicalTypeOptions": {"minimum": "1990-01-01"},
                        "customProperties": extension(
                            identifierRole="quasi", treatment="year", formats=["%m/%d/%Y"]
                        ),
                    },
                    {
                        "name": "days",
                        "logicalType": "integer",
                        "customProperties": extension(treatment="keep"),
                    },
                    {
                        "name": "note",
                        "logicalType": "string",
                        "customProperties": extension(
                            treatment={"kind": "redact_text", "options": {"maskColumns": ["sasid"]}}
                        ),
                    },
                ],
                "quality": [
                    {
                        "name": "days_with_grade",
                        "type": "custom",
                        "engine": "enclave",
                        "implementation": {
                            "kind": "required_if",
                            "column": "days",
                            "whenColumn": "grade",
                            "whenValues": ["K"],
                        },
                    }
                ],
            }
        ],
    }


def parse(content: Document) -> Any:
    return parse_contract(yaml.safe_dump(content).encode(), "example.yaml")


def test_typed_facts() -> None:
    contract = parse(document())

    assert contract.id == "sde/enrollment"
    assert contract.version == "1.2.3"
    assert contract.grain == "one row per student and school year"
    assert contract.key == ("year", "sasid")
    assert contract.person is not None
    assert contract.person.identified_by == ("sasid",)
    assert contract.entity_keys == ("school",)
    assert contract.measures == ("days",)
    assert contract.year_column == "year"
    assert contract.quasi_identifiers == ("grade", "birth_date")
    assert contract.file.kind is FileKind.DELIMITED
    assert contract.file.null_values == ("", "NULL")
    assert contract.file.header


def test_columns() -> None:
    contract = parse(document())
    sasid, born = contract.column("sasid"), contract.column("birth_date")

    assert sasid.source_name == "SASID ", "a header's blanks are part of its name"
    assert sasid.role is IdentifierRole.DIRECT
    assert sasid.treatment.kind is Kind.PERSON_ID
    assert sasid.pattern == "[0-9]{10}"
    assert born.logical_type is LogicalType.DATE
    assert born.formats == ("%m/%d/%Y",)
    assert born.minimum == "1990-01-01"
    assert contract.column("grade").codes == ("K", "01")
    assert contract.column("note").treatment.options == {"mask_columns": ("sasid",)}
    assert contract.column("school").source_name == "school"


def test_rules_have_snake_case_options() -> None:
    (rule,) = parse(document()).rules

    assert rule.kind is RuleKind.REQUIRED_IF
    assert rule.options == {"column": "days", "when_column": "grade", "when_values": ("K",)}


def table(content: Document) -> Document:
    found: Document = content["schema"][0]
    return found


def prop(content: Document, name: str) -> Document:
    found: Document = next(p for p in table(content)["properties"] if p["name"] == name)
    return found


def put(block: Document, name: str, value: object) -> None:
    """Set one extension of a table or column."""
    kept = [e for e in block["customProperties"] if e["property"] != name]
    block["customProperties"] = [*kept, *extension(**{name: value})]


def rule(content: Document, **body: object) -> None:
    table(content)["quality"][0]["implementation"] = body


MISTAKES: dict[str, tuple[Callable[[Document], object], str]] = {
    "no schema": (lambda d: d.pop("schema"), "schema: is missing"),
    "two tables": (
        lambda d: d["schema"].append(copy.deepcopy(d["schema"][0])),
        "a contract describes exactly one table",
    ),
    "unknown key": (lambda d: d.update(owner="me"), "owner: is not known here"),
    "api version": (lambda d: d.update(apiVersion="v9"), "apiVersion: 'v9' is not known"),
    "version": (lambda d: d.update(version="1"), "version: must be three numbers"),
    "unquoted text": (lambda d: d.update(version=1.0), "must be text; put 1.0 in quotes"),
    "table name": (
        lambda d: table(d).update(physicalName="enrollment"),
        "physicalName: the curated table must be called curated_sde__",
    ),
    "dataset name": (lambda d: table(d).update(name="En rollment"), "is no name"),
    "no agency": (
        lambda d: table(d).update(
            customProperties=[e for e in table(d)["customProperties"] if e["property"] != "agency"]
        ),
        "schema[0].customProperties.agency: is missing",
    ),
    "misspelt extension": (
        lambda d: put(table(d), "entityKey", ["school"]),
        "customProperties.entityKey: is not known here",
    ),
    "extension twice": (
        lambda d: table(d)["customProperties"].append(extension(agency="dol")[0]),
        "customProperties.agency: stands twice",
    ),
    "file kind": (lambda d: put(table(d), "fileFormat", {"kind": "cobol"}), "fileFormat.kind"),
    "file format key": (
        lambda d: put(table(d), "fileFormat", {"kind": "delimited", "separator": ";"}),
        "fileFormat.separator: is not known here",
    ),
    "fixed width without places": (
        lambda d: put(table(d), "fileFormat", {"kind": "fixed_width"}),
        "column sasid: a fixed-width column needs start and width",
    ),
    "start in a delimited file": (
        lambda d: put(prop(d, "days"), "start", 3),
        "column days: start and width are for fixed-width files",
    ),
    "column twice": (
        lambda d: table(d)["properties"].append(copy.deepcopy(prop(d, "days"))),
        "column days: stands twice",
    ),
    "header twice": (
        lambda d: prop(d, "days").update(physicalName="grade"),
        "two columns have the physicalName 'grade'",
    ),
    "type": (
        lambda d: prop(d, "days").update(logicalType="money"),
        "properties.days.logicalType: 'money' is not known; use one of: string",
    ),
    "key position": (
        lambda d: prop(d, "year").update(primaryKeyPosition=2),
        "primaryKeyPosition must number the key's columns 1, 2",
    ),
    "unknown treatment": (
        lambda d: put(prop(d, "days"), "treatment", "hash"),
        "properties.days.customProperties.treatment.kind: 'hash' is no treatment; use one of: drop",
    ),
    "treatment option": (
        lambda d: put(prop(d, "days"), "treatment", {"kind": "round", "options": {"too": 5}}),
        "column days.treatment: round needs the option to",
    ),
    "snake-case option": (
        lambda d: put(
            prop(d, "note"), "treatment", {"kind": "redact_text", "options": {"mask_columns": []}}
        ),
        "option names are written like `maxDays`",
    ),
    "mask of no column": (
        lambda d: put(
            prop(d, "note"), "treatment", {"kind": "redact_text", "options": {"maskColumns": ["x"]}}
        ),
        "maskColumns names 'x', which is no column",
    ),
    "treatment of another type": (
        lambda d: put(prop(d, "days"), "treatment", "year"),
        "column days.treatment: year works on date or timestamp, and the column is of type integer",
    ),
    "direct identifier kept": (
        lambda d: put(prop(d, "sasid"), "treatment", "keep"),
        "column sasid.treatment: a direct identifier cannot be treated keep",
    ),
    "person id elsewhere": (
        lambda d: put(prop(d, "school"), "treatment", "person_id"),
        "person_id is for the columns that personKey.identifiedBy names",
    ),
    "region of nowhere": (
        lambda d: put(
            prop(d, "grade"), "treatment", {"kind": "town_to_region", "options": {"to": "ward"}}
        ),
        "town_to_region goes to one of: planning_region, county",
    ),
    "person of no column": (
        lambda d: put(
            table(d), "personKey", {"column": "pid", "identifiedBy": ["ssn"], "domain": "ssn"}
        ),
        "personKey.identifiedBy: names 'ssn', which is no column",
    ),
    "person column taken": (
        lambda d: put(
            table(d), "personKey", {"column": "days", "identifiedBy": ["sasid"], "domain": "sasid"}
        ),
        "'days' is already a column",
    ),
    "entity not an id": (
        lambda d: put(table(d), "entityKeys", ["grade"]),
        "entityKeys: grade must be treated entity_id",
    ),
    "entity of no column": (
        lambda d: put(table(d), "entityKeys", ["college"]),
        "entityKeys: names 'college', which is no column",
    ),
    "measure no number": (
        lambda d: put(table(d), "measures", ["grade"]),
        "measures: grade is of type string, and a measure is a number",
    ),
    "measure dropped": (
        lambda d: put(prop(d, "days"), "treatment", "drop"),
        "measures: days must be kept, rounded or top- and bottom-coded",
    ),
    "year of text": (
        lambda d: put(table(d), "yearColumn", "grade"),
        "yearColumn: grade must be a whole number that is kept, or treated year",
    ),
    "direct dimension": (
        lambda d: put(prop(d, "sasid"), "dimension", value=True),
        "column sasid.dimension: a direct identifier cannot be a dimension",
    ),
    "dimension without codes": (
        lambda d: prop(d, "grade").update(
            customProperties=extension(treatment="keep", dimension=True)
        ),
        "a text kept as it is can be a dimension only with a code list",
    ),
    "dimension without bounds": (
        lambda d: prop(d, "year").pop("logicalTypeOptions"),
        "a whole number can be a dimension only with minimum and maximum",
    ),
    "entity as dimension": (
        lambda d: put(prop(d, "school"), "dimension", value=True),
        "a column treated entity_id cannot be a dimension",
    ),
    "codes of a date": (
        lambda d: put(prop(d, "birth_date"), "codes", ["x"]),
        "column birth_date.codes: a column of type date has no code list",
    ),
    "unquoted code": (
        lambda d: put(prop(d, "grade"), "codes", [1]),
        "codes[0]: must be text; put 1 in quotes",
    ),
    "codes twice": (
        lambda d: put(prop(d, "grade"), "codes", ["K", "K"]),
        "codes: names the same twice: K",
    ),
    "no such code list": (
        lambda d: put(prop(d, "note"), "codeList", "ct_planets"),
        "There is no code list 'ct_planets'.",
    ),
    "format of a number": (
        lambda d: put(prop(d, "days"), "formats", ["%d"]),
        "column days.formats: a column of type integer has no date formats",
    ),
    "format in words": (
        lambda d: put(prop(d, "birth_date"), "formats", ["MM/DD/YYYY"]),
        "'MM/DD/YYYY' is no date format; write it like '%m/%d/%Y'",
    ),
    "bounds crossed": (
        lambda d: prop(d, "year").update(logicalTypeOptions={"minimum": 9, "maximum": 1}),
        "column year.minimum: is above the maximum",
    ),
    "bound of text": (
        lambda d: prop(d, "grade").update(logicalTypeOptions={"minimum": 3}),
        "minimum: a column of type string has no minimum",
    ),
    "bound no date": (
        lambda d: prop(d, "birth_date").update(logicalTypeOptions={"minimum": "today"}),
        "column birth_date.minimum: must be an ISO date",
    ),
    "lengths crossed": (
        lambda d: prop(d, "note").update(logicalTypeOptions={"minLength": 9, "maxLength": 1}),
        "column note.minLength: is above maxLength",
    ),
    "broken pattern": (
        lambda d: prop(d, "note").update(logicalTypeOptions={"pattern": "("}),
        "column note.pattern: is no regular expression",
    ),
    "look-ahead": (
        lambda d: prop(d, "note").update(logicalTypeOptions={"pattern": "(?!0)x"}),
        "look-around, back references",
    ),
    "back reference": (
        lambda d: prop(d, "note").update(logicalTypeOptions={"pattern": r"(a)\1"}),
        "look-around, back references",
    ),
    "rule kind": (lambda d: rule(d, kind="sql"), "implementation.kind: 'sql' is not known"),
    "rule without option": (
        lambda d: rule(d, kind="compare", left="days", right="year"),
        "quality days_with_grade: compare needs operator",
    ),
    "rule operator": (
        lambda d: rule(d, kind="compare", left="days", right="year", operator="=<"),
        "operator must be one of",
    ),
    "rule of no column": (
        lambda d: rule(d, kind="compare", left="x", right="year", operator="<"),
        "quality days_with_grade: names 'x', which is no column",
    ),
    "rule list": (
        lambda d: rule(d, kind="unique_together", columns="year"),
        "columns must be a list",
    ),
    "reference target": (
        lambda d: rule(
            d, kind="reference", columns=["days"], toDataset="sde.x", toColumns=["a", "b"]
        ),
        "toDataset must be written agency/dataset",
    ),
    "reference width": (
        lambda d: rule(
            d, kind="reference", columns=["days"], toDataset="sde/x", toColumns=["a", "b"]
        ),
        "columns and toColumns must be equally many",
    ),
    "drift": (
        lambda d: rule(d, kind="row_count_drift", maxPct=0),
        "maxPct must be a number above zero",
    ),
    "foreign quality": (
        lambda d: table(d)["quality"][0].update(type="sql"),
        "quality.days_with_grade.type: 'sql' is not known; use one of: custom",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_told_with_its_place(name: str) -> None:
    content = document()
    break_it, expected = MISTAKES[name]
    break_it(content)

    with pytest.raises(ContractError) as caught:
        parse(content)

    assert any(expected in problem for problem in caught.value.problems), caught.value.problems
    assert caught.value.facts["where"] == "example.yaml"


def test_all_mistakes_are_told_at_once() -> None:
    content = document()
    content["version"] = "one"
    prop(content, "days")["logicalType"] = "money"
    put(prop(content, "grade"), "treatment", "hash")

    with pytest.raises(ContractError) as caught:
        parse(content)

    assert len(caught.value.problems) == 3
    assert caught.value.facts["problems"] == 3
    assert all(problem in str(caught.value) for problem in caught.value.problems)


def test_fixed_width_places_must_not_overlap() -> None:
    content = document()
    put(table(content), "fileFormat", {"kind": "fixed_width", "trailerRecord": "T"})
    for place, column in enumerate(table(content)["properties"]):
        put(column, "start", 3 * place)
        put(column, "width", 4 if column["name"] == "year" else 3)

    with pytest.raises(ContractError) as caught:
        parse(content)

    assert caught.value.problems == (
        "column school: overlaps year",
        "fileFormat.recordTypeWidth: is needed to tell the record types apart",
    )


def test_code_list_of_the_product() -> None:
    content = document()
    put(prop(content, "note"), "codeList", "ct_towns")

    codes = parse(content).column("note").codes

    assert codes is not None
    assert len(codes) == 169
