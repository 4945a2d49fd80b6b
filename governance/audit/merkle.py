"""Merkle trees over the chain: roots, inclusion and consistency proofs.

Hashing as in Certificate Transparency: a leaf is `SHA-256(0x00 || data)`, a node is
`SHA-256(0x01 || left || right)`, and a tree of n leaves splits at the largest power of two below n.

Source:
    RFC 6962 §2.1; verification of proofs: RFC 9162 §2.1.3.2 and §2.1.4.2.
"""

from collections.abc import Sequence

from governance.digests import sha256_digest

EMPTY_ROOT = sha256_digest(b"")
"""Root of a tree without leaves (RFC 6962 §2.1)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf."""
    return sha256_digest(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256_digest(b"\x01" + left + right)


class Frontier:
    """The right edge of a growing tree: roots of its complete subtrees, largest first.

    Enough to add leaves and to tell the root at any size, in O(log n) memory.
    """

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        """Start empty, or from a stored edge.

        Raises:
            ValueError: `nodes` is not the edge of a tree of `size` leaves.
        """
        if size < 0 or len(nodes) != size.bit_count():
            raise ValueError("Not the edge of a tree of that size.")
        self.size = size
        self._nodes = list(nodes)

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, largest first."""
        return tuple(self._nodes)

    def append(self, data: bytes) -> None:
        """Add a leaf."""
        node = leaf_hash(data)
        size = self.size
        while size & 1:
            node = node_hash(self._nodes.pop(), node)
            size >>= 1
        self._nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Root of the tree so far."""
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf data."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Audit path of the leaf at `index` (0-based) in the tree of all `leaves`.

    Raises:
        ValueError: No such leaf.
    """
    if not 0 <= index < len(leaves):
        raise ValueError("No such leaf.")
    return tuple(_path(index, [leaf_hash(leaf) for leaf in leaves]))


def verify_inclusion(
    data: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the proof shows that `data` is leaf `index` (0-based) of the tree of `size` leaves.

    Source:
        RFC 9162 §2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    fn, sn = index, size - 1
    result = leaf_hash(data)
    for node in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(node, result)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and result == root


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """Proof that the tree of the first `old_size` leaves is a beginning of the tree of all.

    Raises:
        ValueError: `old_size` is not between 1 and the number of leaves.
    """
    if not 0 < old_size <= len(leaves):
        raise ValueError("Not the size of an earlier tree.")
    return tuple(_subproof(old_size, [leaf_hash(leaf) for leaf in leaves], whole=True))


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that nothing of the older tree was altered, only leaves added.

    Source:
        RFC 9162 §2.1.4.2.
    """
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for node in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(node, old), node_hash(node, new)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old == old_root and new == new_root


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def _root(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    k = _split(len(hashes))
    return node_hash(_root(hashes[:k]), _root(hashes[k:]))


def _path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    k = _split(len(hashes))
    if index < k:
        return [*_path(index, hashes[:k]), _root(hashes[k:])]
    return [*_path(index - k, hashes[k:]), _root(hashes[:k])]


def _subproof(old_size: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if old_size == len(hashes):
        return [] if whole else [_root(hashes)]
    k = _split(len(hashes))
    if old_size <= k:
        return [*_subproof(old_size, hashes[:k], whole=whole), _root(hashes[k:])]
    return [*_subproof(old_size - k, hashes[k:], whole=False), _root(hashes[:k])]
