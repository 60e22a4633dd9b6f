"""Options that many commands share, and the settings they make."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from copilot.settings import Settings

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", help="The workspace folder (default: $COPILOT_WORKSPACE or ./workspace)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        help="`default`, or a sentence-transformers model by name or path (default: what is promoted, else `default`).",
    ),
]


def read_settings(workspace: Path | None, encoder: str | None = None) -> "Settings":
    """Settings from the environment, with what the command line says on top."""
    from pydantic import ValidationError

    from copilot.errors import BadRequestError
    from copilot.settings import Settings

    given = {"workspace": workspace, "encoder": encoder}
    try:
        return Settings.model_validate(
            {
                **Settings().model_dump(exclude_unset=True),
                **{name: value for name, value in given.items() if value is not None},
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRequestError(
            f"COPILOT_{'_'.join(map(str, first['loc'])).upper()}", first["input"], first["msg"]
        ) from error


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int | None, str], None]]:
    """A progress bar on standard error, silent when that is no terminal; call it with done, total and what is done."""
    if not sys.stderr.isatty():
        yield _say_nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what or title)


def _say_nothing(done: int, total: int | None, what: str) -> None:
    """Progress nobody watches."""
