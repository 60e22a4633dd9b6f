"""JSON Lines files: one object per line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from knowledge.errors import ImportFileError
from knowledge.imports.readers.encoding import text_encoding
from knowledge.imports.readers.raw import MAX_COLUMNS, BrokenRow, RawRow, check_cell
from knowledge.imports.report import shortened

MAX_LINE_CHARS = 16_000_000
EXPECTED = "one JSON object per line"


@dataclass(frozen=True)
class JsonLinesFile:
    """An open JSON Lines file."""

    path: Path
    encoding: str
    columns: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: Path) -> "JsonLinesFile":
        """The file in the encoding that decodes it.

        Raises:
            ImportFileError: it is not text.
        """
        return cls(path, text_encoding(path))

    def rows(self) -> Iterator[RawRow | BrokenRow]:
        """Every object; lines that hold none come as broken rows, blank lines are left out."""
        with self.path.open(encoding=self.encoding) as text:
            for line, content in enumerate(self._lines(text), start=1):
                if content.strip():
                    yield self._row(line, content)

    def _lines(self, text: TextIO) -> Iterator[str]:
        line = 0
        while content := text.readline(MAX_LINE_CHARS):
            line += 1
            if len(content) == MAX_LINE_CHARS:
                raise ImportFileError(
                    f"{self.path.name}: line {line} has more than {MAX_LINE_CHARS:,} characters, expected {EXPECTED}"
                )
            yield content

    def _row(self, line: int, content: str) -> RawRow | BrokenRow:
        try:
            value = json.loads(content)
        except (ValueError, RecursionError) as error:
            reason = f"not JSON ({shortened(str(error))})"
            return BrokenRow(line, shortened(content), reason, EXPECTED)
        if not isinstance(value, dict):
            return BrokenRow(line, shortened(content), f"got a JSON {type(value).__name__}", EXPECTED)
        if len(value) > MAX_COLUMNS:
            return BrokenRow(line, shortened(content), f"got {len(value)} fields", f"at most {MAX_COLUMNS}")
        for column, cell in value.items():
            if isinstance(cell, str):
                check_cell(cell, self.path.name, line, column)
        return RawRow(line, {column.strip().lower(): cell for column, cell in value.items()})
