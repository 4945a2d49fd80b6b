"""Generate tests/vectors/pseudonyms.json with the product's own code.

`python -m tests.vectors.make_pseudonyms`; `tests.vectors.verify_pseudonyms` checks them without
it. Keys and values are made up.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from enclave.deidentify.pseudonyms import (
    FieldMessages,
    cmac_rows,
    derive_subkey,
    encipher_blocks,
)
from enclave.keys import Key, KeyId

PATH = Path(__file__).with_name("pseudonyms.json")

MESSAGES = [
    [""],
    ["a"],
    ["000000001"],
    ["078051120"],
    ["twelve bytes"],
    ["exactly twenty-eight bytes!!"],
    ["ana", "nuñez", "19900102"],
    ["an", "anuñez", "19900102"],
    ["x" * 100, "", "y"],
]


def vectors() -> dict[str, object]:
    keys = []
    for number, (label, context) in enumerate(
        [("crosswalk-lookup", "dol/ssn"), ("entity-scope", "dol/ein"), ("person-scope", "dol")]
    ):
        material = bytes((number * 37 + i * 11) % 256 for i in range(32))
        key = Key(KeyId(label, context.split("/", maxsplit=1)[0], 1), material)
        subkey = derive_subkey(key, label=label, context=context)
        blocks = np.frombuffer(bytes(range(48)), dtype=np.uint8).reshape(-1, 16)
        keys.append(
            {
                "key": material.hex(),
                "label": label,
                "context": context,
                "subkey": subkey.hex(),
                "macs": [{"fields": fields, "mac": _mac(subkey, fields)} for fields in MESSAGES],
                "blocks": [
                    {"plain": plain.tobytes().hex(), "enciphered": block.tobytes().hex()}
                    for plain, block in zip(blocks, encipher_blocks(subkey, blocks), strict=True)
                ],
            }
        )
    return {"format": 1, "keys": keys}


def _mac(subkey: bytes, fields: list[str]) -> str:
    columns = [pa.array([field]) for field in fields]
    return bytes(cmac_rows(subkey, FieldMessages(columns))[0]).hex()


if __name__ == "__main__":
    PATH.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n")
