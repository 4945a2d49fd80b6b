import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from enclave.deidentify.pseudonyms import (
    FieldMessages,
    MissingIdentityError,
    cmac_rows,
    derive_subkey,
    encipher_blocks,
)
from enclave.keys import Key, KeyId
from tests.vectors import make_pseudonyms, verify_pseudonyms

VECTORS = json.loads(Path(make_pseudonyms.PATH).read_text())
KEY = bytes(range(32))
TEXTS = st.text(max_size=40)


def library_mac(fields: tuple[str, ...]) -> bytes:
    mac = CMAC(algorithms.AES(KEY))
    mac.update(verify_pseudonyms.message_of(list(fields)))
    return mac.finalize()


def macs(rows: list[tuple[str, ...]]) -> list[bytes]:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return [row.tobytes() for row in cmac_rows(KEY, FieldMessages(columns))]


def test_published_vectors_hold_without_the_product() -> None:
    assert verify_pseudonyms.verify(VECTORS) >= 30


def test_the_product_still_makes_the_published_vectors() -> None:
    assert make_pseudonyms.vectors() == VECTORS


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=30))
def test_every_row_is_the_cmac_of_its_own_fields(rows: list[tuple[str, ...]]) -> None:
    assert macs(rows) == [library_mac(row) for row in rows]


def test_a_slice_reads_its_own_rows() -> None:
    column = pa.array(["zero", "one", "two", "three"]).slice(1, 2)
    assert [m.tobytes() for m in cmac_rows(KEY, FieldMessages([column]))] == macs(
        [("one",), ("two",)]
    )


def test_moving_a_letter_between_fields_changes_the_mac() -> None:
    one, other = macs([("ana", "nunez"), ("anan", "unez")])
    assert one != other


def test_no_rows() -> None:
    assert cmac_rows(KEY, FieldMessages([pa.array([], pa.string())])).shape == (0, 16)


def test_nulls_are_refused_with_their_number_only() -> None:
    with pytest.raises(MissingIdentityError) as caught:
        FieldMessages([pa.array(["canary-7", None])])
    assert caught.value.facts == {"rows": 1}
    assert "canary" not in str(caught.value)


def test_a_subkey_is_bound_to_label_and_context() -> None:
    key = Key(KeyId("entity-scope", "dol", 1), KEY)
    subkeys = {
        derive_subkey(key, label=label, context=context)
        for label in ("entity-scope", "person-scope")
        for context in ("dol/ein", "dol/school", "sde/ein")
    }
    assert len(subkeys) == 6


def test_enciphering_is_a_bijection() -> None:
    blocks = np.arange(16 * 1000, dtype=np.uint16).astype(np.uint8).reshape(-1, 16)
    distinct = {row.tobytes() for row in blocks}
    assert len({row.tobytes() for row in encipher_blocks(KEY, blocks)}) == len(distinct)
