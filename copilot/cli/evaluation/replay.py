"""`copilot eval replay`: the log through another policy."""

from pathlib import Path
from typing import Annotated

import typer

from copilot.cli.evaluation.runs import require_cuts
from copilot.cli.options import EncoderOption, JsonOption, WorkspaceOption, print_json, progress_bar, read_settings


def replay(
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy as TOML or JSON (default: the workspace's).")
    ] = None,
    library: Annotated[
        str, typer.Option("--library", help="then: the scripts live at the time of each turn; now: those of today.")
    ] = "then",
    slices: Annotated[
        list[str] | None, typer.Option("--slice", help="For whom: tag, stage, scene, channel, agent-tenure, length.")
    ] = None,
    processes: Annotated[int | None, typer.Option("--processes", min=1, help="Default: one a core.")] = None,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say for every logged turn what another policy would have suggested: what changes, for whom, and why.

    Example: copilot eval replay --policy bolder.toml --slice stage
    """
    from copilot.engine.policy_file import read_policy
    from copilot.errors import BadRequestError
    from copilot.evaluation.replaying import replay_log
    from copilot.evaluation.running import RunOptions
    from copilot.evaluation.setting import LibraryOf
    from copilot.serving import policy_to_serve

    if library not in list(LibraryOf):
        raise BadRequestError("--library", library, "then or now")
    require_cuts(slices, "query")
    settings = read_settings(workspace, encoder)
    options = RunOptions(
        policy=read_policy(policy) if policy else policy_to_serve(settings).policy,
        library_of=LibraryOf(library),
        n_processes=processes,
    )
    with progress_bar("replay") as advance:
        run, changes = replay_log(settings, options, slices or (), advance)
    if as_json:
        print_json({"run_id": run.id, **changes.to_dict()})
    else:
        typer.echo(f"run {run.id}: {changes.n_changed:,} of {changes.n_queries:,} turns are answered differently\n")
        typer.echo(changes.to_text())
