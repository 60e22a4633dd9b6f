"""BANKING77: English questions to a bank, each with one of 77 intents, as a BEIR folder for `copilot eval retrieval`.

One question in five, by a hash of its canonical text, becomes a query; what is relevant to it is every question of the
other side with the same intent.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from knowledge.errors import ImportFileError
from knowledge.text import canonical

COLUMNS = ["text", "category"]
ONE_IN = 5


def tables(folder: Path) -> Mapping[str, Iterable[Mapping[str, object]]]:
    """The questions of `train.csv` as corpus, queries and qrels."""
    questions = list(_read(folder / "train.csv"))
    known = [one for one in questions if not is_query(one[1])]
    asked = [one for one in questions if is_query(one[1])]
    return {
        "corpus": [{"_id": number, "text": text} for number, text, _ in known],
        "queries": [{"_id": number, "text": text} for number, text, _ in asked],
        "qrels/test": _qrels(asked, known),
    }


def is_query(text: str) -> bool:
    """Whether a question is asked rather than found; the same question is never on both sides."""
    return int(sha256(canonical(text).encode()).hexdigest(), 16) % ONE_IN == 0


def _qrels(
    asked: Iterable[tuple[str, str, str]], known: Iterable[tuple[str, str, str]]
) -> Iterator[Mapping[str, object]]:
    same: dict[str, list[str]] = {}
    for number, _, intent in known:
        same.setdefault(intent, []).append(number)
    for number, _, intent in asked:
        for found in same.get(intent, ()):
            yield {"query-id": number, "corpus-id": found, "score": 1}


def _read(path: Path) -> Iterator[tuple[str, str, str]]:
    """Id, text and intent of each question."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != COLUMNS:
                raise ImportFileError(f"{path}: columns {reader.fieldnames}; expected {COLUMNS}")
            for number, row in enumerate(reader, start=1):
                if not row["text"] or not row["category"] or None in row:
                    raise ImportFileError(f"{path}, row {number}: expected a text and a category, got {row}")
                yield f"b{number}", row["text"], row["category"]
    except OSError as error:
        raise ImportFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ImportFileError(f"{path}: expected UTF-8 ({error})") from error
