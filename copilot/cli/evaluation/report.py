"""`copilot eval report`: a run, alone or against another, as a page to show around."""

from pathlib import Path
from typing import Annotated

import typer

from copilot.cli.evaluation.runs import (
    ByOption,
    RunArgument,
    SeedOption,
    SliceOption,
    default_metrics,
    opened_run,
    require_cuts,
)
from copilot.cli.options import WorkspaceOption, read_settings

DEFAULT_SLICES = ("stage", "scene", "agent-tenure", "length", "decision")


def report(
    run: RunArgument,
    against: Annotated[str | None, typer.Option("--against", help="The run to compare with.")] = None,
    out: Annotated[Path, typer.Option("--out", help="report.html, .md or .json.")] = Path("report.html"),
    slices: SliceOption = None,
    by: ByOption = "conversation",
    metric: Annotated[str | None, typer.Option("--metric", help="The one that decides.")] = None,
    language: Annotated[str, typer.Option("--language", help="en or zh.")] = "en",
    title: Annotated[str, typer.Option("--title", help="Instead of the names of the runs.")] = "",
    seed: SeedOption = 7,
    workspace: WorkspaceOption = None,
) -> None:
    """Write one file with tables, plots, slices, latency, won and lost examples, and what the run was made of.

    Example: copilot eval report 91bc… --against 3f2a… --title "Bolder policy" --out report.html
    """
    import numpy as np

    from copilot.errors import BadRequestError
    from copilot.evaluation.growth import read_growth
    from copilot.web.pages.translation import choose_language, words_of
    from eval.report.files import write_report
    from eval.report.report import Report
    from eval.runs.compare import compare
    from eval.runs.summary import summarise

    if language not in ("en", "zh"):
        raise BadRequestError("--language", language, "en or zh")
    require_cuts(slices, by)
    settings = read_settings(workspace)
    shown = opened_run(settings, run)
    baseline = opened_run(settings, against) if against else None
    cut = slices if slices is not None else [name for name in DEFAULT_SLICES if any(shown.slice_labels(name))]
    rng = np.random.default_rng(seed)
    summary = summarise(shown, by=by, slices=cut, rng=rng)
    compared = None
    if baseline is not None:
        metrics = default_metrics(baseline, shown)
        compared = compare(baseline, shown, by=by, metrics=metrics, slices=cut, rng=rng)
    policy = shown.manifest.get("policy") or {}
    made = Report.of(
        shown,
        summary=summary,
        baseline=baseline,
        comparison=compared,
        primary=metric,
        threshold=policy.get("reply_threshold") if shown.manifest.get("kind") == "turns" else None,
        growth=read_growth(shown.folder),
        title=title,
    )
    names = words_of(choose_language([language])).texts
    write_report(made, out, language="zh" if language == "zh" else "en", names=names)
    typer.echo(f"{out}")
