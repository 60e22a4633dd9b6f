"""`copilot eval`: measure it."""

import typer

app = typer.Typer(help="Measure the engine.", no_args_is_help=True)
