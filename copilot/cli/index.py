"""`copilot index`: build it, look at it, prove that it agrees with the database."""

from dataclasses import asdict
from typing import Annotated

import typer

from copilot.cli.options import EncoderOption, JsonOption, WorkspaceOption, print_json, progress_bar, read_settings

app = typer.Typer(
    help="The search index, which is derived from the database and can always be rebuilt.", no_args_is_help=True
)


@app.command()
def build(workspace: WorkspaceOption = None, encoder: EncoderOption = None, as_json: JsonOption = False) -> None:
    """Build the index and what is learned from orders; texts already encoded are not encoded again.

    Example: copilot index build
    """
    from copilot.building import build_all
    from knowledge.workspace import Workspace

    settings = read_settings(workspace, encoder)
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        with progress_bar("indexing") as advance:
            built = build_all(settings, opened, advance)
    finally:
        opened.close()
    if as_json:
        print_json(asdict(built))
    else:
        items = ", ".join(f"{n:,} {name}" for name, n in built.index.n_items.items())
        typer.echo(
            f"{built.index.snapshot} built in {built.seconds:.1f} s: {items}; {built.index.n_encoded} new texts."
        )


@app.command()
def status(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What the index holds, which encoder made it, and how far behind the database it is.

    Example: copilot index status --json
    """
    from knowledge.index.status import index_status
    from knowledge.workspace import Workspace

    settings = read_settings(workspace)
    opened = Workspace.open(settings.workspace, settings.database_url)
    found = index_status(opened.index_folder, opened.database, settings.tenant)
    opened.close()
    facts = {
        "snapshot": found.snapshot.name if found.snapshot else None,
        "contents": asdict(found.snapshot.contents) if found.snapshot else None,
        "changes_since": found.n_waiting,
        "rebuild_recommended": found.rebuild_recommended,
    }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        typer.echo(f"{name}: {value}")


@app.command()
def verify(
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    sample: Annotated[int, typer.Option("--sample", help="How many vectors to compute again and compare.")] = 64,
    as_json: JsonOption = False,
) -> None:
    """Prove that index and database agree; exit code 1 when they do not.

    Example: copilot index verify
    """
    import numpy as np

    from copilot.encoding import NoEncoder, load_encoder
    from copilot.errors import NotReadyError
    from copilot.serving import promoted_settings
    from knowledge.index.verify import verify_index
    from knowledge.workspace import Workspace

    settings = promoted_settings(read_settings(workspace, encoder))
    opened = Workspace.open(settings.workspace, settings.database_url)
    loaded = load_encoder(settings)
    try:
        if isinstance(loaded, NoEncoder):
            raise NotReadyError(f"verifying needs the encoder {settings.encoder!r}: {loaded.reason}")
        report = verify_index(
            opened.database,
            opened.index_folder,
            settings.tenant,
            loaded,
            np.random.default_rng(0),
            n_vectors=sample,
        )
    finally:
        opened.close()
    if as_json:
        print_json({"agrees": report.agrees, **asdict(report)})
    else:
        typer.echo(
            "The index agrees with the database." if report.agrees else "The index does not agree with the database:"
        )
        for problem in report.problems:
            typer.echo(f"  {problem}")
    if not report.agrees:
        raise typer.Exit(1)
