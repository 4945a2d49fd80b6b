"""From a `DatasetContract` back to an Open Data Contract Standard document.

`parse_contract` of the document gives the same contract again (held by a property test). Code lists
are written out where they stand: a contract remembers codes, not where they came from.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from governance.contracts.checks import camel_case
from governance.contracts.model import (
    Column,
    DatasetContract,
    FileFormat,
    IdentifierRole,
    LogicalType,
    Option,
    Rule,
    Treatment,
)

Document = dict[str, Any]

_API_VERSION = "v3.1.0"


def contract_document(contract: DatasetContract, *, status: str = "active") -> Document:
    """The document, in the order a steward reads it; plain values only."""
    table: Document = {
        "name": contract.dataset,
        "physicalName": contract.table,
        "physicalType": "table",
        "businessName": contract.title,
        "description": contract.description,
        "dataGranularityDescription": contract.grain,
        "customProperties": _extensions(_table_extensions(contract)),
        "properties": [_property(column, contract) for column in contract.columns],
    }
    if contract.rules:
        table["quality"] = [_quality(rule) for rule in contract.rules]
    return {
        "apiVersion": _API_VERSION,
        "kind": "DataContract",
        "id": f"{contract.agency}-{contract.dataset}".replace("_", "-"),
        "name": contract.title,
        "version": contract.version,
        "status": status,
        "schema": [table],
    }


def _extensions(values: Mapping[str, object]) -> list[Document]:
    return [{"property": name, "value": value} for name, value in values.items()]


def _table_extensions(contract: DatasetContract) -> Document:
    values: Document = {"agency": contract.agency, "fileFormat": _file_format(contract.file)}
    if contract.person is not None:
        values["personKey"] = {
            "column": contract.person.column,
            "identifiedBy": list(contract.person.identified_by),
            "domain": contract.person.domain,
        }
    if contract.entity_keys:
        values["entityKeys"] = list(contract.entity_keys)
    if contract.measures:
        values["measures"] = list(contract.measures)
    if contract.year_column is not None:
        values["yearColumn"] = contract.year_column
    return values


def _file_format(file: FileFormat) -> Document:
    """Only what differs from the defaults; the kind always."""
    return {
        camel_case(field.name): _plain(getattr(file, field.name))
        for field in dataclasses.fields(file)
        if field.name == "kind" or getattr(file, field.name) != field.default
    }


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, str) else value


def _property(column: Column, contract: DatasetContract) -> Document:
    document: Document = {"name": column.name}
    if column.source_name != column.name:
        document["physicalName"] = column.source_name
    document["logicalType"] = str(column.logical_type)
    limits = {
        "pattern": column.pattern,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "minLength": column.min_length,
        "maxLength": column.max_length,
    }
    if given := {name: limit for name, limit in limits.items() if limit is not None}:
        document["logicalTypeOptions"] = given
    if column.required:
        document["required"] = True
    if column.unique:
        document["unique"] = True
    if column.name in contract.key:
        document["primaryKey"] = True
        document["primaryKeyPosition"] = contract.key.index(column.name) + 1
    if column.description:
        document["description"] = column.description
    if values := _column_extensions(column):
        document["customProperties"] = _extensions(values)
    return document


def _column_extensions(column: Column) -> Document:
    plain = Column("", "", LogicalType.STRING)
    values: Document = {}
    if column.role is not IdentifierRole.NONE:
        values["identifierRole"] = str(column.role)
    if column.treatment is not None:
        values["treatment"] = treatment_value(column.treatment)
    if column.formats:
        values["formats"] = list(column.formats)
    if column.true_values != plain.true_values:
        values["trueValues"] = list(column.true_values)
    if column.false_values != plain.false_values:
        values["falseValues"] = list(column.false_values)
    if column.codes is not None:
        values["codes"] = list(column.codes)
    if column.dimension:
        values["dimension"] = True
    if column.start is not None:
        values["start"] = column.start
    if column.width is not None:
        values["width"] = column.width
    return values


def treatment_value(treatment: Treatment) -> object:
    """A treatment as contracts and agreements write it."""
    if not treatment.options:
        return str(treatment.kind)
    return {"kind": str(treatment.kind), "options": _options(treatment.options)}


def _options(options: Mapping[str, Option]) -> Document:
    return {camel_case(name): _plain(value) for name, value in options.items()}


def _quality(rule: Rule) -> Document:
    document: Document = {"name": rule.name, "type": "custom", "engine": "enclave"}
    if rule.description:
        document["description"] = rule.description
    document["implementation"] = {"kind": str(rule.kind), **_options(rule.options)}
    return document
