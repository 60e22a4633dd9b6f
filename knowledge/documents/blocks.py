"""What every reader of documents gives: blocks of text under their headings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

HEADING_LEVELS = 6

_BLANKS = re.compile(r"[^\S\n]+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200c\u200e\u200f\u2060\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class Block:
    """A paragraph, list item or table row, with the headings above it, outermost first."""

    headings: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class ParsedDocument:
    """A document as read; the title is empty when it names none."""

    title: str
    blocks: tuple[Block, ...]


@dataclass
class Outline:
    """Collects blocks while a document is read from top to bottom."""

    blocks: list[Block] = field(default_factory=list)
    _headings: dict[int, str] = field(default_factory=dict)
    _first_heading: str = ""

    def heading(self, level: int, text: str) -> None:
        """Begin a section; deeper ones end."""
        name = " ".join(clean_text(text).split())
        if not name:
            return
        self._headings = {each: held for each, held in self._headings.items() if each < level}
        self._headings[level] = name
        self._first_heading = self._first_heading or name

    def text(self, text: str) -> None:
        """Add a block to the present section, unless it is empty."""
        cleaned = clean_text(text)
        if cleaned:
            headings = tuple(self._headings[level] for level in sorted(self._headings))
            self.blocks.append(Block(headings, cleaned))

    def row(self, cells: Sequence[str]) -> None:
        """Add a table row."""
        self.text(" | ".join(cell for cell in (" ".join(clean_text(each).split()) for each in cells) if cell))

    def finish(self, title: str = "") -> ParsedDocument:
        """The document, called after `title` or else its first heading."""
        return ParsedDocument(" ".join(clean_text(title).split()) or self._first_heading, tuple(self.blocks))


def clean_text(text: str) -> str:
    """Text without control characters, with single blanks, and without blank lines."""
    lines = (_BLANKS.sub(" ", line).strip() for line in _UNPRINTABLE.sub("", text.replace("\r\n", "\n")).split("\n"))
    return "\n".join(line for line in lines if line)


def paragraphs(text: str) -> Iterator[str]:
    """The parts of a text between blank lines."""
    yield from re.split(r"\n\s*\n", text.replace("\r\n", "\n"))
