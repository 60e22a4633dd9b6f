"""What serving costs: time of a message, throughput, memory; every function opens the workspace as `serve` does."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Barrier
from time import monotonic, perf_counter, process_time

from copilot.building import build_all
from copilot.engine.answer import SuggestionAnswer
from copilot.engine.request import SuggestRequest
from copilot.runtime import Runtime
from copilot.settings import Settings
from eval.latency import Spread, per_second, time_side_by_side
from eval.memory import ProcessMemory, own_memory
from knowledge.workspace import Workspace

N_WARM_UP = 20


@dataclass(frozen=True)
class BuildCost:
    """Building the index and what orders teach, from cached vectors; `n_encoded` texts were not cached.

    `cpu_s` is the processor time of it, which a busy machine does not change.
    """

    seconds: float
    cpu_s: float
    n_encoded: int
    peak_mb: float


@dataclass(frozen=True)
class Serving:
    """One process answering messages one after the other, next to the encoder alone on the same messages.

    `beyond` is (suggest - encode) / encode for each message, `beyond_cpu` the same of processor time. `n_rules` counts
    the distinct rules of scripts, that is how many are evaluated for each message.
    """

    open_s: float
    encode_ms: Spread
    suggest_ms: Spread
    beyond: Spread
    encode_cpu_ms: Spread
    suggest_cpu_ms: Spread
    beyond_cpu: Spread
    stages_ms: Mapping[str, Spread]
    answered_share: float
    n_rules: int


def measure_build(settings: Settings) -> BuildCost:
    """Build the index once more, as `copilot index build` does."""
    start = process_time()
    with closing(Workspace.open(settings.workspace)) as workspace:
        built = build_all(settings, workspace)
    return BuildCost(built.seconds, process_time() - start, built.index.n_encoded, own_memory().peak_mb)


def measure_serving(settings: Settings, warm_up: Sequence[SuggestRequest], asked: Sequence[SuggestRequest]) -> Serving:
    """Time every message once with the encoder alone and once with the whole engine, in turn."""
    start = perf_counter()
    with closing(Runtime.open(settings)) as runtime:
        open_s = perf_counter() - start
        answers: list[SuggestionAnswer] = []
        encoder, engine = runtime.engine.encoder, runtime.engine
        for request in warm_up:
            engine.suggest(request)
        both = time_side_by_side(
            lambda one: encoder.encode_queries([one.message]), lambda one: answers.append(engine.suggest(one)), asked
        )
        n_rules = len(runtime.index.scripts.distinct("rule"))
    return Serving(
        open_s=open_s,
        encode_ms=Spread.of([one.wall_ms for one in both.floor]),
        suggest_ms=Spread.of([one.wall_ms for one in both.system]),
        beyond=both.beyond,
        encode_cpu_ms=Spread.of([one.cpu_ms for one in both.floor]),
        suggest_cpu_ms=Spread.of([one.cpu_ms for one in both.system]),
        beyond_cpu=both.beyond_cpu,
        stages_ms=_stages(answers),
        answered_share=sum(not answer.abstained for answer in answers) / len(answers),
        n_rules=n_rules,
    )


def measure_memory(settings: Settings, asked: Sequence[SuggestRequest]) -> ProcessMemory:
    """What a process takes that has opened the workspace and answered these messages."""
    with closing(Runtime.open(settings)) as runtime:
        for request in asked:
            runtime.engine.suggest(request)
        return own_memory()


def measure_threads(settings: Settings, asked: Sequence[SuggestRequest], n_threads: int) -> float:
    """Suggestions per second of one process with several threads."""
    with closing(Runtime.open(settings)) as runtime:
        for request in asked[:N_WARM_UP]:
            runtime.engine.suggest(request)
        return per_second(runtime.engine.suggest, asked[N_WARM_UP:], n_threads=n_threads)


def measure_processes(settings: Settings, asked: Sequence[SuggestRequest], n_processes: int) -> float:
    """Suggestions per second of several processes, each with one thread, on one workspace."""
    context = get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(n_processes, mp_context=context) as pool:
        ready = manager.Barrier(n_processes)
        shares = [list(asked[first::n_processes]) for first in range(n_processes)]
        working = [pool.submit(_work_off, settings, share, ready) for share in shares]
        spans = [one.result() for one in working]
    n_timed = sum(len(share) - N_WARM_UP for share in shares)
    return n_timed / (max(end for _, end in spans) - min(start for start, _ in spans))


def _work_off(settings: Settings, share: Sequence[SuggestRequest], ready: Barrier) -> tuple[float, float]:
    """When this process began and ended its share, by a clock that all processes read alike."""
    with closing(Runtime.open(settings)) as runtime:
        for request in share[:N_WARM_UP]:
            runtime.engine.suggest(request)
        ready.wait()
        start = monotonic()
        for request in share[N_WARM_UP:]:
            runtime.engine.suggest(request)
        return start, monotonic()


def _stages(answers: Sequence[SuggestionAnswer]) -> dict[str, Spread]:
    """The time of each stage, in the order in which stages are first entered."""
    times: dict[str, list[float]] = defaultdict(list)
    for answer in answers:
        for stage, stage_ms in answer.timing_ms.items():
            times[stage].append(stage_ms)
    return {stage: Spread.of(values) for stage, values in times.items()}
