"""The comparison as Markdown."""

from collections.abc import Iterator

from copilot.benchmark.rivals.figures import (
    BuildFigures,
    DuelFigures,
    JobFigures,
    OpenFigures,
    RivalsReport,
    SideFigures,
    SizeFigures,
)
from copilot.benchmark.rivals.task import Encoding, K
from eval.latency import Spread
from eval.statistics.estimate import Estimate

ENCODED_BY = {
    Encoding.OWN: "each library, same weights",
    Encoding.SHARED: "our int8 encoder",
    Encoding.GIVEN: "nobody: given with the message",
}
JOB_HEAD = (
    "job", "against", "messages encoded by", "ours p50 (95 %) / p95 ms", "theirs p50 (95 %) / p95 ms",
    "**latency ratio** (95 %)", "the same of processor time", "ours /s", "theirs /s", "**throughput ratio** (95 %)",
    "the same, {n} processes", f"recall@{K} ours / theirs", f"about it@{K} ours / theirs", "load",
)  # fmt: skip
COST_HEAD = (
    "library", "messages encoded by", "build s (processor s)", "open s (processor s)", "memory of a process: peak MB",
    "its own / mapped files, MB",
)  # fmt: skip
UNKNOWN = "–"


def table(report: RivalsReport) -> str:
    """Every size with two tables: the jobs, then what building and opening cost."""
    return "\n".join(_lines(report))


def _lines(report: RivalsReport) -> Iterator[str]:
    machine = report.machine
    yield (
        f"{machine.processor}, {machine.n_cores} cores, Python {machine.python}; one thread a process; top {K}; "
        f"encoder {report.encoder}; documents: {report.documents}; at most {report.n_messages} messages for a figure, "
        f"seed {report.seed}; {', '.join(f'{name} {version}' for name, version in report.versions.items())}"
    )
    for size in report.sizes:
        yield f"\n{size.n_documents:,} documents of {size.mean_length:.0f} characters\n"
        yield from _row(*(head.format(n=report.n_processes) for head in JOB_HEAD))
        yield from _row(*["---"] * len(JOB_HEAD))
        for duel in size.duels:
            for job in duel.jobs:
                yield from _row(*_job_cells(duel, job))
        yield ""
        yield from _row(*COST_HEAD)
        yield from _row(*["---"] * len(COST_HEAD))
        for cells in _cost_rows(size):
            yield from _row(*cells)


def _job_cells(duel: DuelFigures, job: JobFigures) -> Iterator[str]:
    yield job.job
    yield duel.library
    yield ENCODED_BY[duel.encoding]
    yield _latency(job.ours.latency_ms)
    yield _latency(job.theirs.latency_ms)
    yield _ratio(job.ratios.latency)
    yield _ratio(job.ratios.cpu)
    yield _throughput(job.ours)
    yield _throughput(job.theirs)
    yield _ratio(job.ratios.throughput)
    yield _ratio(job.ratios.throughput_together)
    yield f"{_share(job.ours.recall)} / {_share(job.theirs.recall)}"
    yield f"{_share(job.ours.about_found)} / {_share(job.theirs.about_found)}"
    yield f"{job.load:.1f}"


def _cost_rows(size: SizeFigures) -> Iterator[tuple[str, ...]]:
    """This library once, from the first duel; the others once for each way of encoding."""
    builds = {build.library: build for build in size.builds}
    ours = size.builds[0]
    if size.duels:
        yield _cost_cells(ours, size.duels[0].encoding, size.duels[0].ours)
    for duel in size.duels:
        yield _cost_cells(builds[duel.library], duel.encoding, duel.theirs)


def _cost_cells(build: BuildFigures, encoding: Encoding, opened: OpenFigures) -> tuple[str, ...]:
    memory = opened.memory
    known = memory.own_mb is not None and memory.mapped_mb is not None
    return (
        build.library,
        ENCODED_BY[encoding],
        f"{build.seconds:.1f} ({build.cpu_s:.1f})",
        f"{opened.seconds:.1f} ({opened.cpu_s:.1f})",
        f"{memory.peak_mb:,.0f}",
        f"{memory.own_mb:,.0f} / {memory.mapped_mb:,.0f}" if known else UNKNOWN,
    )


def _latency(spread: Spread) -> str:
    return f"{spread.p50:.1f} ({spread.p50_low:.1f}–{spread.p50_high:.1f}) / {spread.p95:.1f}"


def _throughput(side: SideFigures) -> str:
    return f"{_three_digits(side.per_s)}, {_three_digits(side.per_s_together)}"


def _ratio(estimate: Estimate) -> str:
    mean, low, high = map(_three_digits, (estimate.mean, estimate.low, estimate.high))
    return f"**{mean}** ({low}–{high})"


def _three_digits(value: float) -> str:
    """Rounded to three digits, but never so that digits before the point are lost."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _share(estimate: Estimate | None) -> str:
    return UNKNOWN if estimate is None else f"{estimate.mean:.3f}"


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"
