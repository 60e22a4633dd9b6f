"""`copilot eval bench`: how fast, how large, how it grows."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from copilot.cli.options import EncoderOption, JsonOption, print_json, progress_bar, read_settings


def bench(
    sizes: Annotated[
        str | None, typer.Option("--sizes", help="Scripts in each synthetic library (default: 1000,10000,100000).")
    ] = None,
    messages: Annotated[int | None, typer.Option("--messages", min=1, help="Timed messages (default: 500).")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One small library and few messages: some minutes.")] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep the libraries in this folder for the next run.")
    ] = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure latency, throughput, memory, index build, publication and cold start, and how they grow.

    The libraries are synthetic; the engine is the one that serves. Your workspace is not touched.

    Example: copilot eval bench --sizes 1000,10000 --keep bench
    """
    from copilot.benchmark.bench import BenchConfig, run_bench
    from copilot.benchmark.report import table

    config = BenchConfig.quick() if quick else BenchConfig()
    config = replace(
        config,
        sizes=_sizes(sizes) if sizes else config.sizes,
        n_messages=messages or config.n_messages,
        keep=keep,
    )
    with progress_bar("benchmark") as advance:
        report = run_bench(read_settings(None, encoder), config, advance)
    if as_json:
        print_json(asdict(report))
    else:
        typer.echo(table(report))


def _sizes(text: str) -> tuple[int, ...]:
    from copilot.errors import BadRequestError

    parts = [part.strip().replace("_", "") for part in text.split(",")]
    if not all(part.isdecimal() and int(part) for part in parts):
        raise BadRequestError("--sizes", text, "numbers of scripts with commas between, such as 1000,10000")
    return tuple(int(part) for part in parts)
