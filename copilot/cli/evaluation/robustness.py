"""`copilot eval robustness`: messages typed as customers type them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import EncoderOption, JsonOption, WorkspaceOption, print_json, progress_bar, read_settings

if TYPE_CHECKING:
    from copilot.evaluation.robustness import RobustnessOptions, RobustnessReport
    from copilot.settings import Settings
    from eval.robustness.losses import Loss


def robustness(
    data: Annotated[
        Path | None, typer.Option("--data", help="A BEIR folder (default: the triggers of the workspace's scripts).")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="With --data: which qrels.")] = "test",
    system: Annotated[str, typer.Option("--system", help="With --data: lexical, dense, hybrid or engine.")] = "engine",
    held_out: Annotated[
        bool,
        typer.Option("--held-out", help="Ask one trigger of each script with several, of a library without them."),
    ] = False,
    kinds: Annotated[
        str | None, typer.Option("--kinds", help="Only these, separated by commas (default: all).")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many messages, chosen by chance.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the slips, the choice and the resamples.")] = 7,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how much recall each way of typing costs: traditional characters, pinyin, typos, emoji, bursts and others.

    Example: copilot eval robustness --kinds traditional,typo-sound
    """
    from copilot.errors import BadRequestError
    from copilot.evaluation.robustness import RobustnessOptions, measure_library
    from eval.robustness.kinds import KINDS

    wanted = [kind.strip() for kind in kinds.split(",")] if kinds else list(KINDS)
    for kind in wanted:
        if kind not in KINDS:
            raise BadRequestError("--kinds", kind, f"one of {', '.join(KINDS)}")
    if held_out and data is not None:
        raise BadRequestError("--held-out", held_out, "the workspace's own triggers, without --data")
    options = RobustnessOptions(tuple(dict.fromkeys(wanted)), seed, limit)
    settings = read_settings(workspace, encoder)
    if data is None:
        with progress_bar("robustness") as advance:
            report = measure_library(settings, options, advance, held_out=held_out)
    else:
        report = _measure_beir(settings, data, split, system, options)
    if as_json:
        print_json(report.to_dict())
    else:
        _show(report)


def _measure_beir(
    settings: "Settings", data: Path, split: str, system: str, options: "RobustnessOptions"
) -> "RobustnessReport":
    from copilot.errors import BadRequestError
    from copilot.evaluation.retrieval import EncodedData, TextOptions
    from copilot.evaluation.robustness import measure_beir
    from copilot.evaluation.systems import SystemName
    from eval.datasets.beir import read_beir

    if system not in list(SystemName):
        raise BadRequestError("--system", system, f"one of {', '.join(SystemName)}")
    found = read_beir(data, split)
    with progress_bar("robustness") as advance:
        encoded = EncodedData.of(settings, found, TextOptions((SystemName(system),)), advance)
        return measure_beir(encoded, SystemName(system), options, advance)


def _show(report: "RobustnessReport") -> None:
    found = "   ".join(f"{name} {estimate}" for name, estimate in report.plain.items())
    typer.echo(f"{report.n_messages:,} messages ({report.asked}) as they are: {found}")
    if report.left_out:
        typer.echo(f"{len(report.left_out):,} scripts nobody known may see are left out")
    titles = "".join(f"{name:>8}{'typed so':>10}{'lost':>26}" for name in report.plain)
    typer.echo(f"\n{'':16}{'n':>6}{titles}")
    for kind, measured in report.kinds.items():
        n = next(iter(measured.values())).plain.n
        typer.echo(f"{kind:16}{n:>6,}" + "".join(_cells(loss) for loss in measured.values()))


def _cells(loss: "Loss") -> str:
    return f"{loss.plain.mean:>8.3f}{loss.perturbed.mean:>10.3f}{_percent(loss):>26}"


def _percent(loss: "Loss") -> str:
    """The share that is lost, with its interval."""
    share = loss.lost_share
    return "–" if share is None else f"{share.mean:.1%} [{share.low:.1%}, {share.high:.1%}]"
