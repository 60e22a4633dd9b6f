"""`copilot eval run`: the production engine over turns, resumable and the same every time."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from sqlalchemy import func, select
from sqlmodel import col

from copilot.building import learn_affinity
from copilot.encoding import NoEncoder, load_encoder
from copilot.engine.compliance import RuleBook
from copilot.engine.policy import Exploration, Policy
from copilot.errors import BadRequestError, NotReadyError
from copilot.evaluation.answering import AFFINITY_FOLDER, LIBRARY_FOLDER, AnsweringPlan
from copilot.evaluation.setting import DataFacts, LibraryOf, RunSetting, code_version, digest_of
from copilot.evaluation.shards import QUERIES, TIMINGS, Shards, answer_all
from copilot.product_settings import read_product_rules
from copilot.serving import promoted_settings
from copilot.settings import Settings
from eval.datasets.turns import LoggedTurn
from eval.runs.run import MANIFEST_FILE, METRICS_FILE, QUERIES_FILE, TIMINGS_FILE, Run
from eval.runs.summary import summarise
from knowledge.index.cache import VectorCache
from knowledge.index.encoding import CachedEncoder
from knowledge.index.files import locked_at_once
from knowledge.index.follower import last_seq
from knowledge.index.frozen import freeze_history, freeze_now
from knowledge.index.snapshot import CACHE_FOLDER, tenant_folder
from knowledge.tables import ScriptVersion
from knowledge.workspace import Workspace

PARTS_FOLDER = "parts"
UNFINISHED = ".partial"
LOCK_FILE = ".lock"
Progress = Callable[[int, int, str], None]


class TurnSource(Protocol):
    """Where turns come from: a file, or the workspace's log."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    def turns(self) -> Iterator[LoggedTurn]: ...


@dataclass(frozen=True)
class RunOptions:
    """What a run is made of besides its data and its workspace."""

    policy: Policy = field(default_factory=Policy)
    library_of: LibraryOf = LibraryOf.THEN
    limit: int | None = None
    seed: int = 7
    n_processes: int | None = None


@dataclass(frozen=True)
class Survey:
    """What a first look at the turns tells."""

    n_turns: int
    first_at: datetime | None
    last_at: datetime | None


def run_turns(settings: Settings, source: TurnSource, options: RunOptions, progress: Progress) -> Run:
    """Answer every turn with the production engine as of its moment; a run made before is opened instead.

    Interrupted, it goes on where it was when it is asked for again.

    Raises:
        NotReadyError: the encoder cannot be loaded, no script was live at the time of any turn, or another run is
            being made.
        BadRequestError: there are no turns.
        DataError: the data is wrong.
        StoreError: the encoder that is promoted is damaged.
    """
    settings = promoted_settings(settings)  # named from here on, so that every process uses the same
    workspace = Workspace.open(settings.workspace, settings.database_url)
    try:
        survey = _survey(source, options.limit)
        progress(0, survey.n_turns, "preparing")
        preparing = workspace.runs_folder / f".preparing-{os.getpid()}"
        preparing.mkdir(parents=True, exist_ok=True)
        try:
            setting = _prepare(settings, workspace, source, options, survey, preparing)
            finished = workspace.runs_folder / setting.run_id
            with locked_at_once(workspace.runs_folder / LOCK_FILE) as is_mine:
                if finished.is_dir():
                    return Run.open(finished)
                if not is_mine:
                    raise NotReadyError(f"another run is being made in {workspace.runs_folder}; wait for it to end")
                partial = _taken_up(preparing, finished)
                answer_all(
                    AnsweringPlan(settings.model_dump_json(), setting.policy, partial, setting.untimed_at),
                    islice(source.turns(), options.limit),
                    Shards(partial / PARTS_FOLDER),
                    n_processes=options.n_processes or os.cpu_count() or 1,
                    progress=lambda done: progress(done, survey.n_turns, "answering"),
                )
                return _finish(partial, finished, setting)
        finally:
            shutil.rmtree(preparing, ignore_errors=True)
    finally:
        workspace.close()


