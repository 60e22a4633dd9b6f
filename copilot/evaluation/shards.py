"""Turns answered by several processes, shard by shard, in files that survive whatever stops the run."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from copilot.evaluation.answering import Answerer, AnsweringPlan, opened
from eval.datasets.turns import LoggedTurn

SHARD_TURNS = 100
WAITING_PER_PROCESS = 2
PARENT_CHECK_S = 1.0
QUERIES, TIMINGS = "queries", "timings"

NumberedTurns = tuple[int, Sequence[LoggedTurn]]
Progress = Callable[[int], None]
"""Hears how many turns are done."""


@dataclass(frozen=True)
class Shards:
    """The parts of a run in a folder: `000012.queries.parquet` and `000012.timings.parquet`."""

    folder: Path

    def has(self, number: int) -> bool:
        """Whether a shard was answered to the end; its queries are written last."""
        return self.path(number, QUERIES).is_file()

    def path(self, number: int, what: str) -> Path:
        """Where a part of a shard lies."""
        return self.folder / f"{number:06d}.{what}.parquet"

    def keep(self, number: int, queries: pa.Table, timings: pa.Table) -> None:
        """Write a shard; a part is there whole or not at all."""
        for what, table in ((TIMINGS, timings), (QUERIES, queries)):
            aside = self.path(number, what).with_suffix(".new")
            pq.write_table(table, aside)
            aside.replace(self.path(number, what))

    def merged(self, what: str, out: Path) -> None:
        """All parts as one file, a row group each, in the order of the turns."""
        paths = sorted(self.folder.glob(f"*.{what}.parquet"))
        tables = (pq.read_table(path) for path in paths)
        schema = pa.unify_schemas([pq.read_schema(path) for path in paths])
        with pq.ParquetWriter(out, schema) as writer:
            for table in tables:
                writer.write_table(_filled(table, schema))


def answer_all(
    plan: AnsweringPlan, turns: Iterable[LoggedTurn], shards: Shards, *, n_processes: int, progress: Progress
) -> None:
    """Answer every turn whose shard is not there yet; a single process is this one."""
    shards.folder.mkdir(parents=True, exist_ok=True)
    done = 0
    answer = _answer_here if n_processes == 1 else partial(_answer_apart, n_processes=n_processes)
    for n_turns in answer(plan, shards, enumerate(_batches(turns, SHARD_TURNS))):
        done += n_turns
        progress(done)


def _answer_here(plan: AnsweringPlan, shards: Shards, numbered: Iterable[NumberedTurns]) -> Iterator[int]:
    """Gives how many turns each shard had, as soon as it is there."""
    with closing(Answerer(plan)) as answerer:
        for number, turns in numbered:
            if not shards.has(number):
                shards.keep(number, *answerer.answer_all(turns))
            yield len(turns)


def _answer_apart(
    plan: AnsweringPlan, shards: Shards, numbered: Iterable[NumberedTurns], n_processes: int
) -> Iterator[int]:
    """As `_answer_here`, by several processes; shards are done in about their order."""
    with _pool(n_processes) as pool:
        waiting: set[Future[int]] = set()
        for number, turns in numbered:
            if shards.has(number):
                yield len(turns)
                continue
            while len(waiting) >= WAITING_PER_PROCESS * n_processes:
                yield _finished(waiting)
            waiting.add(pool.submit(_answer_and_keep, plan, shards, number, turns))
        while waiting:
            yield _finished(waiting)


def _answer_and_keep(plan: AnsweringPlan, shards: Shards, number: int, turns: Sequence[LoggedTurn]) -> int:
    shards.keep(number, *opened(plan).answer_all(turns))
    return len(turns)


def _finished(waiting: set[Future[int]]) -> int:
    """How many turns the shards that are ready now have; waits for at least one."""
    ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
    waiting -= ready
    return sum(future.result() for future in ready)


def _pool(n_processes: int) -> ProcessPoolExecutor:
    spawn = multiprocessing.get_context("spawn")  # forked copies of a threaded engine would hang
    return ProcessPoolExecutor(n_processes, mp_context=spawn, initializer=_end_with_parent, initargs=(os.getpid(),))


def _end_with_parent(parent: int) -> None:
    """Leave as soon as the process that asked is gone, even when it was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _batches(turns: Iterable[LoggedTurn], size: int) -> Iterator[list[LoggedTurn]]:
    source = iter(turns)
    while batch := list(islice(source, size)):
        yield batch


def _filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns of a schema; those it lacks are empty."""
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)
