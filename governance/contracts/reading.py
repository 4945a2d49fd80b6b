"""From an Open Data Contract Standard v3 document to a `DatasetContract`.

One document describes one table (one `schema` object). The standard's own fields are used where it
has them (types, `required`, `unique`, primary key, `logicalTypeOptions`, quality entries); what it
lacks stands under `customProperties`, described by `schemas/meta/contract-extensions.schema.json`.
Every mistake is reported, with its path; `governance.contracts.checks` looks for contradictions.
This is the fast path (no pydantic): Airflow parses all contracts each time it looks at the DAGs.

Source:
    Open Data Contract Standard v3.1.0, https://bitol-io.github.io/open-data-contract-standard/
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from governance.contracts.checks import contradictions
from governance.contracts.codes import default_code_lists, read_codes
from governance.contracts.model import (
    Column,
    DatasetContract,
    FileFormat,
    FileKind,
    IdentifierRole,
    LogicalType,
    Option,
    PersonKey,
    Rule,
    RuleKind,
    Treatment,
    TreatmentKind,
)
from governance.documents import Node, Problems, read_document
from governance.errors import ConfigurationError, ContractError

API_VERSIONS = ("v3.0.2", "v3.1.0", "v3.2.0")

_DOCUMENT_KEYS = [
    "apiVersion",
    "kind",
    "id",
    "name",
    "version",
    "status",
    "tenant",
    "domain",
    "dataProduct",
    "description",
    "schema",
    "tags",
    "servers",
    "team",
    "roles",
    "support",
    "slaProperties",
    "authoritativeDefinitions",
    "customProperties",
    "contractCreatedTs",
    "price",
    "slaDefaultElement",
]
_TABLE_KEYS = [
    "id",
    "name",
    "physicalName",
    "physicalType",
    "logicalType",
    "businessName",
    "description",
    "tags",
    "properties",
    "quality",
    "dataGranularityDescription",
    "authoritativeDefinitions",
    "customProperties",
]
_TABLE_EXTENSIONS = ("agency", "fileFormat", "personKey", "entityKeys", "measures", "yearColumn")
_COLUMN_KEYS = [
    "id",
    "name",
    "physicalName",
    "physicalType",
    "logicalType",
    "logicalTypeOptions",
    "businessName",
    "description",
    "required",
    "unique",
    "primaryKey",
    "primaryKeyPosition",
    "classification",
    "criticalDataElement",
    "examples",
    "tags",
    "authoritativeDefinitions",
    "customProperties",
]
_COLUMN_EXTENSIONS = [
    "identifierRole",
    "treatment",
    "formats",
    "trueValues",
    "falseValues",
    "codes",
    "codeList",
    "codeListColumn",
    "dimension",
    "start",
    "width",
]
_TYPE_OPTIONS = ("pattern", "minimum", "maximum", "minLength", "maxLength", "format")
_FILE_KEYS = [
    "kind",
    "delimiter",
    "quote",
    "encoding",
    "header",
    "preambleLines",
    "nullValues",
    "trim",
    "sheet",
    "recordTypeStart",
    "recordTypeWidth",
    "recordType",
    "headerRecord",
    "trailerRecord",
    "otherRecordTypes",
    "presentStart",
    "presentWidth",
    "trailerCountStart",
    "trailerCountWidth",
    "archiveMember",
    "ignoreExtraColumns",
]


def parse_contract(
    document: bytes, where: str, *, code_lists: Path | None = None
) -> DatasetContract:
    """The contract of one document.

    Args:
        document: UTF-8 YAML.
        where: Name of the document, for messages.
        code_lists: Folder of the code lists; None for those that come with the product.

    Raises:
        ContractError: The document has mistakes; `problems` lists every one, with its path.
    """
    problems = Problems()
    contract = _contract(document, problems, code_lists or default_code_lists())
    if contract is not None and not problems.found:
        for path, message in contradictions(contract):
            problems.add(path, message)
    if contract is None or problems.found:
        raise ContractError.counted(f"The contract {where} has", *problems.found, where=where)
    return contract


def _contract(document: bytes, problems: Problems, code_lists: Path) -> DatasetContract | None:
    content = read_document(document, problems)
    if content is None:
        return None
    root = Node(content, "", problems)
    root.only(*_DOCUMENT_KEYS)
    root.choice("apiVersion", API_VERSIONS)
    root.choice("kind", ("DataContract",))
    root.text("id", required=True)
    root.choice("status", ("proposed", "draft", "active", "deprecated", "retired"))
    version = root.text("version", required=True)
    if version and not re.fullmatch(r"\d+\.\d+\.\d+", version):
        root.wrong("version", "must be three numbers, as in '1.0.0'")
    tables = list(root.blocks("schema", required=True))
    if len(tables) != 1:
        root.wrong("schema", "a contract describes exactly one table")
        return None
    return _table(tables[0], root, version, code_lists)


def _table(table: Node, root: Node, version: str, code_lists: Path) -> DatasetContract:
    table.only(*_TABLE_KEYS)
    extra = _extensions(table, _TABLE_EXTENSIONS)
    agency = extra.name("agency")
    dataset = table.name("name")
    physical = table.text("physicalName", required=True)
    columns = tuple(
        _column(node, code_lists) for node in table.blocks("properties", required=True, by="name")
    )
    return DatasetContract(
        agency=agency,
        dataset=dataset,
        version=version,
        title=table.text("businessName", required=True) or root.text("name"),
        description=table.text("description", required=True),
        grain=table.text("dataGranularityDescription", required=True),
        table=physical,
        columns=columns,
        file=_file_format(extra),
        key=_key(table),
        rules=tuple(_rules(table)),
        person=_person(extra),
        entity_keys=extra.texts("entityKeys"),
        measures=extra.texts("measures"),
        year_column=extra.text("yearColumn") or None,
    )


def _extensions(node: Node, known: tuple[str, ...] | list[str]) -> Node:
    """The block's `customProperties` as one block, keyed by property."""
    values: dict[str, Any] = {}
    for item in node.blocks("customProperties", by="property"):
        item.only("property", "value", "description", "id", "vendor")
        name = item.text("property", required=True)
        if name in values:
            item.wrong("", "stands twice")
        if not item.has("value"):
            item.wrong("value", "is missing")
        values[name] = item.values.get("value")
    extra = Node(values, node.at("customProperties"), node.problems)
    extra.only(*known)
    return extra


