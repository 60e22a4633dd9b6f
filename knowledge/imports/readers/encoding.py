"""Which text encoding a file is in, decided by reading all of it."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import ImportFileError

CHUNK_BYTES = 1 << 20
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like the UTF-16 mark, so it is asked first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BINARY_FILES = (
    (b"PK\x03\x04", "a ZIP or XLSX file"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF file"),
    (b"\xd0\xcf\x11\xe0", "an old Office (.xls, .doc) or a password-protected file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"SQLite format 3", "a SQLite database"),
)
MAX_NUL_SHARE = 0.05
MIN_COMMON_SHARE = 0.5
EXPECTED = "UTF-8 (with or without BOM), GB18030 or UTF-16 with BOM"


@dataclass(frozen=True)
class Undecodable:
    """Where a file stops being text of one encoding."""

    line: int
    byte: int


def text_encoding(path: Path) -> str:
    """The name of the codec that decodes the whole file.

    Raises:
        ImportFileError: it is not text, or in an encoding that is not recognised.
    """
    with path.open("rb") as file:
        start = file.read(1 << 16)
    _require_text(path, start)
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            _require_decodable(path, encoding)
            return encoding
    failure = _undecodable(path, "utf-8")
    if failure is None:
        return "utf-8"
    if _undecodable(path, "gb18030") is None and _looks_chinese(path):
        return "gb18030"
    raise _unknown_encoding(path, failure)


def _require_text(path: Path, start: bytes) -> None:
    for magic, what in BINARY_FILES:
        if start.startswith(magic):
            raise ImportFileError(f"{path.name}: this is {what}, not text; expected {EXPECTED} (is the suffix right?)")
    marked = any(start.startswith(mark) for mark, _ in BYTE_ORDER_MARKS)
    if not marked and start.count(0) > MAX_NUL_SHARE * len(start):
        raise ImportFileError(f"{path.name}: the file is full of NUL bytes, expected text in {EXPECTED}")


def _require_decodable(path: Path, encoding: str) -> None:
    failure = _undecodable(path, encoding)
    if failure is not None:
        raise _unknown_encoding(path, failure)


def _unknown_encoding(path: Path, failure: Undecodable) -> ImportFileError:
    return ImportFileError(
        f"{path.name}: line {failure.line}: unknown encoding (byte {failure.byte:#04x}), expected {EXPECTED}; "
        "save the file again as UTF-8"
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _undecodable(path: Path, encoding: str) -> Undecodable | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    n_lines = 0
    for chunk in _chunks(path):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return _located(error, n_lines)
        n_lines += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return _located(error, n_lines)
    return None


def _located(error: UnicodeDecodeError, n_lines_before: int) -> Undecodable:
    return Undecodable(n_lines_before + error.object[: error.start].count(b"\n") + 1, error.object[error.start])


def _looks_chinese(path: Path) -> bool:
    """Whether GB18030 gives mostly common characters; other encodings decode too, but to rare ones."""
    n_characters = n_common = 0
    decoder = codecs.getincrementaldecoder("gb18030")()
    for chunk in _chunks(path):
        for character in decoder.decode(chunk):
            if character > "\x7f":
                n_characters += 1
                n_common += _is_common(character)
        if n_characters > 100_000:
            break
    return n_common >= MIN_COMMON_SHARE * n_characters


def _is_common(character: str) -> bool:
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    # Rows 1-3 are punctuation and wide letters, 16-55 the 3,755 everyday characters. The others are rare in text that
    # is GB18030, and frequent in Big5 that is taken for it.
    return lead <= 0xA3 or 0xB0 <= lead <= 0xD7
