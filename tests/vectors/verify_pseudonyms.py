"""Check tests/vectors/pseudonyms.json without any of the product's code.

CMAC is written out from NIST SP 800-38B over single AES blocks, the key derivation from NIST SP
800-108r1; both are also compared with the classes of `cryptography`.
`python -m tests.vectors.verify_pseudonyms`.
"""

import json
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

PATH = Path(__file__).with_name("pseudonyms.json")


def aes(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  one block, the bare permutation
    return encryptor.update(block) + encryptor.finalize()


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def doubled(block: bytes) -> bytes:
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number = (number & ((1 << 128) - 1)) ^ 0x87
    return number.to_bytes(16, "big")


def cmac(key: bytes, message: bytes) -> bytes:
    first = doubled(aes(key, bytes(16)))
    second = doubled(first)
    blocks = [message[i : i + 16] for i in range(0, len(message), 16)] or [b""]
    last = blocks.pop()
    if len(last) == 16:
        last = xor(last, first)
    else:
        last = xor(last + b"\x80" + bytes(15 - len(last)), second)
    state = bytes(16)
    for block in [*blocks, last]:
        state = aes(key, xor(state, block))
    return state


def message_of(fields: list[str]) -> bytes:
    encoded = [field.encode() for field in fields]
    return b"".join(len(field).to_bytes(4, "big") + field for field in encoded)


def subkey_of(key: bytes, label: str, context: str) -> bytes:
    fixed = label.encode() + b"\x00" + context.encode() + (256).to_bytes(4, "big")
    return b"".join(cmac(key, counter.to_bytes(4, "big") + fixed) for counter in (1, 2))


def verify(document: dict[str, list[dict[str, object]]]) -> int:
    checked = 0
    for entry in json.loads(json.dumps(document))["keys"]:
        subkey = subkey_of(bytes.fromhex(entry["key"]), entry["label"], entry["context"])
        assert subkey.hex() == entry["subkey"]
        for mac in entry["macs"]:
            message = message_of(mac["fields"])
            library = CMAC(algorithms.AES(subkey))
            library.update(message)
            assert cmac(subkey, message).hex() == mac["mac"] == library.finalize().hex()
            checked += 1
        for block in entry["blocks"]:
            assert aes(subkey, bytes.fromhex(block["plain"])).hex() == block["enciphered"]
            checked += 1
    return checked


if __name__ == "__main__":
    print(verify(json.loads(PATH.read_text())), "vectors hold")
