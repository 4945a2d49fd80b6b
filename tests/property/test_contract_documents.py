"""Whatever a document says, it is a contract or a list of mistakes, and never another error."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import schemas
from governance.agreements import parse_agreement
from governance.contracts import contract_document, load_contracts, parse_contract
from governance.documents import Problems, read_document
from governance.errors import DocumentError

SCHEMAS = Path(next(iter(schemas.__path__)))
CONTRACT = (SCHEMAS / "datasets" / "sde" / "enrollment.yaml").read_bytes()
AGREEMENT = (SCHEMAS / "agreements" / "sde-longitudinal.yaml").read_bytes()

pytestmark = pytest.mark.property

values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(0, 1) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a document."""
    found = [path] if path else []
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in items:
        found += places(value, (*path, key))
    return found


def changed(content: Any, path: tuple[Any, ...], value: Any) -> bytes:
    content = copy.deepcopy(content)
    block = content
    for key in path[:-1]:
        block = block[key]
    block[path[-1]] = value
    return yaml.safe_dump(content, allow_unicode=True).encode()


CONTRACT_CONTENT = read_document(CONTRACT, Problems())
AGREEMENT_CONTENT = read_document(AGREEMENT, Problems())


def mistakes(parse: Callable[[bytes, str], object], document: bytes) -> tuple[str, ...] | None:
    """The mistakes found, or None when the document is sound."""
    try:
        parse(document, "changed")
    except DocumentError as error:
        return error.problems
    return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(places(CONTRACT_CONTENT)), value=values)
def test_a_changed_contract(path: tuple[Any, ...], value: Any) -> None:
    assert mistakes(parse_contract, changed(CONTRACT_CONTENT, path, value)) != ()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(places(AGREEMENT_CONTENT)), value=values)
def test_a_changed_agreement(path: tuple[Any, ...], value: Any) -> None:
    assert mistakes(parse_agreement, changed(AGREEMENT_CONTENT, path, value)) != ()


@settings(max_examples=200, deadline=None)
@given(document=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes(document: bytes) -> None:
    for parse in (parse_contract, parse_agreement):
        assert mistakes(parse, document)


@pytest.mark.parametrize(
    "contract", load_contracts(SCHEMAS / "datasets").values(), ids=lambda c: c.id
)
def test_writing_and_reading_again_gives_the_same(contract: Any) -> None:
    document = yaml.safe_dump(contract_document(contract), allow_unicode=True).encode()

    assert parse_contract(document, contract.id) == contract
