"""`copilot train ranker`: learn the order and the probability of replies from what agents decided."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import JsonOption, WorkspaceOption, print_json, read_settings

if TYPE_CHECKING:
    from copilot.engine.policy import Policy
    from copilot.training.log import DecisionLog
    from copilot.training.outcome import TrainedRanker


def ranker(
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder to write: policy.json and training.json.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", help="Decisions as --export writes them (default: the workspace's own).")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Also write the decisions that were read to this .jsonl file.")
    ] = None,
    wished_precision: Annotated[
        float | None,
        typer.Option(help="Show a reply only where so large a share would be sent (default: show as much as before)."),
    ] = None,
    examination: Annotated[
        str | None,
        typer.Option(help="How likely each place is looked at, such as 1,0.7,0.5 (default: estimated from the log)."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of folds and resamples.")] = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn weights, calibration and threshold from logged decisions; they take over only where they win.

    Example: copilot train ranker --out models/ranker --wished-precision 0.6
    """
    from copilot.errors import BadRequestError
    from copilot.training.file_log import write_file_log
    from copilot.training.ranker import train_ranker
    from copilot.training.settings import RankerSettings
    from copilot.training.writing import require_free, write_ranker

    if out is None and export is None:
        raise BadRequestError("--out", out, "a folder to write the policy to")
    if wished_precision is not None and not 0 < wished_precision < 1:
        raise BadRequestError("--wished-precision", wished_precision, "a share between 0 and 1, such as 0.6")
    if export is not None and export.suffix != ".jsonl":
        raise BadRequestError("--export", str(export), "a file whose name ends in .jsonl")
    if out is not None:
        require_free(out)
    settings = RankerSettings(examination=_curve(examination), wished_precision=wished_precision, seed=seed)
    decisions, serving = _read(workspace, log)
    if export is not None:
        write_file_log(decisions, export)
    if out is None:
        typer.echo(f"{decisions.n:,} decided sets in {export}", err=as_json)
        return
    found = train_ranker(decisions, serving, settings)
    write_ranker(found, out)
    if as_json:
        print_json({"out": str(out), "n": decisions.n, **found.to_dict()})
    else:
        _print(found, out)


def _read(workspace: Path | None, log: Path | None) -> "tuple[DecisionLog, Policy]":
    """The decisions and the policy that serves."""
    from copilot.training.file_log import read_file_log
    from copilot.training.policies import known_policies
    from copilot.training.workspace_log import read_workspace_log
    from knowledge.workspace import Workspace

    settings = read_settings(workspace)
    serving, others = known_policies(settings)
    if log is not None:
        return read_file_log(log), serving
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        return read_workspace_log(opened.database, settings.tenant, serving, others), serving
    finally:
        opened.close()


def _curve(written: str | None) -> tuple[float, ...]:
    from copilot.errors import BadRequestError

    if written is None:
        return ()
    expected = "numbers from 0.1 to 1 with commas between, the first being 1, such as 1,0.7,0.5"
    try:
        values = tuple(float(part) for part in written.split(","))
    except ValueError as error:
        raise BadRequestError("--examination", written, expected) from error
    if values[0] != 1 or not all(0.1 <= one <= 1 for one in values):
        raise BadRequestError("--examination", written, expected)
    return values


def _print(found: "TrainedRanker", out: Path) -> None:
    counts, order, trust = found.counts, found.order, found.trust
    typer.echo(
        f"{counts['n_sets']:,} decided sets, {counts['n_taken']:,} with a reply that was sent; learnt from "
        f"{counts['n_fit']:,}, calibrated on {counts['n_calibrate']:,}, judged on the last {counts['n_judge']:,}"
    )
    for reason, n in found.left_out.items():
        typer.echo(f"left out: {n:,} sets {reason}")
    curve = ", ".join(f"{one:.2f}" for one in order.examination.judged_with)
    typer.echo(f"places are looked at as {curve} ({order.examination.source})")
    typer.echo(f"{'':12}{'before':>24}{'after':>24}{'difference':>26}")
    for name, one in order.metrics.items():
        typer.echo(f"{name:12}{one.before!s:>24}{one.after!s:>24}{one.difference!s:>26}")
    typer.echo(f"{'ECE':12}{trust.before.ece!s:>24}{trust.after.ece!s:>24}")
    typer.echo(f"{'log loss':12}{trust.before.log_loss!s:>24}{trust.after.log_loss!s:>24}")
    typer.echo(f"threshold {trust.threshold.value:.4f}: {trust.threshold.why}")
    for threshold, coverage, precision in trust.curve:
        typer.echo(f"  from {threshold:.3f}: {coverage:5.0%} answered, {precision:5.0%} of these sent")
    typer.echo(_verdict(found, out))


def _verdict(found: "TrainedRanker", out: Path) -> str:
    won = [name for name, one in (("weights", found.order.won), ("calibration", found.trust.won)) if one]
    if not won:
        return f"Nothing learnt beats the policy in use; {out} holds that policy with what was measured."
    return f"Better than the policy in use: {' and '.join(won)} ({found.trust.family}). Use it: {out / 'policy.json'}"
