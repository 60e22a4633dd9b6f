"""How the evaluation commands print their numbers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from eval.runs.run import Run
    from eval.runs.summary import Summary


def summary_dict(run: "Run", summary: "Summary") -> dict[str, Any]:
    """A run and its numbers for machines: the manifest's facts, then every metric with its interval."""
    names = ("kind", "data", "system", "mode", "k", "n_turns", "versions", "seed")
    facts = {name: run.manifest[name] for name in names if name in run.manifest}
    return {**facts, "n": summary.whole.n_queries, **summary.to_dict()}


def show_summaries(summaries: Mapping[str, "Summary"]) -> None:
    """Systems side by side, one column each, a metric a line."""
    first = next(iter(summaries.values()))
    names = list(dict.fromkeys(name for summary in summaries.values() for name in summary.whole.metrics))
    typer.echo(f"{first.whole.n_queries:,} queries; 95 % intervals over {first.whole.n_clusters:,} by {first.by}")
    typer.echo(f"{'':20}" + "".join(f"{system:>24}" for system in summaries))
    for name in names:
        cells = (summary.whole.metrics.get(name) for summary in summaries.values())
        typer.echo(f"{name:20}" + "".join(f"{cell!s:>24}" if cell else f"{'–':>24}" for cell in cells))


def show_slices(summary: "Summary") -> None:
    """Each slice with its labels, a line each, the most frequent first."""
    for name, labels in summary.slices.items():
        typer.echo(f"\nby {name}")
        for label, measured in sorted(labels.items(), key=lambda one: (-one[1].n_queries, one[0])):
            cells = "  ".join(f"{metric} {estimate}" for metric, estimate in list(measured.metrics.items())[:4])
            typer.echo(f"  {label:24} n={measured.n_queries:<7,} {cells or 'too few to tell'}")
