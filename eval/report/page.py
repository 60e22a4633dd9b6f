"""The report as one HTML page that loads nothing."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.metrics.scales import is_lower_better
from eval.report import numbers, passages, sentences
from eval.report.examples import examples
from eval.report.plots import rows
from eval.report.plots.coverage import coverage_plot
from eval.report.plots.growth import growth_plot, tone_of
from eval.report.plots.reliability import reliability_plot
from eval.report.recipe import facts
from eval.report.report import Report
from eval.report.verdict import changed_slices, outcome, overall
from eval.report.words import Words

TEMPLATES = Path(__file__).parent / "templates"
SIGNS = {"better": "▲", "worse": "▼", "mixed": "▼", "unclear": "≈", "same": "=", "alone": "◎"}


def render(report: Report, words: Words) -> str:
    """The whole page; every text from data is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(_tools(words))
    environment.tests["lower_better"] = is_lower_better
    style, script = _asset("style.css"), _asset("filter.js")
    return environment.get_template("page.html").render(
        report=report, style=style, script=script, content_policy=_content_policy(style, script)
    )


def _tools(words: Words) -> dict[str, Any]:
    """What the templates may call."""
    return {
        "t": words,
        "n": numbers,
        "rows": rows,
        "sentences": sentences,
        "passages": passages,
        "signs": SIGNS,
        "overall": overall,
        "lower_better": is_lower_better,
        "outcome": outcome,
        "changed_slices": changed_slices,
        "examples": examples,
        "facts": facts,
        "reliability_plot": reliability_plot,
        "coverage_plot": coverage_plot,
        "growth_plot": growth_plot,
        "tone_of": tone_of,
    }


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _content_policy(style: str, script: str) -> str:
    """Allows this style sheet and this script and nothing else, should markup ever slip through."""
    return f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
