"""`copilot eval experiment`: what an experiment shows so far."""

from typing import Annotated

import typer

from copilot.cli.options import JsonOption, WorkspaceOption, print_json, read_settings


def experiment(
    name: Annotated[str, typer.Argument(help="An experiment of the workspace's experiments.toml.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the variants of an experiment that is going on or over; look as often as you like.

    The intervals hold at all looks together, so the experiment may be stopped at any of them.

    Example: copilot eval experiment bolder
    """
    from copilot.evaluation.experiments import find_experiment, measure_experiment
    from knowledge.workspace import Workspace

    settings = read_settings(workspace)
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        reports = measure_experiment(opened.database, settings.tenant, find_experiment(settings, name))
    finally:
        opened.close()
    if as_json:
        print_json({"experiment": name, "metrics": {metric: report.to_dict() for metric, report in reports.items()}})
    else:
        typer.echo("\n\n".join(str(report) for report in reports.values()))
