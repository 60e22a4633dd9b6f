"""Stream the conversations of one archive file from where the last run stopped."""

import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from knowledge.errors import ImportFileError
from knowledge.imports.cells import ReadingRules
from knowledge.imports.readers.parquet import ParquetFile
from knowledge.imports.report import RejectedRow, shortened
from knowledge.imports.rows import ConversationRow

PARQUET = ".parquet"
MAX_LINE_BYTES = 64_000_000
KEPT_REJECTIONS = 50
EXPECTED = "one conversation as a JSON object per line"
ENCODINGS = ("utf-8-sig", "gb18030")
"""In both the byte of a line break is nothing else, so that reading may go on anywhere after one."""
SAMPLED_BYTES = 1 << 20


@dataclass
class ReadingReport:
    """What was read and what was not; `rejected` holds the first of `n_rejected`.

    Attributes:
        n_replaced: Conversations that had been read before, and of which the later reading counts.
        n_unfinished: Last lines still being written; the next run reads them.
        n_gone: Files that an earlier run has read and that are no longer there; what they said still counts.
    """

    n_files: int = 0
    n_conversations: int = 0
    n_messages: int = 0
    n_replies: int = 0
    n_without_customer: int = 0
    n_without_agent: int = 0
    n_without_outcome: int = 0
    n_without_times: int = 0
    n_without_agent_id: int = 0
    n_replaced: int = 0
    n_unfinished: int = 0
    n_gone: int = 0
    n_rejected: int = 0
    rejected: list[str] = field(default_factory=list)

    def reject(self, file: str, row: RejectedRow) -> None:
        """Count a row that cannot be used and keep the first ones for reading."""
        self.n_rejected += 1
        if len(self.rejected) < KEPT_REJECTIONS:
            self.rejected.append(f"{file}: {row}")


@dataclass
class ArchiveFile:
    """One file being read; `n_bytes` and `n_lines` are how far it has been, and grow while `conversations` is read."""

    path: Path
    n_bytes: int = 0
    n_lines: int = 0

    @property
    def may_go_on(self) -> bool:
        """Whether a run may begin where this one is now; a Parquet file is read whole or not at all."""
        return self.path.suffix.lower() != PARQUET

    def conversations(self, rules: ReadingRules, report: ReadingReport) -> Iterator[ConversationRow]:
        """Every conversation that stands whole in the file; others are counted in the report.

        Raises:
            ImportFileError: the file is not text, or not Parquet.
        """
        rows = self._parquet_rows() if not self.may_go_on else self._json_rows(report)
        for line, cells in rows:
            row = _checked(self.path.name, line, cells, rules, report)
            if row is not None:
                yield row

    def _parquet_rows(self) -> Iterator[tuple[int, object]]:
        size = self.path.stat().st_size
        if self.n_bytes == size:
            return
        if self.n_bytes:
            raise ImportFileError(
                f"{self.path}: a Parquet file that has changed since it was read; add new files instead"
            )
        for raw in ParquetFile.open(self.path).rows():
            yield raw.line, _without_empty(raw.cells)
        self.n_bytes = size

    def _json_rows(self, report: ReadingReport) -> Iterator[tuple[int, object]]:
        with self.path.open("rb") as file:
            encoding = _encoding(self.path.name, file.read(SAMPLED_BYTES))
            file.seek(self.n_bytes)
            while content := file.readline(MAX_LINE_BYTES):
                if len(content) == MAX_LINE_BYTES:
                    raise ImportFileError(
                        f"{self.path.name}: a line of over {MAX_LINE_BYTES:,} bytes, expected {EXPECTED}"
                    )
                value = _parsed(content, encoding)
                if isinstance(value, ValueError) and not content.endswith(b"\n"):
                    report.n_unfinished += 1
                    return
                self.n_bytes += len(content)
                self.n_lines += 1
                if content.strip():
                    yield self.n_lines, value


def _encoding(name: str, start: bytes) -> str:
    """What most of the lines at the start of a file are written in; a few may be broken."""
    telling = [line for line in start.split(b"\n") if not line.isascii() or b"\0" in line]
    for encoding in ENCODINGS:
        if sum(_is_text(line, encoding) for line in telling) * 2 >= len(telling):
            return encoding
    raise ImportFileError(f"{name}: not text, or in an unknown encoding; expected {EXPECTED} in UTF-8 or GB18030")


def _is_text(line: bytes, encoding: str) -> bool:
    """Whether a line is text; the last one may be cut off inside a character."""
    try:
        return "\0" not in getincrementaldecoder(encoding)().decode(line)
    except UnicodeDecodeError:
        return False


def _parsed(content: bytes, encoding: str) -> object:
    """The value of a line, or the error that it is not JSON."""
    try:
        text = content.decode(encoding)
        return json.loads(text) if text.strip() else None
    except ValueError as error:
        return error
    except RecursionError:
        return ValueError("nested too deeply")


def _checked(file: str, line: int, cells: object, rules: ReadingRules, report: ReadingReport) -> ConversationRow | None:
    """The conversation, or nothing when it is rejected."""
    if not isinstance(cells, dict):
        reason = f"not JSON ({cells})" if isinstance(cells, ValueError) else f"got a JSON {type(cells).__name__}"
        report.reject(file, RejectedRow(line, "", "", reason, EXPECTED))
        return None
    try:
        return ConversationRow.model_validate(cells, context=rules)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{where}: got {shortened(first['input'])!r}"
        report.reject(file, RejectedRow(line, where.partition(".")[0], "", reason, first["msg"]))
        return None


def _without_empty(cells: object) -> object:
    """Parquet gives every field of a nested row; those without a value are as good as absent."""
    if isinstance(cells, dict):
        return {name: _without_empty(value) for name, value in cells.items() if value is not None}
    if isinstance(cells, list):
        return [_without_empty(value) for value in cells]
    return cells
