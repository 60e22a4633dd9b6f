"""One way to convert: a source by name, a folder in, files for import and evaluation out."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.adapters import banking77, dstc11, jddc, risawoz, salesbot, stc3, uss
from knowledge.errors import InvalidValueError

Row = Mapping[str, object]
SOURCES: Mapping[str, Callable[[Path], Mapping[str, Iterable[Row]]]] = {
    "banking77": banking77.tables,
    "dstc11": dstc11.tables,
    "jddc": jddc.tables,
    "risawoz": risawoz.tables,
    "salesbot": salesbot.tables,
    "stc3-en": stc3.english,
    "stc3-zh": stc3.chinese,
    "uss": uss.tables,
}

QRELS_COLUMNS = ("query-id", "corpus-id", "score")


@dataclass(frozen=True)
class Conversion:
    """The files written and how many rows each has; for a folder, how many documents."""

    files: Mapping[str, int]


def convert(source: str, folder: Path, out: Path) -> Conversion:
    """Write the files of a data set into `out`: JSON Lines for each kind, tab-separated values for what is relevant.

    Raises:
        InvalidValueError: the source is not known.
        ImportFileError: a file of the source is missing or not what it should be.
    """
    if source not in SOURCES:
        raise InvalidValueError("source", source, f"one of {', '.join(SOURCES)}")
    tables = SOURCES[source](folder)
    out.mkdir(parents=True, exist_ok=True)
    files = dict(_write_table(out, kind, rows) for kind, rows in tables.items())
    if source == "salesbot":
        files["documents"] = _write_documents(out / "documents", salesbot.guides(folder))
    return Conversion(files)


def _write_table(out: Path, kind: str, rows: Iterable[Row]) -> tuple[str, int]:
    """The name of the file of a kind, and how many rows it has."""
    if kind.startswith("qrels/"):
        return f"{kind}.tsv", _write_tsv(out / f"{kind}.tsv", rows)
    return f"{kind}.jsonl", _write(out / f"{kind}.jsonl", rows)


def _write_documents(folder: Path, texts: Mapping[str, str]) -> int:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return len(texts)


def _write(path: Path, rows: Iterable[Row]) -> int:
    n_rows = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            n_rows += 1
    return n_rows


def _write_tsv(path: Path, rows: Iterable[Row]) -> int:
    path.parent.mkdir(exist_ok=True)
    lines = ["\t".join(map(str, row.values())) for row in rows]
    path.write_text("\n".join(["\t".join(QRELS_COLUMNS), *lines, ""]), encoding="utf-8")
    return len(lines)
