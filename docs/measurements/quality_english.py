"""Measures the English figures of docs/quality.md: choosing knowledge for travellers, and intents of bank customers.

    python docs/measurements/quality_english.py FOLDER [--encoder NAME|DIR ...]

FOLDER is made from public research data:

    copilot convert dstc11 $COPILOT_DATA/dstc11_en FOLDER/dstc11
    copilot convert banking77 $COPILOT_DATA/banking77 FOLDER/banking77

`sections(folder, encoders)` gives the tables as Markdown for a page that has others too.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from quality import Task, section

from eval.runs.run import Run
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate

BASELINE = "lexical"
SEED = 7
KNOWLEDGE = Task(
    "Knowledge that answers a traveller",
    "English dialogues about hotels and restaurants: candidates are the answers of all frequent questions and all "
    "review sentences of the hotels and restaurants spoken of; several may be right. Intervals are over dialogues. The "
    "last column is the paired difference to words alone.",
    ("rerank", "--data", "dstc11/rerank.jsonl", "--system", "all", "--context-turns", "0"),
    ("P@1", "MRR"),
)
INTENTS = Task(
    "Questions to a bank with the same intent",
    "A question finds questions of others with the same of 77 intents; one in five, by a hash, is asked.",
    ("retrieval", "--data", "banking77", "--system", "all"),
    ("P@1", "P@5", "nDCG@10"),
)


def sections(folder: Path, encoders: Sequence[str] = ()) -> list[str]:
    """Both tables as Markdown; each encoder adds rows beside those of the default one."""
    return [knowledge_section(folder, encoders), section(INTENTS, folder, encoders)]


def knowledge_section(folder: Path, encoders: Sequence[str]) -> str:
    """The table of knowledge selection, with intervals over dialogues."""
    runs = dict(measured(folder, None))
    for encoder in encoders:
        trained = measured(folder, encoder)
        runs |= {f"{name}, {Path(encoder).name}": run for name, run in trained.items() if name != BASELINE}
    lines = [row(name, run, runs[BASELINE]) for name, run in runs.items()]
    columns = (*KNOWLEDGE.metrics, f"P@1 above {BASELINE}")
    head = f"| | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}\n"
    text = f"{KNOWLEDGE.text} n = {len(runs[BASELINE].table):,}."
    command = f"copilot eval {' '.join(KNOWLEDGE.command)}"
    return f"## {KNOWLEDGE.title}\n\n{text}\n\n{head}" + "\n".join(lines) + f"\n\n`{command}`\n"


def measured(folder: Path, encoder: str | None) -> Mapping[str, Run]:
    """The run of each system."""
    options = ["--encoder", encoder] if encoder else []
    with tempfile.TemporaryDirectory() as kept:
        command = [sys.executable, "-m", "copilot", "eval", *KNOWLEDGE.command, *options, "--save", kept]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603
        return {path.name: Run.open(path) for path in sorted(Path(kept).iterdir(), key=lambda path: ORDER[path.name])}


ORDER = {name: place for place, name in enumerate(("lexical", "dense", "hybrid", "engine"))}


def row(name: str, run: Run, baseline: Run) -> str:
    """One system's means and what it is above the baseline, each with its interval over dialogues."""
    cells = [cell(over_dialogues(run, run.values(metric))) for metric in KNOWLEDGE.metrics]
    above = "–" if run is baseline else cell(over_dialogues(run, run.values("P@1") - baseline.values("P@1")), "+.3f")
    return f"| {name} | {' | '.join(cells)} | {above} |"


def over_dialogues(run: Run, values: np.ndarray) -> Estimate:
    """The mean of one value a turn; turns of one dialogue stand or fall together."""
    dialogues = [query_id.split("-")[0] for query_id in run.query_ids]
    return mean_estimate(values, dialogues, np.random.default_rng(SEED))


def cell(estimate: Estimate, form: str = ".3f") -> str:
    """A mean and its interval."""
    return f"{estimate.mean:{form}} ({estimate.low:{form}}–{estimate.high:{form}})"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", action="append", default=[])
    given = parser.parse_args()
    sys.stdout.write("\n".join(sections(given.folder, given.encoder)))


if __name__ == "__main__":
    main()
