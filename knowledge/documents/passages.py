"""Cut blocks into passages: short enough to read at a glance, long enough to make sense alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from knowledge.documents.blocks import Block

MIN_CHARS = 80
MAX_CHARS = 300
HEADING_SEPARATOR = " > "

_SENTENCE_ENDS = re.compile(r"(?<=[。！？；!?;\n])|(?<=\.)(?=\s)")
_CLAUSE_ENDS = re.compile(r"(?<=[，、：,:\s])")


@dataclass(frozen=True)
class PassageText:
    """A passage with its heading path, such as `退换货 > 运费`."""

    heading: str
    text: str


def split_passages(blocks: Sequence[Block]) -> list[PassageText]:
    """Passages of at most 300 characters, each from one section; at least 80 where the section has as many."""
    passages = []
    for headings, section in groupby(blocks, key=lambda block: block.headings):
        pieces = [piece for block in section for piece in _pieces(block.text)]
        passages += [PassageText(HEADING_SEPARATOR.join(headings), text) for text in _packed(pieces)]
    return passages


def _pieces(text: str) -> Iterator[str]:
    """Sentences, the last one marked as the end of its block by a line break; over-long ones cut further."""
    sentences = [sentence for sentence in _SENTENCE_ENDS.split(text + "\n") if sentence]
    for sentence in sentences:
        yield from _short_enough(sentence, _CLAUSE_ENDS) if len(sentence) > MAX_CHARS else (sentence,)


def _short_enough(sentence: str, ends: re.Pattern[str]) -> Iterator[str]:
    for clause in ends.split(sentence):
        for start in range(0, len(clause), MAX_CHARS):
            yield clause[start : start + MAX_CHARS]


def _packed(pieces: Sequence[str]) -> list[str]:
    """Pieces put together as long as they fit; a short remainder is evened out with the passage before it."""
    groups: list[list[str]] = []
    for piece in pieces:
        if groups and len("".join(groups[-1]).strip()) + len(piece.rstrip()) <= MAX_CHARS:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    if len(groups) > 1:
        _even_out(groups[-2], groups[-1])
    return [text for group in groups if (text := "".join(group).strip())]


def _even_out(before: list[str], last: list[str]) -> None:
    while len(before) > 1 and len("".join(last).strip()) < MIN_CHARS:
        if len("".join(before[:-1]).strip()) < MIN_CHARS:
            return
        last.insert(0, before.pop())
