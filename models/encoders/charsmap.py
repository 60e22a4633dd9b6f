"""A per-character replacement table in the binary form that `tokenizers.normalizers.Precompiled` reads.

SentencePiece stores its normalisation rules as a double-array trie over UTF-8 bytes followed by the replacement
texts, separated by NUL bytes. One 32-bit unit per trie node: bits 0-7 the byte that leads here, bit 8 "a value hangs
below", bits 10-30 the XOR offset to the children; a value unit has bit 31 set and holds the position of its
replacement. See S. Yata's darts-clone and `Builder::CompileCharsMap` in google/sentencepiece.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_BLOCK = 256
_HAS_VALUE = 1 << 8
_IS_VALUE = 1 << 31


@dataclass
class _Node:
    children: dict[int, "_Node"] = field(default_factory=dict)
    value: int | None = None


def compile_charsmap(replacements: Mapping[str, str]) -> bytes:
    """Binary table that replaces each key by its text; a text may be empty.

    Raises:
        ValueError: If a key is empty or either side contains a NUL character, which the format cannot express.
    """
    root = _Node()
    texts = bytearray()
    for key, text in sorted(replacements.items()):
        if not key or "\0" in key or "\0" in text:
            raise ValueError(f"cannot store the replacement {key!r} -> {text!r}: empty key or NUL character")
        _insert(root, key.encode(), len(texts))
        texts += text.encode() + b"\0"
    trie = b"".join(unit.to_bytes(4, "little") for unit in _DoubleArray().place(root))
    return len(trie).to_bytes(4, "little") + trie + bytes(texts)


def _insert(root: _Node, key: bytes, value: int) -> None:
    node = root
    for byte in key:
        node = node.children.setdefault(byte, _Node())
    node.value = value


class _DoubleArray:
    """Places trie nodes into the array, first fit, whole blocks of 256 units at a time."""

    def __init__(self) -> None:
        self._units: list[int | None] = [None] * _BLOCK
        self._offsets: set[int] = set()
        self._first_candidate = 1

    def place(self, root: _Node) -> list[int]:
        """Units of the whole trie, the root first."""
        self._units[0] = 0
        pending = [(root, 0)]
        while pending:
            node, position = pending.pop()
            pending += self._place_children(node, position)
        return [unit or 0 for unit in self._units]

    def _place_children(self, node: _Node, position: int) -> Iterable[tuple[_Node, int]]:
        labels = sorted(node.children) if node.value is None else [0, *sorted(node.children)]
        if not labels:
            return []
        offset = self._free_offset(labels)
        self._units[position] = (self._units[position] or 0) | (offset ^ position) << 10
        if node.value is not None:
            self._units[position] = (self._units[position] or 0) | _HAS_VALUE
            self._units[offset] = _IS_VALUE | node.value
        for byte in node.children:
            self._units[offset ^ byte] = byte
        return [(child, offset ^ byte) for byte, child in node.children.items()]

    def _free_offset(self, labels: list[int]) -> int:
        offset = self._first_candidate
        while offset in self._offsets or not all(self._is_free(offset ^ label) for label in labels):
            offset += 1
        self._offsets.add(offset)
        while self._first_candidate in self._offsets or not self._is_free(self._first_candidate):
            self._first_candidate += 1
        return offset

    def _is_free(self, position: int) -> bool:
        while position >= len(self._units):
            self._units += [None] * _BLOCK
        return self._units[position] is None
