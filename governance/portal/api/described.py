"""Describes commands in the OpenAPI document from the command classes themselves."""

from collections.abc import Mapping
from typing import Any

from governance.facts import Command

_GIVEN = ("by", "at", "role", "request", "version")
"""Known to the service; never taken from who asks."""
_ENVELOPE: Mapping[str, Any] = {
    "based_on": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**31 - 1,
        "description": "Position of the record you looked at; refused when it changed since.",
    },
    "once": {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "description": "Your token for this command: sent twice, it happens once.",
    },
}
_VERSION: Mapping[str, Any] = {
    "version": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10_000,
        "description": "Version of the request; the newest unless said.",
    }
}


def describe_command(command: type[Command], *, versioned: bool) -> dict[str, Any]:
    """What a route that takes the command adds to its OpenAPI operation."""
    whole = command.model_json_schema()
    schema = _inlined(whole, whole.get("$defs", {}))
    facts = {k: v for k, v in schema["properties"].items() if k not in _GIVEN}
    body = {
        "type": "object",
        "title": command.__name__,
        "properties": {**facts, **_ENVELOPE, **(_VERSION if versioned else {})},
        "required": [k for k in schema.get("required", ()) if k in facts],
        "additionalProperties": False,
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}}


def _inlined(schema: Any, defs: Mapping[str, Any]) -> Any:  # noqa: ANN401  any JSON schema
    """The schema with every reference in place: none of the commands refers to itself."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            return _inlined(defs[schema["$ref"].rsplit("/", 1)[1]], defs)
        return {
            k: _inlined(v, defs) for k, v in schema.items() if k not in {"$defs", "discriminator"}
        }
    if isinstance(schema, list):
        return [_inlined(item, defs) for item in schema]
    return schema
