import hashlib

import pytest

from governance.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    merkle_root,
    verify_consistency,
    verify_inclusion,
)

SIZES = range(1, 34)


def reference_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, written down as it stands there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = reference_root(leaves[:k]), reference_root(leaves[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaves(size: int) -> list[bytes]:
    return [bytes([n]) * 3 for n in range(size)]


def test_roots_are_those_of_the_reference() -> None:
    assert merkle_root([]) == EMPTY_ROOT == reference_root([])
    for size in SIZES:
        assert merkle_root(leaves(size)) == reference_root(leaves(size))


def test_the_published_vector_of_certificate_transparency() -> None:
    # The eight leaves of the transparency project's own test suite, and the root it states.
    texts = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    texts.append("606162636465666768696a6b6c6d6e6f")
    root = merkle_root([bytes.fromhex(t) for t in texts])
    assert root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_a_frontier_grows_from_where_it_was_stored() -> None:
    for size in SIZES:
        half = Frontier()
        for leaf in leaves(size)[: size // 2]:
            half.append(leaf)
        grown = Frontier(half.size, half.nodes)
        for leaf in leaves(size)[size // 2 :]:
            grown.append(leaf)
        assert grown.root() == reference_root(leaves(size))
    with pytest.raises(ValueError, match="edge"):
        Frontier(3, [b""])


def test_inclusion_proofs_verify_and_nothing_else_does() -> None:
    for size in SIZES:
        tree, root = leaves(size), merkle_root(leaves(size))
        for index in range(size):
            proof = inclusion_proof(tree, index)
            assert verify_inclusion(tree[index], index, size, proof, root)
            assert not verify_inclusion(b"other", index, size, proof, root)
            assert not verify_inclusion(tree[index], index, size, (*proof, root), root)
            assert not verify_inclusion(tree[index], size, size, proof, root)
            if size > 1:
                other = (index + 1) % size
                assert not verify_inclusion(tree[index], other, size, proof, root)
                assert not verify_inclusion(tree[index], index, size, proof[:-1], root)
    with pytest.raises(ValueError, match="leaf"):
        inclusion_proof(leaves(2), 2)


def test_consistency_proofs_verify_and_nothing_else_does() -> None:
    for size in SIZES:
        new_root = merkle_root(leaves(size))
        for old in range(1, size + 1):
            old_root = merkle_root(leaves(old))
            proof = consistency_proof(leaves(size), old)
            assert verify_consistency(old, old_root, size, new_root, proof)
            altered = merkle_root([b"altered", *leaves(old)[1:]])
            assert not verify_consistency(old, altered, size, new_root, proof)
            assert not verify_consistency(old, old_root, size, altered, proof)
            assert not verify_consistency(old, old_root, size, new_root, (*proof, old_root))
            if proof:
                assert not verify_consistency(old, old_root, size, new_root, proof[:-1])
    assert not verify_consistency(1, EMPTY_ROOT, 3, merkle_root(leaves(3)), (b"", b"", b"", b""))
    assert not verify_consistency(3, EMPTY_ROOT, 4, merkle_root(leaves(4)), ())
    assert not verify_consistency(0, EMPTY_ROOT, 2, merkle_root(leaves(2)), ())
    with pytest.raises(ValueError, match="earlier"):
        consistency_proof(leaves(2), 3)
