"""The report as JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from eval.report.certainty import Certainty
from eval.report.growth import LibraryGrowth
from eval.report.report import Report
from eval.report.sentences import verdict_sentence
from eval.report.slices import SliceTable
from eval.report.words import Words


def to_dict(report: Report, words: Words) -> dict[str, Any]:
    """Every number of the report, unrounded; what is not a number is null, since JSON has neither NaN nor infinity."""
    found: dict[str, Any] = _finite(
        {
            "title": report.title,
            "run": report.run.run_id,
            "baseline": report.baseline.run_id if report.baseline else None,
            "primary": report.primary,
            "verdict": {"kind": report.verdict.kind, "sentence": verdict_sentence(report, words)},
            "summary": report.summary.to_dict(),
            "comparison": report.comparison.to_dict() if report.comparison else None,
            "slices": [_slices(one) for one in report.slices],
            "certainty": _certainty(report.certainty) if report.certainty else None,
            "growth": _growth(report.growth) if report.growth else None,
            "timing_ms": {one.stage: asdict(one.spread_ms) for one in report.timing.all} if report.timing else None,
            "abstentions": asdict(report.abstentions) if report.abstentions else None,
            "manifest": dict(report.run.manifest),
            "baseline_manifest": dict(report.baseline.manifest) if report.baseline else None,
            "absent": report.absent,
        }
    )
    return found


def _slices(table: SliceTable) -> dict[str, Any]:
    parts = [
        {
            "label": one.label,
            "n": one.n,
            "estimate": one.estimate.to_dict() if one.estimate else None,
            "to_whole": table.to_whole(one),
            "difference": one.change.difference.to_dict() if one.change else None,
            "p_adjusted": one.change.p_adjusted if one.change else None,
        }
        for one in table.parts
    ]
    return {"slice": table.slice, "metric": table.metric, "n_unlabelled": table.n_unlabelled, "parts": parts}


def _certainty(certainty: Certainty) -> dict[str, Any]:
    return {
        "n_queries": certainty.n_queries,
        "ece": certainty.ece.to_dict(),
        "bins": [asdict(one) for one in certainty.bins],
        "points": [asdict(one) for one in certainty.points],
        "threshold": certainty.threshold,
        "chosen": asdict(certainty.chosen) if certainty.chosen else None,
    }


def _growth(growth: LibraryGrowth) -> dict[str, Any]:
    systems = {
        one.system: [{"n_items": size.n_items, **size.estimate.to_dict()} for size in one.sizes]
        for one in growth.systems
    }
    return {"metric": growth.metric, "systems": systems}


def _finite(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(one) for one in value]
    return value
