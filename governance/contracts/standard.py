"""Hold a contract against the public standard's model and our extensions' JSON Schema.

Slow to import (pydantic, jsonschema), so apart from the fast path that Airflow takes.
"""

import json
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from governance.documents import Problems, read_document


def extension_schema() -> dict[str, Any]:
    """JSON Schema of our `customProperties` (by block: `table` and `column`) and quality rules."""
    text = (resources.files("schemas") / "meta" / "contract-extensions.schema.json").read_text(
        encoding="utf-8"
    )
    schema: dict[str, Any] = json.loads(text)
    return schema


def standard_problems(document: bytes) -> list[str]:
    """Each difference, with its path; documents hold no rows, so values may be quoted."""
    problems = Problems()
    content = read_document(document, problems)
    if content is None:
        return problems.found
    try:
        OpenDataContractStandard.model_validate(content)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            problems.add(".".join(str(part) for part in item["loc"]), item["msg"])
    validator = Draft202012Validator(extension_schema())
    for found in validator.iter_errors(content):
        problems.add(".".join(str(part) for part in found.absolute_path), found.message)
    return problems.found
