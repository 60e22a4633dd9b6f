"""The figures of a benchmark, and the table that shows them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from copilot.benchmark.freshness import Freshness
from copilot.benchmark.machine import Machine
from copilot.benchmark.products import ProductTimes
from copilot.benchmark.serving import BuildCost, Serving
from copilot.benchmark.starting import ColdStart
from eval.latency import Spread
from eval.memory import ProcessMemory


@dataclass(frozen=True)
class Throughput:
    """Suggestions per second with as many threads, and with as many processes, as there are cores."""

    n_workers: int
    threads_per_s: float
    processes_per_s: float


@dataclass(frozen=True)
class Floor:
    """Bytes of all vectors and of their compact codes, and what reading each once takes at the measured bandwidth."""

    vector_bytes: int
    code_bytes: int
    vectors_ms: float
    codes_ms: float


@dataclass(frozen=True)
class SizeReport:
    """Everything measured at one size; `load` is the machine's while this was measured."""

    n_scripts: int
    load: float
    build: BuildCost
    serving: Serving
    products: ProductTimes
    throughput: Throughput
    memory: ProcessMemory
    freshness: Freshness
    cold_start: ColdStart
    floor: Floor


@dataclass(frozen=True)
class BenchReport:
    """One run of the benchmark."""

    machine: Machine
    encoder: str
    n_messages: int
    seed: int
    sizes: tuple[SizeReport, ...]


@dataclass(frozen=True)
class Line:
    """One line of the table: what, how to show it for a size, and the target if there is one."""

    what: str
    show: Callable[[SizeReport], str]
    target: str = ""


LINES = (
    Line("**encoder alone**, p50 / p95 / p99 ms", lambda one: _three(one.serving.encode_ms)),
    Line("**suggest**, p50 / p95 / p99 ms", lambda one: _three(one.serving.suggest_ms)),
    Line("(suggest − encode) / encode, p50 (95 % interval)", lambda one: _median(one.serving.beyond), "≤ 1"),
    Line("encoder alone, processor time, p50 / p95 / p99 ms", lambda one: _three(one.serving.encode_cpu_ms)),
    Line("suggest, processor time, p50 / p95 / p99 ms", lambda one: _three(one.serving.suggest_cpu_ms)),
    Line("(suggest − encode) / encode, processor time, p50", lambda one: _median(one.serving.beyond_cpu), "≤ 1"),
    Line("messages answered", lambda one: f"{one.serving.answered_share:.0%}"),
    Line("distinct script rules", lambda one: f"{one.serving.n_rules:,}"),
    Line("products, warm, p50 / p95 / p99 ms", lambda one: _three(one.products.warm_ms), "p95 < 5"),
    Line("products, cold, p50 / p95 / p99 ms", lambda one: _three(one.products.cold_ms), "p95 < 15"),
    Line("reading a customer, p50 / p95 / p99 ms", lambda one: _three(one.products.customer_ms)),
    Line("reading ahead at the start, s", lambda one: f"{one.products.warm_up_s:.2f}"),
    Line("suggestions/s, threads", lambda one: f"{one.throughput.threads_per_s:.0f} ({one.throughput.n_workers})"),
    Line("suggestions/s, processes", lambda one: f"{one.throughput.processes_per_s:.0f} ({one.throughput.n_workers})"),
    Line("index build from cached vectors, s (processor s)", lambda one: _build(one.build), "< 60"),
    Line("serving memory, peak MB", lambda one: f"{one.memory.peak_mb:,.0f}", "< 1,500"),
    Line("of it own / mapped files, MB", lambda one: _memory(one.memory)),
    Line("publish → in a following index, p50 / p95 / max ms", lambda one: _to_max(one.freshness.lookup_ms), "< 1,000"),
    Line("publish → in an answer, p50 / p95 / max ms", lambda one: _to_max(one.freshness.suggest_ms), "< 1,000"),
    Line("open the workspace, s", lambda one: f"{one.serving.open_s:.2f}"),
    Line("cold start of `copilot suggest`, median s (processor s)", lambda one: _cold(one.cold_start), "< 2"),
    Line("floor: read all vectors once, ms (MB)", lambda one: _floor(one.floor.vectors_ms, one.floor.vector_bytes)),
    Line("floor: read all codes once, ms (MB)", lambda one: _floor(one.floor.codes_ms, one.floor.code_bytes)),
    Line("load of the machine meanwhile", lambda one: f"{one.load:.1f}"),
)  # fmt: skip


def table(report: BenchReport) -> str:
    """The report as Markdown: one column per size."""
    machine = report.machine
    head = (
        f"{machine.processor}, {machine.n_cores} cores, Python {machine.python}, one thread reads "
        f"{machine.bandwidth_gb_per_s:.1f} GB/s; {report.n_messages} messages, encoder {report.encoder}, "
        f"seed {report.seed}"
    )
    return "\n".join([head, "", *_rows(report.sizes)])


def _rows(sizes: Sequence[SizeReport]) -> Iterator[str]:
    yield _row("scripts = products", [f"{one.n_scripts:,}" for one in sizes], "target")
    yield _row("---", ["---:"] * len(sizes), "---")
    for line in LINES:
        yield _row(line.what, [line.show(one) for one in sizes], line.target)
    for stage in dict.fromkeys(stage for one in sizes for stage in one.serving.stages_ms):
        yield _row(f"stage {stage}, p50 / p95 / p99 ms", [_stage(one, stage) for one in sizes], "")


def _row(what: str, cells: Sequence[str], target: str) -> str:
    return f"| {' | '.join([what, *cells, target])} |"


def _stage(one: SizeReport, stage: str) -> str:
    known = one.serving.stages_ms.get(stage)
    return _three(known) if known else ""


def _three(spread: Spread) -> str:
    return f"{spread.p50:.1f} / {spread.p95:.1f} / {spread.p99:.1f}"


def _to_max(spread: Spread) -> str:
    return f"{spread.p50:.0f} / {spread.p95:.0f} / {spread.largest:.0f}"


def _median(spread: Spread) -> str:
    return f"{spread.p50:.2f} ({spread.p50_low:.2f}–{spread.p50_high:.2f})"


def _build(build: BuildCost) -> str:
    return f"{build.seconds:.1f} ({build.cpu_s:.1f})"


def _cold(start: ColdStart) -> str:
    return f"{start.wall_s.p50:.2f} ({start.cpu_s.p50:.2f})"


def _memory(memory: ProcessMemory) -> str:
    if memory.own_mb is None or memory.mapped_mb is None:
        return "unknown"
    return f"{memory.own_mb:,.0f} / {memory.mapped_mb:,.0f}"


def _floor(milliseconds: float, n_bytes: int) -> str:
    return f"{milliseconds:.1f} ({n_bytes / 1e6:,.0f})"
