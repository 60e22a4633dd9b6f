"""`copilot eval regressions`: messages that must go on finding their script."""

from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import EncoderOption, JsonOption, WorkspaceOption, print_json, read_settings

if TYPE_CHECKING:
    from copilot.curation.regression import CaseReport


def regressions(
    script: Annotated[str, typer.Option("--script", help="Only the cases of this script.")] = "",
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the cases that editors have kept; exit code 1 when one fails.

    Example: copilot eval regressions --json
    """
    from copilot.curation.regression import read_cases, run_cases
    from copilot.runtime import Runtime

    runtime = Runtime.open(read_settings(workspace, encoder))
    try:
        with runtime.workspace.database.read() as session:
            cases = read_cases(session, runtime.settings.tenant, script)
        report = run_cases(runtime.engine, cases)
    finally:
        runtime.close()
    if as_json:
        print_json(report.to_dict())
    else:
        _show(report)
    if report.n_failed:
        raise typer.Exit(1)


def _show(report: "CaseReport") -> None:
    """The cases for a person at a terminal."""
    for one in report.results:
        rank = f"rank {one.rank}" if one.rank else "not found"
        why = f" ({one.why_not})" if one.why_not and not one.has_passed else ""
        mark = "passed" if one.has_passed else "FAILED"
        typer.echo(f"{mark}  {one.case.script_id}  {rank}, wanted within {one.case.within}: {one.case.message}{why}")
    typer.echo(f"{len(report.results)} cases, {report.n_failed} failed")
