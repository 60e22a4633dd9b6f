"""What the console's measurement says, as text."""

from copilot.benchmark.console import ConsoleReport
from eval.latency import Spread


def table(report: ConsoleReport) -> str:
    """The figures as a table."""
    what = f"{report.n_consoles} consoles, {report.rate_per_s:g} messages/s for {report.seconds:g} s"
    lines = (
        (f"{what}, {report.n_cores} cores", ""),
        ("**message posted → suggestions visible**, p50 / p95 / max ms", _spread(report.visible_ms)),
        ("median, 95 % interval, ms", f"{report.visible_ms.p50_low:.0f}–{report.visible_ms.p50_high:.0f}"),
        ("message posted → the API has answered, p50 / p95 / max ms", _spread(report.post_ms)),
        ("messages / without suggestions in time", f"{report.n_posted} / {report.n_missed}"),
        ("processor seconds of the server", f"{report.server_cpu_s:.1f}"),
        ("load of the machine before / after", f"{report.load_before:.1f} / {report.load_after:.1f}"),
    )
    (head, _), *rows = lines
    return "\n".join([f"| {head} | |", "| --- | ---: |", *(f"| {name} | {value} |" for name, value in rows)])


def _spread(spread: Spread) -> str:
    return f"{spread.p50:.0f} / {spread.p95:.0f} / {spread.largest:.0f}"
