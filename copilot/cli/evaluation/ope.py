"""`copilot eval ope`: what another policy would have earned, from logged decisions."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import (
    EncoderOption,
    JsonOption,
    WorkspaceOption,
    print_json,
    progress_bar,
    read_settings,
)

if TYPE_CHECKING:
    from copilot.settings import Settings
    from eval.datasets.decisions import Decisions
    from eval.offpolicy.estimators import Estimator
    from eval.offpolicy.intervals import Bounds


def ope(
    data: Annotated[
        str,
        typer.Option(
            "--data", help="Logged decisions with propensities (JSONL or Parquet), or `log`: the workspace's."
        ),
    ],
    policy: Annotated[
        Path | None, typer.Option("--policy", help="With `log`: the policy to evaluate (default: the workspace's).")
    ] = None,
    library: Annotated[
        str, typer.Option("--library", help="With `log`: answer with the scripts of then, or of now.")
    ] = "then",
    export: Annotated[Path | None, typer.Option("--export", help="With `log`: also keep the decisions here.")] = None,
    estimators: Annotated[
        str | None,
        typer.Option("--estimators", help="With commas between, such as snips,dr (default: all the data allow)."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the folds and the bootstrap.")] = 0,
    reward_range: Annotated[
        str | None,
        typer.Option("--reward-range", help="Least and greatest reward there can be, such as 0,1 (for Bernstein)."),
    ] = None,
    max_weight: Annotated[
        float | None, typer.Option("--max-weight", min=0, help="The largest weight there can be (for Bernstein).")
    ] = None,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Estimate what another policy would have earned, with 95 % intervals, or say why the log cannot tell.

    The file holds one row for each candidate of each position, with its probability under both policies; see
    docs/off-policy.md. Exit code 1 when no estimator can answer.

    Example: copilot eval ope --data decisions.parquet --estimators snips,dr
    """
    import numpy as np

    from copilot.evaluation.log import NAME
    from eval.datasets.decisions import read_decisions
    from eval.offpolicy.evaluation import evaluate_offpolicy

    bounds = _bounds(reward_range, max_weight)
    if data == NAME:
        decisions = _logged(read_settings(workspace, encoder), policy, library, export)
    else:
        decisions = read_decisions(Path(data))
    chosen = _chosen(estimators, decisions)
    report = evaluate_offpolicy(decisions, chosen, np.random.default_rng(seed), bounds=bounds)
    if as_json:
        print_json({**report.to_dict(), "seed": seed})
    else:
        typer.echo(report.table())


def _logged(settings: "Settings", policy: Path | None, library: str, export: Path | None) -> "Decisions":
    """The workspace's log, beside what a policy would have shown."""
    from tempfile import TemporaryDirectory

    from copilot.engine.policy_file import read_policy
    from copilot.errors import BadRequestError
    from copilot.evaluation.propensities import export_decisions
    from copilot.evaluation.running import RunOptions
    from copilot.evaluation.setting import LibraryOf
    from copilot.serving import policy_to_serve
    from eval.datasets.decisions import read_decisions

    if library not in list(LibraryOf):
        raise BadRequestError("--library", library, "then or now")
    target = read_policy(policy) if policy else policy_to_serve(settings).policy
    with TemporaryDirectory() as folder, progress_bar("replay") as advance:
        out = export or Path(folder) / "decisions.jsonl"
        export_decisions(settings, RunOptions(policy=target, library_of=LibraryOf(library)), out, advance)
        return read_decisions(out)


def _chosen(names: str | None, decisions: "Decisions") -> "list[Estimator]":
    from copilot.errors import BadRequestError
    from eval.offpolicy.evaluation import ESTIMATORS, applicable

    if names is None:
        return list(applicable(decisions))
    wanted = list(dict.fromkeys(name.strip() for name in names.split(",")))
    if not all(name in ESTIMATORS for name in wanted):
        raise BadRequestError("--estimators", names, f"some of {', '.join(ESTIMATORS)}, with commas between")
    return [ESTIMATORS[name] for name in wanted]


def _bounds(reward_range: str | None, max_weight: float | None) -> "Bounds | None":
    from copilot.errors import BadRequestError
    from eval.offpolicy.intervals import Bounds

    if reward_range is None:
        return None if max_weight is None else Bounds((0.0, 1.0), max_weight)
    try:
        low, high = (float(part) for part in reward_range.split(","))
    except ValueError as error:
        raise BadRequestError("--reward-range", reward_range, "two numbers, such as 0,1") from error
    if not -math.inf < low < high < math.inf:
        raise BadRequestError("--reward-range", reward_range, "two finite numbers, the least reward first")
    return Bounds((low, high), max_weight)
