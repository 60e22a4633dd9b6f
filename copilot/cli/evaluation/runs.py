"""`copilot eval run`, `compare` and `gate`: answer turns, set one run against another, and stop what is worse."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.evaluation.printing import show_slices, show_summaries, summary_dict
from copilot.cli.options import (
    EncoderOption,
    JsonOption,
    WorkspaceOption,
    print_json,
    progress_bar,
    read_settings,
)

if TYPE_CHECKING:
    from copilot.evaluation.running import TurnSource
    from copilot.settings import Settings
    from eval.runs.run import Run

ByOption = Annotated[str, typer.Option("--by", help="What is resampled: query, conversation, customer or agent.")]
MetricOption = Annotated[list[str] | None, typer.Option("--metric", help="Only these (default: all there are).")]
SliceOption = Annotated[
    list[str] | None,
    typer.Option("--slice", help="tag, stage, scene, channel, agent-tenure, length or decision; several times."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the resamples that make the intervals.")]
RunArgument = Annotated[str, typer.Argument(help="A run's id in the workspace, or its folder.")]


def run(
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help="A file or folder of conversations or turns; or the workspace's own: `conversations`, or `log`, which "
            "is what agents decided on.",
        ),
    ],
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy as TOML or JSON (default: the workspace's).")
    ] = None,
    library: Annotated[
        str, typer.Option("--library", help="then: the scripts live at the time of each turn; now: those of today.")
    ] = "then",
    slices: SliceOption = None,
    by: ByOption = "conversation",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first turns.")] = None,
    training: Annotated[
        Path | None,
        typer.Option("--training", help="Conversations or pairs something was trained on; none may come up again."),
    ] = None,
    accept_leak: Annotated[
        list[str] | None, typer.Option("--accept-leak", help="A kind of leak that does not fail the run.")
    ] = None,
    processes: Annotated[int | None, typer.Option("--processes", min=1, help="Default: one a core.")] = None,
    seed: SeedOption = 7,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer every turn with the production engine as of its moment, and measure it; exit code 1 when something leaked.

    Interrupted, the same command goes on where it was; asked again, it shows what was measured.

    Example: copilot eval run --data conversations --library now --slice stage
    """
    import numpy as np

    from copilot.engine.policy_file import read_policy
    from copilot.errors import BadRequestError
    from copilot.evaluation.auditing import audit
    from copilot.evaluation.running import RunOptions, run_turns
    from copilot.evaluation.setting import LibraryOf
    from copilot.serving import policy_to_serve
    from eval.runs.summary import summarise

    if library not in list(LibraryOf):
        raise BadRequestError("--library", library, "then or now")
    require_cuts(slices, by)
    settings = read_settings(workspace, encoder)
    source = _source(settings, data)
    options = RunOptions(
        policy=read_policy(policy) if policy else policy_to_serve(settings).policy,
        library_of=LibraryOf(library),
        limit=limit,
        seed=seed,
        n_processes=processes,
    )
    with progress_bar("run") as advance:
        made = run_turns(settings, source, options, advance)
    summary = summarise(made, by=by, slices=slices or (), rng=np.random.default_rng(seed))
    checked = audit(settings, made, training)
    if as_json:
        print_json({**summary_dict(made, summary), "folder": str(made.folder), "audit": checked.to_dict()})
    else:
        typer.echo(f"run {made.id} in {made.folder}")
        show_summaries({"engine": summary})
        show_slices(summary)
        for missing in checked.unchecked:
            typer.echo(f"not checked: {missing}", err=True)
    checked.require_clean(accept_leak or ())


