"""`copilot demo`: a sample brand in a workspace, and the console on it."""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import EncoderOption, JsonOption, print_json, progress_bar, read_settings

if TYPE_CHECKING:
    from copilot.settings import Settings
    from knowledge.imports.report import ImportReport

DEMO_WORKSPACE = Path("workspace") / "demo"


def demo(
    seed: Annotated[
        int, typer.Option("--seed", help="Another seed makes other customers, orders and conversations.")
    ] = 7,
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="The port; 0 picks a free one.")] = 8000,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    open_browser: Annotated[bool, typer.Option("--open", help="Open the console in a browser.")] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only make the workspace.")] = False,
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="Where to make it; an existing one is brought up to date.")
    ] = DEMO_WORKSPACE,
    archive: Annotated[
        int, typer.Option("--archive", min=0, help="Also invent so many conversations and mine them for the desk.")
    ] = 0,
    history: Annotated[
        int,
        typer.Option("--history", min=0, help="So many of its conversations' replies are put to the copilot first."),
    ] = 300,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the sample brand's workspace and serve the console on it.

    With --archive 50000 the desk (/desk/candidates) shows what can be told from so many conversations; takes minutes.

    Example: copilot demo --seed 7 --port 8000
    """
    settings = read_settings(workspace, encoder)
    reports = make_demo(settings, seed)
    invent_work(settings, seed, history)
    if archive:
        mine_demo(settings, seed, archive)
    if as_json:
        print_json([report.to_dict() for report in reports])
    else:
        added = sum(report.n_added for report in reports)
        typer.echo(f"The sample brand is in {workspace} ({added} new rows).")
    if no_serve:
        return
    from copilot.sample.waiting import WAITING
    from copilot.web.server import run

    path = f"/console/c/{WAITING[0].conversation_id}"
    run(settings, host, port, open_browser=open_browser, path=path)


def invent_work(settings: "Settings", seed: int, n_exchanges: int) -> None:
    """Some weeks of suggestions and decisions, so that health and performance have something to show."""
    from copilot.runtime import Runtime
    from copilot.sample.history import invent_history

    if not n_exchanges:
        return
    runtime = Runtime.open(settings)
    try:
        with progress_bar("history") as advance:
            invent_history(runtime, n_exchanges, seed, lambda done, total: advance(done, total, "replies"))
    finally:
        runtime.close()


def mine_demo(settings: "Settings", seed: int, n_conversations: int) -> None:
    """Candidates at the desk from invented conversations with the brand's customers, kept in the workspace."""
    from copilot.mining.job import MiningJob, deliver, run_job
    from copilot.sample.archive import write_archive
    from copilot.sample.generator import SampleConfig
    from knowledge.workspace import Workspace

    path = settings.workspace / "archive" / f"{seed}-{n_conversations}.jsonl"
    write_archive(path, SampleConfig(seed=seed, n_conversations=n_conversations))
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        with progress_bar("mining") as advance:
            job = MiningJob(path)
            run = run_job(job, settings, opened, lambda part: lambda done, total: advance(done, total, part))
        deliver(run, job, settings, opened)
    finally:
        opened.close()
    found = run.summary()
    typer.echo(
        f"Mined {n_conversations:,} conversations: {found['n_candidates']} candidates, {found['n_helps']} help, "
        f"{found['n_harms']} harm; see /desk/candidates.",
        err=True,
    )


def make_demo(settings: "Settings", seed: int) -> list["ImportReport"]:
    """The sample brand, generated and loaded; loading it again changes nothing."""
    from copilot.building import build_all
    from copilot.encoding import NoEncoder, load_encoder
    from copilot.sample.brand import brand_folder
    from copilot.sample.generator import SampleConfig, write_sample
    from copilot.sample.waiting import open_waiting
    from copilot.serving import promoted_settings
    from copilot.shop import SHOP_FILE, Shop
    from knowledge.imports import import_folder
    from knowledge.index.status import index_status
    from knowledge.workspace import Workspace, utc_now

    made = Workspace.create(settings.workspace, settings.database_url)
    try:
        with tempfile.TemporaryDirectory() as scratch, progress_bar("sample brand") as advance:
            write_sample(Path(scratch), SampleConfig(seed=seed))
            shutil.copy(str(brand_folder() / SHOP_FILE), settings.workspace / SHOP_FILE)
            Shop.read(settings.workspace).register_staff(made.database, settings.tenant)
            reports = import_folder(
                made.database,
                settings.tenant,
                Path(scratch),
                now=utc_now,
                progress=lambda kind: lambda done, total: advance(done, total, kind.value),
            )
        open_waiting(made.database, settings.tenant, utc_now())
        status = index_status(made.index_folder, made.database, settings.tenant)
        encoder = load_encoder(promoted_settings(settings))
        built_with = status.snapshot.contents.fingerprint if status.snapshot else None
        if isinstance(encoder, NoEncoder) or built_with != encoder.fingerprint or status.n_waiting:
            with progress_bar("indexing") as advance:
                build_all(settings, made, advance)
    finally:
        made.close()
    return reports
