"""All commands in one application; each module loads what it needs only when it runs."""

import logging
import sys

import typer

from copilot.cli import demo, doctor, evaluation, export, files, index, mine, models, serve, suggest, train
from copilot.errors import BadRequestError, CopilotError, UnknownIdError
from eval.errors import DataError, EvalError, RunError
from knowledge.errors import ImportFileError, InvalidValueError, KnowledgeError, NotFoundError, WorkspaceError

app = typer.Typer(
    name="copilot",
    help="Reply and next-best-product suggestions for customer service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("init")(files.init)
app.command("convert")(files.convert)
app.command("load")(files.load)
app.command("export")(export.export)
app.command("suggest")(suggest.suggest)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.add_typer(index.app, name="index")
app.add_typer(train.app, name="train")
app.add_typer(models.app, name="models")
app.add_typer(mine.app, name="mine")
app.add_typer(evaluation.app, name="eval")

BAD_INPUT = (
    BadRequestError,
    UnknownIdError,
    ImportFileError,
    InvalidValueError,
    NotFoundError,
    WorkspaceError,
    DataError,
    RunError,
)


def main() -> None:
    """Run a command; a known error becomes one line on stderr and exit code 2 (bad input) or 1 (failed)."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    from models.errors import ModelError

    try:
        app()
    except BAD_INPUT as error:
        _fail(error, 2)
    except ModelError as error:
        _fail(error, 2 if isinstance(error, _bad_model_input()) else 1)
    except (CopilotError, KnowledgeError, EvalError) as error:
        _fail(error, 1)
    except _system_errors() as error:  # asked for only when something has gone wrong, so that a good start stays quick
        _fail(error, 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _bad_model_input() -> tuple[type[Exception], ...]:
    """What is wrong with what was given to training or to the model store."""
    from models.store.errors import ArtefactInUseError, NothingBeforeError, RefusedArtefactError, UnknownArtefactError
    from models.training.errors import TrainingBaseError, TrainingDataError

    of_store = ArtefactInUseError, NothingBeforeError, RefusedArtefactError, UnknownArtefactError
    return TrainingBaseError, TrainingDataError, *of_store


def _system_errors() -> tuple[type[Exception], ...]:
    """What the disk or the database may refuse at any moment."""
    from sqlalchemy.exc import DBAPIError

    return OSError, DBAPIError


def _fail(error: Exception, code: int) -> None:
    typer.echo(f"copilot: {error}", err=True)
    sys.exit(code)