def _key(table: Node) -> tuple[str, ...]:
    """Names of the primary-key columns, by position."""
    raw = table.values.get("properties")
    marked = [
        (item.get("primaryKeyPosition"), place, str(item.get("name")))
        for place, item in enumerate(raw if isinstance(raw, list) else ())
        if isinstance(item, dict) and item.get("primaryKey") is True
    ]
    positions = [position for position, _, _ in marked if isinstance(position, int)]
    if marked and sorted(positions) != list(range(1, len(marked) + 1)):
        table.wrong("properties", "primaryKeyPosition must number the key's columns 1, 2, …")
        return ()
    return tuple(name for _, _, name in sorted(marked, key=lambda m: (m[0] or 0, m[1])))


def _column(node: Node, code_lists: Path) -> Column:
    node.only(*_COLUMN_KEYS)
    extra = _extensions(node, _COLUMN_EXTENSIONS)
    limits = node.block("logicalTypeOptions") or Node({}, node.path, node.problems)
    limits.only(*_TYPE_OPTIONS)
    defaults = Column("", "", LogicalType.STRING)
    name = node.name("name")
    kind = LogicalType(node.choice("logicalType", tuple(LogicalType)))
    return Column(
        name=name,
        source_name=node.text("physicalName", default=name),
        logical_type=kind,
        description=node.text("description"),
        required=node.flag("required", default=False),
        role=IdentifierRole(extra.choice("identifierRole", tuple(IdentifierRole), default="none")),
        treatment=_treatment(extra, "treatment"),
        formats=extra.texts("formats"),
        true_values=extra.texts("trueValues") or defaults.true_values,
        false_values=extra.texts("falseValues") or defaults.false_values,
        codes=_codes(extra, code_lists),
        pattern=limits.text("pattern") or None,
        minimum=_bound(limits, "minimum", kind),
        maximum=_bound(limits, "maximum", kind),
        min_length=limits.whole("minLength", minimum=0),
        max_length=limits.whole("maxLength", minimum=0),
        unique=node.flag("unique", default=False),
        dimension=extra.flag("dimension", default=False),
        start=extra.whole("start", minimum=0),
        width=extra.whole("width", minimum=1),
    )


def _bound(limits: Node, key: str, kind: LogicalType) -> str | int | float | None:
    if not limits.has(key):
        return None
    if kind in {LogicalType.DATE, LogicalType.TIMESTAMP}:
        return limits.text(key) or None
    if kind is LogicalType.INTEGER:
        return limits.whole(key)
    if kind is LogicalType.NUMBER:
        return limits.number(key)
    limits.wrong(key, f"a column of type {kind} has no {key}")
    return None


