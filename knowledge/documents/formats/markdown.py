"""Markdown: headings, paragraphs, lists and tables; marks of emphasis and addresses of links are left out."""

import re
from pathlib import Path

from knowledge.documents.blocks import Outline, ParsedDocument
from knowledge.imports.readers.encoding import text_encoding

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
_FENCE = re.compile(r"\s*(```|~~~)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
_TABLE_RULE = re.compile(r"\s*\|?(?:\s*:?-{3,}:?\s*\|)+(?:\s*:?-{3,}:?\s*)?\s*")
_INLINE = (
    (re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"</?[a-zA-Z][^<>\n]*>"), ""),
)


def read_markdown(path: Path) -> ParsedDocument:
    """The sections of a Markdown file.

    Raises:
        ImportFileError: it is not text.
    """
    text = path.read_text(encoding=text_encoding(path)).replace("\r\n", "\n")
    return _Markdown().read(_COMMENT.sub("", _FRONT_MATTER.sub("", text)))


class _Markdown:
    def __init__(self) -> None:
        self._outline = Outline()
        self._paragraph: list[str] = []
        self._fence = ""

    def read(self, text: str) -> ParsedDocument:
        for line in text.split("\n"):
            self._line(line)
        self._end_paragraph()
        return self._outline.finish()

    def _line(self, line: str) -> None:
        fence = _FENCE.match(line)
        if fence and (not self._fence or fence[1] == self._fence):
            self._fence = "" if self._fence else fence[1]
            self._end_paragraph()
        elif self._fence:
            self._paragraph.append(line)
        elif heading := _HEADING.fullmatch(line):
            self._end_paragraph()
            self._outline.heading(len(heading[1]), _plain(heading[2]))
        elif self._paragraph and re.fullmatch(r"=+|-{2,}", line.strip()):
            self._outline.heading(1 if line.strip()[0] == "=" else 2, _plain(" ".join(self._paragraph)))
            self._paragraph = []
        else:
            self._body(line)

    def _body(self, line: str) -> None:
        if not line.strip() or _TABLE_RULE.fullmatch(line) or re.fullmatch(r"\s*([-*_]\s*){3,}", line):
            self._end_paragraph()
        elif line.lstrip().startswith("|"):
            self._end_paragraph()
            self._outline.row([_plain(cell) for cell in line.strip().strip("|").split("|")])
        elif item := _ITEM.match(line):
            self._end_paragraph()
            self._paragraph = [line[item.end() :]]
        else:
            self._paragraph.append(line.lstrip("> "))

    def _end_paragraph(self) -> None:
        self._outline.text(_plain("\n".join(self._paragraph)))
        self._paragraph = []


def _plain(text: str) -> str:
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return text
