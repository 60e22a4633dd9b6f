"""`copilot mine`: scripts out of conversations, with evidence of whether they help; digest and matching beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from copilot.cli.options import EncoderOption, JsonOption, WorkspaceOption, print_json, progress_bar, read_settings

if TYPE_CHECKING:
    from copilot.mining.running import MiningRun
    from copilot.settings import Settings
    from knowledge.workspace import Workspace

app = typer.Typer(invoke_without_command=True)
SHOWN = 10
LONGEST = 100_000
"""Days or hours; more is a mistake."""


@app.callback()
def mine(
    context: typer.Context,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Conversations: a .jsonl or .parquet file, or a folder of them.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The .jsonl file to write (default: the workspace's desk).")
    ] = None,
    products: Annotated[
        Path | None, typer.Option(help="Products, to know their names (default: the workspace's).")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option(help="Customers, to hide their names (default: the workspace's).")
    ] = None,
    orders: Annotated[Path | None, typer.Option(help="Orders, as an outcome of the replies before them.")] = None,
    events: Annotated[Path | None, typer.Option(help="Events such as complaints, as outcomes likewise.")] = None,
    window_days: Annotated[float, typer.Option(help="Days after a reply in which orders and events count.")] = 3.0,
    outcome: Annotated[
        str, typer.Option(help="The outcome to judge by (default: the one at stake in what customers wanted).")
    ] = "",
    least_uses: Annotated[int, typer.Option(min=3, help="Replies sent less often are no candidates.")] = 20,
    satisfied_from: Annotated[float, typer.Option(help="The mark from which a customer counts as satisfied.")] = 4.0,
    session_gap_hours: Annotated[float, typer.Option(help="Silence after which a new session begins.")] = 12.0,
    utc_offset_hours: Annotated[float, typer.Option(help="The shop's clock, for the hour of the day.")] = 8.0,
    reading: Annotated[
        str, typer.Option(help="How messages are compared: `words` (word vectors, fast) or `network` (the encoder).")
    ] = "words",
    side_effects: Annotated[bool, typer.Option(help="Also estimate the outcomes that are not at stake.")] = True,
    state: Annotated[
        Path | None, typer.Option("--state", help="What was read already (default: beside --out or in the workspace).")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes that estimate side by side.")] = 2,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of clusters and folds.")] = 0,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the replies that make a difference, each with its effect, interval and verdict: helps, harms or cannot tell.

    Reads only what is new since the last run. With --out the candidates go to a file, else to the workspace's desk.

    Example: copilot mine --archive chats/ --out candidates.jsonl
    """
    if context.invoked_subcommand is not None:
        return
    from copilot.errors import BadRequestError
    from copilot.mining.evidence import EvidenceSettings
    from copilot.mining.inputs import Files
    from copilot.mining.job import MiningJob, deliver, run_job
    from copilot.mining.mining import MiningSettings
    from knowledge.archive.ingesting import IngestSettings

    if archive is None:
        raise BadRequestError("--archive", archive, "a file or folder of conversations")
    for name, value in (("--window-days", window_days), ("--session-gap-hours", session_gap_hours)):
        if not 0 < value < LONGEST:
            raise BadRequestError(name, value, f"a number above 0 and below {LONGEST:,}")
    settings = read_settings(workspace, encoder)
    evidence = EvidenceSettings(outcome=outcome, with_side_effects=side_effects, seed=seed, n_processes=processes)
    job = MiningJob(
        archive=archive,
        out=out,
        state=state,
        files=Files(products, customers, orders, events),
        reading=IngestSettings(session_gap_hours, satisfied_from),
        mining=MiningSettings(
            least_uses=least_uses,
            utc_offset_hours=utc_offset_hours,
            window_days=window_days,
            reading=_reading(reading),
            seed=seed,
            evidence=evidence,
        ),
    )
    with _opened(settings, is_needed=out is None) as opened, progress_bar("mining") as advance:
        run = run_job(job, settings, opened, lambda part: lambda done, total: advance(done, total, part))
        summary = {**run.summary(), **deliver(run, job, settings, opened)}
    if as_json:
        print_json(summary)
    else:
        _print(run, summary)


