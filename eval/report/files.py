"""The report as a file."""

import json
from collections.abc import Mapping
from pathlib import Path

from eval.errors import EvalError
from eval.report.markdown.document import to_markdown
from eval.report.page import render
from eval.report.plain import to_dict
from eval.report.report import Report
from eval.report.words import Language, Words, words_of


def write_report(
    report: Report, out: Path, *, language: Language = "en", names: Mapping[str, str] | None = None
) -> None:
    """Write a report as HTML, Markdown or JSON, as the suffix of the file says; the file appears whole or not at all.

    `names` is what a product calls its features, reasons and stages: `{"feature.stage": "business stage"}`.

    Raises:
        EvalError: the suffix is none of these.
        OSError: the file cannot be written.
    """
    write = WRITERS.get(out.suffix.lower())
    if write is None:
        raise EvalError(f"{out}: a report cannot be written as {out.suffix!r}; expected {', '.join(WRITERS)}")
    text = write(report, words_of(language, names))
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(out)


def _json(report: Report, words: Words) -> str:
    return json.dumps(to_dict(report, words), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


WRITERS = {".html": render, ".md": to_markdown, ".json": _json}
