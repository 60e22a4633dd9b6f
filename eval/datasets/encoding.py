"""Whether a table is in UTF-8 or, as Chinese spreadsheets save it, in GB18030; decided as `copilot load` does."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from eval.datasets.lines import open_file

CHUNK_BYTES = 1 << 20
ENOUGH_CHARACTERS = 100_000
MIN_COMMON_SHARE = 0.5
UTF_8, GB18030 = "utf-8", "gb18030"


def text_encoding(path: Path) -> str:
    """GB18030 where the whole file decodes to common Chinese characters and is not UTF-8, else UTF-8.

    Raises:
        DataError: it cannot be read.
    """
    if _is_decodable(path, UTF_8) or not _is_decodable(path, GB18030):
        return UTF_8
    return GB18030 if _looks_chinese(path) else UTF_8


def _is_decodable(path: Path, encoding: str) -> bool:
    try:
        for _ in _decoded(path, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_file(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _looks_chinese(path: Path) -> bool:
    """Whether GB18030 gives mostly common characters; other encodings decode too, but to rare ones."""
    n_characters = n_common = 0
    for text in _decoded(path, GB18030):
        foreign = [character for character in text if character > "\x7f"]
        n_characters += len(foreign)
        n_common += sum(map(_is_common, foreign))
        if n_characters > ENOUGH_CHARACTERS:
            break
    return n_common >= MIN_COMMON_SHARE * n_characters


def _is_common(character: str) -> bool:
    """Punctuation, wide letters and the 3,755 everyday characters, by their row in GB 2312."""
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return lead <= 0xA3 or 0xB0 <= lead <= 0xD7
