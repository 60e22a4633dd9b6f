"""`copilot eval retrieval` and `copilot eval rerank`: how well texts are found and ordered."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.evaluation.printing import show_summaries, summary_dict
from copilot.cli.options import EncoderOption, JsonOption, print_json, progress_bar, read_settings

if TYPE_CHECKING:
    from copilot.evaluation.retrieval import TextOptions
    from eval.runs.run import Run
    from eval.runs.summary import Summary

SystemOption = Annotated[
    list[str] | None,
    typer.Option("--system", help="lexical, dense, hybrid, engine, or all; may be given several times."),
]
ContextOption = Annotated[
    int | None,
    typer.Option(
        "--context-turns",
        min=0,
        help="Put so many earlier turns in front of each message (default: as the encoder was trained, else none).",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the resamples that make the intervals.")]
SaveOption = Annotated[
    Path | None, typer.Option("--save", help="Keep the runs in this folder, for `eval compare` and `eval report`.")
]
PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", help="A policy as TOML or JSON (default: the encoder's own)."),
]


def retrieval(
    data: Annotated[Path, typer.Option("--data", help="A BEIR folder: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv.")],
    split: Annotated[str, typer.Option("--split", help="Which qrels.")] = "test",
    system: SystemOption = None,
    encoder: EncoderOption = None,
    policy: PolicyOption = None,
    context_turns: ContextOption = None,
    seed: SeedOption = 7,
    growth: Annotated[
        bool, typer.Option("--growth", help="Also measure R@10 in ever larger parts of the corpus (with --save).")
    ] = False,
    save: SaveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the relevant documents of a BEIR folder, by words, by meaning, by both, and as the engine does.

    Example: copilot eval retrieval --data scifact --system all
    """
    import numpy as np

    from copilot.errors import BadRequestError
    from copilot.evaluation.growth import measure_growth, write_growth
    from copilot.evaluation.retrieval import EncodedData, measure_retrieval
    from eval.datasets.beir import read_beir

    if growth and save is None:
        raise BadRequestError("--growth", growth, "a folder to keep the curve in: --save DIR")
    found = read_beir(data, split)
    options = _options(system, policy, context_turns)
    with progress_bar("retrieval") as advance:
        encoded = EncodedData.of(read_settings(None, encoder), found, options, advance)
        runs = measure_retrieval(encoded, advance)
        grown = measure_growth(encoded, np.random.default_rng(seed), advance) if growth else None
    _print({name: (run, _summary(run, seed)) for name, run in runs.items()}, save, as_json=as_json)
    if grown is not None and save is not None:
        for folder in [save] if len(runs) == 1 else [save / name for name in runs]:
            write_growth(grown, folder)


def rerank(
    data: Annotated[
        Path, typer.Option("--data", help="JSON Lines of {id, context, message, candidates[{text, label}]}.")
    ],
    system: SystemOption = None,
    encoder: EncoderOption = None,
    policy: PolicyOption = None,
    context_turns: ContextOption = None,
    seed: SeedOption = 7,
    save: SaveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the right candidates of each message first, and say whether there is a right one at all.

    Example: copilot eval rerank --data rerank.jsonl --system all --context-turns 2
    """
    from dataclasses import replace

    import numpy as np

    from copilot.evaluation.reranking import measure_rerank
    from eval.datasets.rerank import read_rerank
    from eval.runs.answering import answering_estimates
    from eval.runs.certainty import candidate_certainty

    found = read_rerank(data)
    with progress_bar("rerank") as advance:
        runs = measure_rerank(read_settings(None, encoder), found, _options(system, policy, context_turns), advance)
    measured = {}
    for name, run in runs.items():
        summary = _summary(run, seed)
        certain = candidate_certainty(run, np.random.default_rng(seed))
        metrics = {**summary.whole.metrics, **answering_estimates(run, np.random.default_rng(seed)), **certain}
        measured[name] = run, replace(summary, whole=replace(summary.whole, metrics=metrics))
    _print(measured, save, as_json=as_json)


def _options(system: list[str] | None, policy: Path | None, n_turns: int | None) -> "TextOptions":
    from copilot.engine.policy_file import read_policy
    from copilot.errors import BadRequestError
    from copilot.evaluation.retrieval import TextOptions
    from copilot.evaluation.systems import SystemName

    wanted = system or [SystemName.ENGINE.value]
    known = [name.value for name in SystemName]
    for name in wanted:
        if name not in (*known, "all"):
            raise BadRequestError("--system", name, f"one of {', '.join(known)}, all")
    chosen = known if "all" in wanted else list(dict.fromkeys(wanted))
    return TextOptions(tuple(map(SystemName, chosen)), read_policy(policy) if policy else None, n_turns)


def _summary(run: "Run", seed: int) -> "Summary":
    import numpy as np

    from eval.runs.summary import summarise

    return summarise(run, by="query", rng=np.random.default_rng(seed))


def _print(measured: "dict[str, tuple[Run, Summary]]", save: Path | None, *, as_json: bool) -> None:
    """One system as it is, several side by side."""
    from copilot.evaluation.table import save_run

    if save is not None:
        for name, (run, summary) in measured.items():
            save_run(run, summary.to_dict(), save if len(measured) == 1 else save / name)
    if as_json:
        found = {name: summary_dict(run, summary) for name, (run, summary) in measured.items()}
        print_json(next(iter(found.values())) if len(found) == 1 else {"systems": found})
    else:
        show_summaries({name: summary for name, (_, summary) in measured.items()})
