"""The whole report as Markdown."""

import re
from collections.abc import Callable, Mapping

from eval.report import numbers
from eval.report.markdown import measured
from eval.report.markdown.rankings import rankings
from eval.report.markdown.writing import escaped, literal, table
from eval.report.recipe import facts
from eval.report.report import Report
from eval.report.sentences import limits, method, plain_sentence, verdict_sentence
from eval.report.words import Words


def to_markdown(report: Report, words: Words) -> str:
    """The whole report; every text from data is escaped."""
    sections = (
        line
        for name in report.sections
        for line in (f"## {words(f'section.{name}')}", "", *SECTIONS[name](report, words), "")
    )
    text = "\n".join([*_head(report, words), "", *sections])
    return re.sub(r"\n{3,}", "\n\n", text)


def _head(report: Report, words: Words) -> list[str]:
    names = {"run": report.run.name, "baseline": report.baseline.name} if report.baseline else {}
    title = report.title or (words("page.against", **names) if names else report.run.name)
    about = [words("page.kind"), report.data_name, words("page.queries", n=numbers.count(report.n_queries))]
    return [
        f"# {escaped(title)}",
        "",
        " · ".join(escaped(one) for one in about if one),
        "",
        f"**{literal(verdict_sentence(report, words))}**",
        "",
        plain_sentence(report, words),
    ]


def _manifest(report: Report, words: Words) -> list[str]:
    head = [words("manifest.key"), words("page.this_run"), *([words("page.baseline")] if report.baseline else [])]
    rows = []
    for one in facts(report):
        values = (one.value, one.baseline_value) if report.baseline else (one.value,)
        name = words.texts.get(f"manifest.{one.path}") or escaped(one.path)
        if one.is_main:
            rows.append([name, *(escaped(value or numbers.NONE) for value in values)])
    return table(head, rows, n_texts=len(head))


def _method(report: Report, words: Words) -> list[str]:
    absent = [words(f"absent.{reason}") for reason in report.absent]
    return [
        *(f"- **{name}**: {text}" for name, text in method(report, words).items()),
        "",
        f"### {words('method.limits')}",
        "",
        *(f"- {text}" for text in limits(report, words)),
        *(["", f"### {words('absent.title')}", "", *(f"- {text}" for text in absent)] if absent else []),
    ]


SECTIONS: Mapping[str, Callable[[Report, Words], list[str]]] = {
    "metrics": measured.metrics,
    "comparison": measured.comparison,
    "slices": measured.slices,
    "calibration": measured.calibration,
    "growth": measured.growth,
    "examples": rankings,
    "abstentions": measured.abstentions,
    "timing": measured.timing,
    "manifest": _manifest,
    "method": _method,
}
