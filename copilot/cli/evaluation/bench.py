"""`copilot eval bench`: how fast, how large, how it grows."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import EncoderOption, JsonOption, print_json, progress_bar, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from copilot.settings import Settings


def bench(
    sizes: Annotated[
        str | None, typer.Option("--sizes", help="Scripts in each synthetic library (default: 1000,10000,100000).")
    ] = None,
    messages: Annotated[int | None, typer.Option("--messages", min=1, help="Timed messages (default: 500).")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One small library and few messages: some minutes.")] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep the libraries in this folder for the next run.")
    ] = None,
    rivals: Annotated[
        bool, typer.Option("--rivals", help="Instead: the same retrieval beside txtai and Haystack (extra `bench`).")
    ] = False,
    documents: Annotated[
        Path | None, typer.Option("--documents", help="With --rivals: one text a line (default: synthetic ones).")
    ] = None,
    console: Annotated[
        bool, typer.Option("--console", help="Instead: from a customer's message to the suggestion in an open page.")
    ] = False,
    consoles: Annotated[
        int | None, typer.Option("--consoles", min=1, max=100, help="With --console: open pages (default: 20).")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", min=0.1, help="With --console: messages a second (default: 5).")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=1, help="With --console: how long (default: 30).")
    ] = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure latency, throughput, memory, index build, publication and cold start, and how they grow.

    The libraries are synthetic; the engine is the one that serves. Your workspace is not touched.

    With --rivals it finds the ten best documents for a message here, in txtai and in Haystack, over the same documents
    and weights, and prints how many times faster this library is (default: 100,000 documents, 200 messages).

    With --console it serves the sample brand, opens consoles in Chromium (needs the extra `dev`), posts messages over
    the API, and measures in the pages how long it takes until the suggestions are visible.

    Example: copilot eval bench --sizes 1000,10000 --keep bench
    """
    settings = read_settings(None, encoder)
    if console:
        others = {"--rivals": rivals, "--sizes": sizes, "--messages": messages, "--quick": quick}
        _refuse_with_console({name: value for name, value in others.items() if value})
        _follow_consoles(settings, consoles=consoles, rate=rate, seconds=seconds, keep=keep, as_json=as_json)
        return
    _refuse_without_console({"--consoles": consoles, "--rate": rate, "--seconds": seconds})
    if rivals:
        _compare(settings, sizes=sizes, messages=messages, quick=quick, keep=keep, documents=documents, as_json=as_json)
        return
    _refuse_without_rivals(documents)
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
        report = run_bench(settings, config, advance)
    if as_json:
        print_json(asdict(report))
    else:
        typer.echo(table(report))


def _compare(
    settings: "Settings",
    *,
    sizes: str | None,
    messages: int | None,
    quick: bool,
    keep: Path | None,
    documents: Path | None,
    as_json: bool,
) -> None:
    from copilot.benchmark.rivals.comparison import RivalsConfig, compare
    from copilot.benchmark.rivals.report import table

    config = RivalsConfig.quick() if quick else RivalsConfig()
    config = replace(
        config,
        sizes=_sizes(sizes) if sizes else config.sizes,
        n_messages=messages or config.n_messages,
        documents=documents,
        keep=keep,
    )
    with progress_bar("comparison") as advance:
        report = compare(settings, config, advance)
    if as_json:
        print_json(asdict(report))
    else:
        typer.echo(table(report))


def _follow_consoles(
    settings: "Settings",
    *,
    consoles: int | None,
    rate: float | None,
    seconds: float | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    from copilot.benchmark.console import ConsoleConfig, run_console
    from copilot.benchmark.console_report import table

    usual = ConsoleConfig()
    config = ConsoleConfig(
        n_consoles=consoles or usual.n_consoles,
        rate_per_s=rate or usual.rate_per_s,
        seconds=seconds or usual.seconds,
        keep=keep,
    )
    with progress_bar("consoles") as advance:
        report = run_console(settings, config, advance)
    if as_json:
        print_json(asdict(report))
    else:
        typer.echo(table(report))


def _refuse_with_console(given: "Mapping[str, object]") -> None:
    from copilot.errors import BadRequestError

    for name, value in given.items():
        raise BadRequestError(name, value, "no such option with --console, which measures something else")


def _refuse_without_console(given: "Mapping[str, object]") -> None:
    from copilot.errors import BadRequestError

    for name, value in given.items():
        if value is not None:
            raise BadRequestError(name, value, "--console with it: the other figures open no pages")


def _refuse_without_rivals(documents: Path | None) -> None:
    from copilot.errors import BadRequestError

    if documents is not None:
        raise BadRequestError("--documents", str(documents), "--rivals with it: the other figures need a whole shop")


def _sizes(text: str) -> tuple[int, ...]:
    from copilot.errors import BadRequestError

    parts = [part.strip().replace("_", "") for part in text.split(",")]
    if not all(part.isdecimal() and int(part) for part in parts):
        raise BadRequestError("--sizes", text, "numbers of scripts with commas between, such as 1000,10000")
    return tuple(int(part) for part in parts)
