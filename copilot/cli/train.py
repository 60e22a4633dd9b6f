"""`copilot train`: learn from a team's own conversations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from copilot.cli.options import JsonOption, WorkspaceOption, print_json, progress_bar, read_settings
from copilot.cli.train_ranker import ranker
from copilot.cli.train_recommender import recommender

if TYPE_CHECKING:
    from copilot.training.search_weights import SearchWeights
    from models.training.report import Report

app = typer.Typer(help="Learn from conversations and orders.", no_args_is_help=True)
app.command()(ranker)
app.command()(recommender)


@app.callback()
def train() -> None:
    """Learn from conversations and orders."""


@app.command()
def encoder(
    pairs: Annotated[
        Path, typer.Option("--pairs", help="JSON Lines of {message, context[{role, text}], reply}.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder to write; give it to --encoder.", show_default=False)],
    dev: Annotated[
        Path | None, typer.Option("--dev", help="Pairs to measure on (default: one conversation in twenty).")
    ] = None,
    mode: Annotated[
        Literal["cheap", "full"],
        typer.Option(help="cheap: heads on the encoder's vectors, minutes. full: the whole network, an hour or more."),
    ] = "cheap",
    base: Annotated[str, typer.Option("--base", help="What to start from: `default`, a folder or a name.")] = "default",
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the pairs.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of the pairs.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, max=64, help="Default: all cores.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the encoder on what customers said and agents replied.

    Example: copilot train encoder --pairs pairs.jsonl --out models/mine
    """
    import os
    from dataclasses import asdict, replace

    from copilot.training.encoder import train_for_search
    from models.training.training import Job

    job = Job(
        pairs=pairs,
        out=out,
        models=read_settings(workspace).models_folder,
        dev=dev,
        mode=mode,
        base=base,
        threads=threads or len(os.sched_getaffinity(0)),
    )
    job = replace(
        job,
        cheap=replace(job.cheap, seed=seed, epochs=epochs or job.cheap.epochs),
        full=replace(job.full, seed=seed, epochs=epochs or job.full.epochs),
    )
    with progress_bar("training") as advance:
        report, weights = train_for_search(job, advance)
    if as_json:
        fitted = asdict(weights) if weights else None
        print_json({"out": str(out), "n": report.data.n_queries, **report.as_dict(), "search_weights": fitted})
    else:
        _print(report, weights, out)


def _print(report: "Report", weights: "SearchWeights | None", out: Path) -> None:
    data, counts = report.data, report.data.counts
    typer.echo(
        f"{counts.n_rows:,} rows: {counts.n_repeated:,} said the same as an earlier one, {counts.n_one_word:,} replies "
        f"are one word; learnt from {data.n_train:,}, "
        f"measured on {data.n_queries:,} queries and {data.n_pool:,} replies"
    )
    if counts.unknown_fields:
        typer.echo(f"fields not used: {', '.join(counts.unknown_fields)}")
    for name, metrics in report.metrics.items():
        shown = "  ".join(f"{metric} {one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]" for metric, one in metrics.items())
        typer.echo(f"{name:16s} {shown}")
    if weights is not None:
        typer.echo(
            f"search weights fitted on {weights.n_asked:,} messages: the right reply comes first for "
            f"{weights.after:.1%} of them, for {weights.before:.1%} with the usual weights"
        )
    typer.echo(_verdict(report, out))


def _verdict(report: "Report", out: Path) -> str:
    gain = f"{report.gain.mean:+.3f} [{report.gain.low:+.3f}, {report.gain.high:+.3f}] mean reciprocal rank"
    if not report.replaced:
        return f"The result does not beat the encoder in {out}, which stays as it was ({gain} over the untrained one)."
    if not report.beats_baseline:
        return f"The trained encoder in {out} does NOT beat the untrained one ({gain}): do not serve it."
    return f"The trained encoder beats the untrained one ({gain}). Serve it with --encoder {out}"
