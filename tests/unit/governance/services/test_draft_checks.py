"""What of a half-typed form can be read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.services.draft_checks import readable_content

ROW = {"dataset": "sde/enrollment", "variables": ["gender"]}


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ({}, {}),
        ({"title": "A", "ends_on": "soon"}, {"title": "A"}),
        ({"title": "A", "no_such_field": 1}, {"title": "A"}),
        ({"datasets": [ROW, {"dataset": "no id"}]}, {"datasets": [ROW]}),
        ({"datasets": [ROW | {"variables": ["gender", "A b"]}]}, {"datasets": [ROW]}),
        ({"datasets": [ROW, ROW | {"variables": ["age"]}]}, {"datasets": [ROW]}),
        ({"datasets": "none", "people": [{"id": ""}, {"id": ""}]}, {}),
        ({"title": 7, "purposes": {"sde": "audit", "dol": 3}}, {"purposes": {"sde": "audit"}}),
    ],
)
def test_what_cannot_be_read_is_left_out_and_the_rest_stays(
    typed: dict[str, Any], left: dict[str, Any]
) -> None:
    read = readable_content(typed).model_dump(mode="json", exclude_defaults=True)
    assert read == left


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    ["title", "datasets", "people", "purposes", "ends_on", "type", "continues", "unknown"]
)


@given(st.dictionaries(_FIELDS, _ANY, max_size=6))
def test_anything_typed_is_read_in_part(typed: dict[str, Any]) -> None:
    kept = readable_content(typed).model_dump(mode="json", exclude_defaults=True)
    assert readable_content(kept).model_dump(mode="json", exclude_defaults=True) == kept
