"""Hold a contract against the public standard's model and our extensions' JSON Schema.

Slow to import (pydantic, jsonschema), so apart from the fast path that Airflow takes.
"""

from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from governance.documents import Problems, add_schema_problems, read_document, read_schema


def extension_schema() -> dict[str, Any]:
    """JSON Schema of our `customProperties` (by block: `table` and `column`) and quality rules."""
    return read_schema("contract-extensions")


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
    add_schema_problems(content, extension_schema(), problems)
    return problems.found