@app.command("digest")
def digest(
    days: Annotated[int, typer.Option(min=1, help="How many days it looks back on.")] = 7,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this Markdown file instead.")] = None,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """The library's week: gaps nobody answers, scripts that decay, conflict, repeat, expire or are never used.

    Example: copilot mine digest --days 7 --out week.md
    """
    from copilot.errors import BadRequestError
    from copilot.mining.digest import digest as make_digest
    from copilot.mining.job import encoder_of
    from copilot.mining.running import masked
    from knowledge.workspace import utc_now

    if language not in ("zh", "en"):
        raise BadRequestError("--language", language, "zh or en")
    settings = read_settings(workspace, encoder)
    with _opened(settings, is_needed=True) as opened:
        if opened is None:
            return
        encode = encoder_of(settings, opened).encode_queries
        found = make_digest(opened.database, settings.tenant, encode=encode, mask=masked, now=utc_now(), days=days)
    chosen: Literal["zh", "en"] = "en" if language == "en" else "zh"
    if as_json:
        print_json(found.to_dict())
    elif out is not None:
        out.write_text(found.to_markdown(chosen), encoding="utf-8")
        typer.echo(str(out))
    else:
        typer.echo(found.to_markdown(chosen))


@app.command("match")
def match(
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """See in the archive what was accepted: match what agents sent to what they had been shown, and keep it.

    Decisions that agents took in the console are never touched; a second run adds nothing.

    Example: copilot mine match
    """
    from copilot.mining.acceptance import match_archive, record_matches
    from copilot.mining.job import encoder_of
    from knowledge.workspace import utc_now

    settings = read_settings(workspace, encoder)
    with _opened(settings, is_needed=True) as opened:
        if opened is None:
            return
        found = match_archive(opened.database, settings.tenant, encoder_of(settings, opened).encode_passages)
        recorded = record_matches(opened.database, settings.tenant, found, now=utc_now())
    if as_json:
        print_json(recorded.to_dict())
    else:
        for name, value in recorded.to_dict().items():
            typer.echo(f"{name}: {value}")


def _reading(value: str) -> Literal["words", "network"]:
    from copilot.errors import BadRequestError

    if value == "words":
        return "words"
    if value == "network":
        return "network"
    raise BadRequestError("--reading", value, "words or network")


@contextmanager
def _opened(settings: "Settings", *, is_needed: bool) -> "Iterator[Workspace | None]":
    """The workspace; nothing where there is none and none is needed."""
    from knowledge.workspace import DATABASE_FILE, Workspace

    if not is_needed and settings.database_url is None and not (settings.workspace / DATABASE_FILE).exists():
        yield None
        return
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        yield opened
    finally:
        opened.close()


def _print(run: "MiningRun", summary: dict[str, Any]) -> None:
    """What was read, what was found, and the candidates that help most."""
    report = run.report
    typer.echo(
        f"read {report.n_conversations:,} new conversations in {report.n_files} files"
        f" ({report.n_rejected} rejected, {report.n_unfinished} unfinished); {summary['n_conversations']:,} in all"
    )
    for line in report.rejected[:SHOWN]:
        typer.echo(f"  rejected {line}")
    for name, what in _NOTICES.items():
        if getattr(report, name):
            typer.echo(f"  {getattr(report, name):,} {what}")
    typer.echo(
        f"{summary['n_candidates']} candidates: {summary['n_helps']} help, {summary['n_harms']} harm, "
        f"{summary['n_cannot_tell']} cannot be told yet"
    )
    for row in run.rows[:SHOWN]:
        if row["verdict"] == "helps":
            typer.echo(f"  {row['text'][:60]}\n    {row['why']}")
    typer.echo(f"written to {summary['out']}" if "out" in summary else _at_the_desk(summary["desk"]))


def _at_the_desk(counts: dict[str, int]) -> str:
    new, refreshed, decided = counts["n_added"], counts["n_refreshed"], counts["n_already_decided"]
    rejected = counts["n_still_rejected"]
    return f"/desk/candidates: {new} new, {refreshed} refreshed, {rejected} rejected before, {decided} decided before"


_NOTICES = {
    "n_without_customer": "conversations without a customer's message: nothing to learn from",
    "n_without_agent": "conversations without an agent's message: nothing to learn from",
    "n_without_outcome": "conversations without an outcome: their replies count, their effect cannot",
    "n_without_times": "conversations without times: the hour and the customer's past are unknown",
    "n_without_agent_id": "conversations without an agent: agent and reply cannot be told apart there",
    "n_replaced": "conversations that had been read before and were replaced",
    "n_gone": "files read before are gone from the archive; what they said counts until the state is deleted",
}
