"""Reading the files of a data set, with errors that name file and line."""

import json
from collections.abc import Iterator
from pathlib import Path

from knowledge.errors import ImportFileError


def json_lines(path: Path) -> Iterator[dict[str, object]]:
    """The objects of a JSON Lines file, in order.

    Raises:
        ImportFileError: the file is missing, or a line is not a JSON object.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                yield _object(path, number, line)
    except OSError as error:
        raise ImportFileError(f"{path}: {error.strerror}") from error


def json_document(path: Path) -> object:
    """The whole of a JSON file.

    Raises:
        ImportFileError: the file is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImportFileError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ImportFileError(f"{path}: expected JSON ({error})") from error


def _object(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ImportFileError(f"{path}, line {number}: expected a JSON object ({error})") from error
    if not isinstance(row, dict):
        raise ImportFileError(f"{path}, line {number}: expected a JSON object, got {line[:40]!r}")
    return row