def _codes(extra: Node, code_lists: Path) -> tuple[str, ...] | None:
    if extra.has("codes") and extra.has("codeList"):
        extra.wrong("codes", "name the codes here or a code list, not both")
    if extra.has("codes"):
        return extra.texts("codes", required=True)
    if not extra.has("codeList"):
        return None
    try:
        return read_codes(code_lists, extra.name("codeList"), extra.text("codeListColumn"))
    except ConfigurationError as error:
        extra.wrong("codeList", error.message)
        return None


def parse_treatment(value: object, path: str, problems: Problems) -> Treatment | None:
    """A treatment as contract and agreement write it: its name, or `{kind, options}`."""
    if isinstance(value, str):
        value = {"kind": value}
    if not isinstance(value, dict):
        problems.add(path, "must be the name of a treatment, or a block with `kind` and `options`")
        return None
    node = Node(value, path, problems)
    node.only("kind", "options")
    known = tuple(TreatmentKind)
    kind = node.text("kind", required=True)
    if kind not in known:
        if kind:
            node.wrong("kind", f"{kind!r} is no treatment; use one of: {', '.join(known)}")
        return None
    options = node.block("options")
    return Treatment(TreatmentKind(kind), _options(options) if options else {})


def _treatment(extra: Node, key: str) -> Treatment | None:
    if not extra.has(key):
        return None
    return parse_treatment(extra.values[key], extra.at(key), extra.problems)


def _options(node: Node, skip: tuple[str, ...] = ()) -> Mapping[str, Option]:
    """Options by their snake_case names; documents write camelCase."""
    options: dict[str, Option] = {}
    for name, value in node.values.items():
        key = str(name)
        if key in skip:
            continue
        if "_" in key:
            node.wrong(key, "option names are written like `maxDays`")
        elif isinstance(value, list):
            options[_snake(key)] = node.texts(key)
        elif isinstance(value, (str, int, float, bool)):
            options[_snake(key)] = value
        else:
            node.wrong(key, "must be a text, a number, true or false, or a list of texts")
    return options


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1].lower(), name)


def _file_format(extra: Node) -> FileFormat:
    node = extra.block("fileFormat", required=True)
    if node is None:
        return FileFormat()
    node.only(*_FILE_KEYS)
    return FileFormat(
        kind=FileKind(node.choice("kind", tuple(FileKind))),
        delimiter=node.text("delimiter") or None,
        quote=node.text("quote") or None,
        encoding=node.text("encoding") or None,
        header=node.flag("header", default=True),
        preamble_lines=node.whole("preambleLines", minimum=0) or 0,
        null_values=node.texts("nullValues") if node.has("nullValues") else ("",),
        trim=node.flag("trim", default=True),
        sheet=node.text("sheet") or None,
        record_type_start=node.whole("recordTypeStart", minimum=0) or 0,
        record_type_width=node.whole("recordTypeWidth", minimum=0) or 0,
        record_type=node.text("recordType") or None,
        header_record=node.text("headerRecord") or None,
        trailer_record=node.text("trailerRecord") or None,
        other_record_types=node.texts("otherRecordTypes"),
        present_start=node.whole("presentStart", minimum=0),
        present_width=node.whole("presentWidth", minimum=1),
        trailer_count_start=node.whole("trailerCountStart", minimum=0),
        trailer_count_width=node.whole("trailerCountWidth", minimum=1),
        archive_member=node.text("archiveMember") or None,
        ignore_extra_columns=node.flag("ignoreExtraColumns", default=False),
    )


def _person(extra: Node) -> PersonKey | None:
    node = extra.block("personKey")
    if node is None:
        return None
    node.only("column", "identifiedBy", "domain")
    return PersonKey(
        column=node.name("column"),
        identified_by=node.texts("identifiedBy", required=True),
        domain=node.name("domain"),
    )


def _rules(table: Node) -> list[Rule]:
    rules = []
    for node in table.blocks("quality", by="name"):
        node.only("id", "name", "type", "engine", "description", "implementation", "dimension")
        node.choice("type", ("custom",))
        node.choice("engine", ("enclave",))
        body = node.block("implementation", required=True)
        if body is None:
            continue
        rules.append(
            Rule(
                name=node.name("name"),
                kind=RuleKind(body.choice("kind", tuple(RuleKind))),
                options=_options(body, skip=("kind",)),
                description=node.text("description"),
            )
        )
    return rules