def compare(
    a: RunArgument,
    b: RunArgument,
    metrics: MetricOption = None,
    slices: SliceOption = None,
    by: ByOption = "conversation",
    correction: Annotated[str, typer.Option("--correction", help="holm or bh, over all metrics and slices.")] = "holm",
    examples: Annotated[int, typer.Option("--examples", min=0, help="Queries won and lost to show, a metric.")] = 3,
    seed: SeedOption = 7,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What run B does better and worse than run A on the same queries, with intervals and tests over pairs.

    Example: copilot eval compare 3f2a… 91bc… --slice agent-tenure
    """
    import numpy as np

    from eval.runs.compare import compare as compare_runs

    require_cuts(slices, by)
    settings = read_settings(workspace)
    ours, theirs = opened_run(settings, a), opened_run(settings, b)
    found = compare_runs(
        ours,
        theirs,
        by=by,
        metrics=metrics or default_metrics(ours, theirs),
        slices=slices or (),
        rng=np.random.default_rng(seed),
        correction=correction,
        n_examples=examples,
    )
    if as_json:
        print_json(found.to_dict())
    else:
        typer.echo(found.to_text())


def gate(
    baseline: RunArgument,
    candidate: RunArgument,
    metrics: MetricOption = None,
    slices: SliceOption = None,
    by: ByOption = "conversation",
    margin: Annotated[float, typer.Option("--margin", min=0.0, help="A loss of so much is put up with.")] = 0.0,
    alpha: Annotated[
        float | None,
        typer.Option("--alpha", help="One-sided chance of a false alarm, over all checks (default: 0.025)."),
    ] = None,
    seed: SeedOption = 7,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Exit code 1 when a metric or a slice of the candidate is significantly worse than the baseline by the margin.

    Example: copilot eval gate 3f2a… 91bc… --metric Success@3 --slice stage --margin 0.01
    """
    import numpy as np

    from eval.runs.gate import ALPHA
    from eval.runs.gate import default_metrics as gate_metrics
    from eval.runs.gate import gate as judge

    require_cuts(slices, by)
    settings = read_settings(workspace)
    before, after = opened_run(settings, baseline), opened_run(settings, candidate)
    verdict = judge(
        before,
        after,
        metrics=metrics or gate_metrics(before),
        by=by,
        rng=np.random.default_rng(seed),
        slices=slices or (),
        margin=margin,
        alpha=ALPHA if alpha is None else alpha,
    )
    if as_json:
        print_json({"passed": verdict.passed, **verdict.to_dict()})
    else:
        typer.echo(verdict.to_text())
    if not verdict.passed:
        raise typer.Exit(1)


def _source(settings: "Settings", data: str) -> "TurnSource":
    """A file or folder, or what the workspace itself holds."""
    from copilot.evaluation import archive, log
    from eval.datasets.turns import read_turns
    from knowledge.workspace import Workspace

    if data not in (log.NAME, archive.NAME):
        return read_turns(Path(data))
    opened = Workspace.open(settings.workspace, settings.database_url)
    if data == log.NAME:
        return log.LogTurns(opened.database, settings.tenant)
    return archive.ArchiveTurns(opened.database, settings.tenant)


def opened_run(settings: "Settings", name: str) -> "Run":
    """A run by its folder, or by its id in the workspace."""
    from eval.runs.run import Run
    from knowledge.workspace import RUNS_FOLDER

    folder = Path(name)
    return Run.open(folder if folder.is_dir() else settings.workspace / RUNS_FOLDER / name)


def default_metrics(a: "Run", b: "Run") -> list[str]:
    """The metrics that apply to some query in both."""
    import numpy as np

    shared = (name for name in a.metric_names if name in b.metric_names)
    return [name for name in shared if all(np.isfinite(run.values(name)).any() for run in (a, b))]


def require_cuts(slices: list[str] | None, by: str) -> None:
    """Check what runs are sliced and resampled by, before anything is measured.

    Raises:
        BadRequestError: there is no such slicing or grouping.
    """
    from copilot.errors import BadRequestError
    from eval.runs.run import CLUSTERS, SLICES

    for name in slices or ():
        if name not in SLICES:
            raise BadRequestError("--slice", name, f"one of {', '.join(SLICES)}")
    if by not in CLUSTERS:
        raise BadRequestError("--by", by, f"one of {', '.join(CLUSTERS)}")