def _survey(source: TurnSource, limit: int | None) -> Survey:
    """How many turns there are, and when the first and last were."""
    n_turns = 0
    first: datetime | None = None
    last: datetime | None = None
    for turn in islice(source.turns(), limit):
        n_turns += 1
        if turn.at is not None:
            first = turn.at if first is None else min(first, turn.at)
            last = turn.at if last is None else max(last, turn.at)
    if not n_turns:
        raise BadRequestError("--data", source.name, "at least one turn: a customer's message that an agent answered")
    return Survey(n_turns, first, last)


def _prepare(
    settings: Settings,
    workspace: Workspace,
    source: TurnSource,
    options: RunOptions,
    survey: Survey,
    folder: Path,
) -> RunSetting:
    """Freeze everything the run depends on into a folder, and name it."""
    encoder = load_encoder(settings.model_copy(update={"threads": os.cpu_count() or 1}))
    if isinstance(encoder, NoEncoder):
        raise NotReadyError(f"a run needs the encoder {settings.encoder!r}: {encoder.reason}")
    _require_scripts(workspace, settings.tenant, options.library_of, survey)
    cache = tenant_folder(workspace.index_folder, settings.tenant) / CACHE_FOLDER
    cached = CachedEncoder(encoder, VectorCache.open(cache, encoder.fingerprint, encoder.dim))
    freeze = freeze_now if options.library_of is LibraryOf.NOW else freeze_history
    library = freeze(workspace.database, settings.tenant, cached, folder / LIBRARY_FOLDER)
    affinity, _ = learn_affinity(workspace.database, settings.tenant, survey.first_at)
    affinity.save(folder / AFFINITY_FOLDER)
    with workspace.database.read() as session:
        seq = last_seq(session, settings.tenant)
    return RunSetting(
        data=DataFacts(source.name, source.kind, source.sha256, survey.n_turns),
        policy=replace(options.policy, exploration=Exploration()),
        library_of=options.library_of,
        library=library.version,
        database_seq=seq,
        model=encoder.fingerprint,
        rules=RuleBook.of_workspace(workspace.folder).version,
        product_rules=digest_of(read_product_rules(workspace.folder)),
        untimed_at=_publications(workspace, settings.tenant)[1],
        trained_until=survey.first_at,
        seed=options.seed,
        code=code_version(),
    )


def _require_scripts(workspace: Workspace, tenant_id: str, library_of: LibraryOf, survey: Survey) -> None:
    """Check that there is anything to answer with."""
    first, _ = _publications(workspace, tenant_id)
    if library_of is LibraryOf.THEN and survey.last_at is not None and survey.last_at < first:
        raise NotReadyError(
            f"the last turn is of {survey.last_at:%Y-%m-%d}, the first script was published on {first:%Y-%m-%d}: "
            "nothing could have been suggested; to answer with the scripts of today: --library now"
        )


def _publications(workspace: Workspace, tenant_id: str) -> tuple[datetime, datetime]:
    """When the first and the last script version were published."""
    published = col(ScriptVersion.published_at)
    query = select(func.min(published), func.max(published)).where(col(ScriptVersion.tenant_id) == tenant_id)
    with workspace.database.read() as session:
        first, last = session.execute(query).one()
    if first is None:
        raise NotReadyError("no script was ever published in this workspace; load some: copilot load FOLDER")
    return first, last


def _taken_up(prepared: Path, finished: Path) -> Path:
    """The folder of the unfinished run: what an interrupted one left, or a new one."""
    partial = finished.with_name(finished.name + UNFINISHED)
    if not partial.is_dir():
        prepared.rename(partial)
    return partial


def _finish(partial: Path, finished: Path, setting: RunSetting) -> Run:
    """Join the shards, sum up, and give the run its final name."""
    shards = Shards(partial / PARTS_FOLDER)
    shards.merged(QUERIES, partial / QUERIES_FILE)
    shards.merged(TIMINGS, partial / TIMINGS_FILE)
    _write_json(partial / MANIFEST_FILE, setting.manifest())
    run = Run.open(partial)
    summary = summarise(run, by="conversation", rng=np.random.default_rng(setting.seed))
    _write_json(partial / METRICS_FILE, summary.to_dict())
    for folder in (PARTS_FOLDER, LIBRARY_FOLDER, AFFINITY_FOLDER):
        shutil.rmtree(partial / folder)
    partial.rename(finished)
    return Run.open(finished)


def _write_json(path: Path, value: Mapping[str, object]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
