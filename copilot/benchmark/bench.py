"""The benchmark: one shop per size, each figure measured in a process of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from copilot.benchmark.apart import in_own_process, n_cores, one_thread_each
from copilot.benchmark.freshness import measure_freshness
from copilot.benchmark.machine import Machine, load, this_machine
from copilot.benchmark.messages import draw_requests
from copilot.benchmark.products import measure_products
from copilot.benchmark.recommender import ensure_recommender
from copilot.benchmark.report import BenchReport, Floor, SizeReport, Throughput
from copilot.benchmark.serving import (
    N_WARM_UP,
    measure_build,
    measure_memory,
    measure_processes,
    measure_serving,
    measure_threads,
)
from copilot.benchmark.shop import ensure_shop
from copilot.benchmark.starting import measure_cold_starts
from copilot.engine.request import SuggestRequest
from copilot.settings import Settings

Progress = Callable[[int, int, str], None]
N_STEPS = 9


@dataclass(frozen=True)
class BenchConfig:
    """What to measure; without `keep` the workspaces are thrown away."""

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    n_messages: int = 500
    n_publications: int = 20
    n_cold_starts: int = 5
    seed: int = 7
    keep: Path | None = None

    @classmethod
    def quick(cls) -> "BenchConfig":
        """A smaller run of a few minutes, to see that everything works."""
        return cls(sizes=(1_000,), n_messages=60, n_publications=5, n_cold_starts=3)


def run_bench(settings: Settings, config: BenchConfig, progress: Progress) -> BenchReport:
    """Measure every size, the smallest first; the settings' own workspace is left alone.

    Raises:
        BadRequestError: a kept workspace was made from something else.
        NotReadyError: no encoder can be loaded, or a process failed.
    """
    with _folder(config.keep) as folder, one_thread_each():
        machine = in_own_process(this_machine)
        steps = _Steps(progress, N_STEPS * len(config.sizes))
        reports = tuple(_measure(settings, config, size, folder, machine, steps) for size in sorted(config.sizes))
    return BenchReport(machine, settings.encoder, config.n_messages, config.seed, reports)


class _Steps:
    """Counts what has been begun."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._n_begun = 0

    def begin(self, what: str) -> None:
        self._progress(self._n_begun, self._total, what)
        self._n_begun += 1


def _measure(
    settings: Settings, config: BenchConfig, size: int, folder: Path, machine: Machine, steps: _Steps
) -> SizeReport:
    own = settings.model_copy(update={"workspace": folder / f"scripts-{size}", "database_url": None})
    seed, n = config.seed, config.n_messages
    steps.begin(f"{size:,} scripts: making the shop")
    in_own_process(ensure_shop, own, size, seed)
    warm_up, asked = (draw_requests(size, seed, count, part=part) for count, part in ((N_WARM_UP, 2), (n, 3)))
    steps.begin(f"{size:,} scripts: building the index")
    build = in_own_process(measure_build, own)
    steps.begin(f"{size:,} scripts: learning from orders")
    in_own_process(ensure_recommender, own, seed)
    steps.begin(f"{size:,} scripts: timing messages")
    load_before = load()
    serving = in_own_process(measure_serving, own, warm_up, asked)
    steps.begin(f"{size:,} scripts: timing products")
    products = in_own_process(measure_products, own, *_by_each_customer_once(warm_up, asked))
    steps.begin(f"{size:,} scripts: memory")
    memory = in_own_process(measure_memory, own, asked)
    steps.begin(f"{size:,} scripts: throughput")
    throughput = _throughput(own, size, config)
    steps.begin(f"{size:,} scripts: publishing")
    freshness = measure_freshness(own, config.n_publications, np.random.default_rng([seed, size, 5]))
    steps.begin(f"{size:,} scripts: cold starts")
    cold_start = measure_cold_starts(own, asked[: config.n_cold_starts])
    floor = _floor(own.workspace / "index", machine)
    return SizeReport(
        size, (load_before + load()) / 2, build, serving, products, throughput, memory, freshness, cold_start, floor
    )


def _by_each_customer_once(
    warm_up: Sequence[SuggestRequest], asked: Sequence[SuggestRequest]
) -> tuple[list[SuggestRequest], list[SuggestRequest]]:
    """Requests of which no two are by the same customer, nor by one of the warm-up."""
    ahead = {request.customer_id for request in warm_up}
    once = {request.customer_id: request for request in asked if request.customer_id not in ahead}
    return list(warm_up), list(once.values())


def _throughput(settings: Settings, size: int, config: BenchConfig) -> Throughput:
    n_workers = n_cores()
    asked = draw_requests(size, config.seed, config.n_messages + n_workers * N_WARM_UP, part=4)
    threads_per_s = in_own_process(measure_threads, settings, asked, n_workers)
    return Throughput(n_workers, threads_per_s, measure_processes(settings, asked, n_workers))


def _floor(index_folder: Path, machine: Machine) -> Floor:
    """What lies in the newest generation of the index."""
    newest = max(index_folder.glob("*/gen-*"))
    vector_bytes, code_bytes = (
        sum(path.stat().st_size for path in newest.rglob(name)) for name in ("vectors.npy", "codes.faiss")
    )
    per_ms = machine.bandwidth_gb_per_s * 1e6
    return Floor(vector_bytes, code_bytes, vector_bytes / per_ms, code_bytes / per_ms)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with TemporaryDirectory(prefix="copilot-bench-") as folder:
        yield Path(folder)
