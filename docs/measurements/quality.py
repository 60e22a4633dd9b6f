"""Measures every quality figure of docs/quality.md and writes the page.

    python docs/measurements/quality.py FOLDER [--encoder NAME|DIR ...] [--out docs/quality.md] [--only products]

`--only products` measures what customers buy next, and leaves the other tables of the page as they are.

FOLDER holds evaluation data in the formats of docs/evaluation-data.md:

    jddc-r10/rerank.jsonl   jddc-pool/   jddc-intent/   beike/rerank.jsonl
    journey/{orders,test}.parquet   tafeng/{orders,test}.parquet
    tafeng-baskets/orders.parquet   (next_basket.py makes it)
    dstc11/rerank.jsonl   banking77/   (left out where they are not; quality_english.py says how to make them)
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PAGE = """# Quality

Measured with `copilot eval` on public research data, split by session, question, customer and time. Each figure is a
mean with its 95 % interval over queries or customers, from `python docs/measurements/quality.py FOLDER`;
[evaluation data](evaluation-data.md) has the formats of the folder. The encoder is untrained unless a row says so:
"trained heads" comes from `copilot train encoder --pairs train/pairs.jsonl` on the other side of the split, "trained
network" from the same with `--mode full` ([training](training.md)), each with the option `--encoder` here. The engine
takes the search weights that training puts beside an encoder.

{sections}"""


@dataclass(frozen=True)
class Task:
    """One table: what is asked, how, and which metrics count."""

    title: str
    text: str
    command: Sequence[str]
    metrics: Sequence[str]
    kind: str = "systems"
    wanted: "Wanted | None" = None


@dataclass(frozen=True)
class Wanted:
    """So many times what a model reaches is wished of the reference in every metric."""

    model: str
    times: float

    def verdict(self, rows: Mapping[str, Any], metrics: Sequence[str]) -> str:
        """What it reaches, and what misses the wish."""
        means = {name: rows[name]["metrics"] for name in (REFERENCE, self.model)}
        found = {metric: means[REFERENCE][metric]["mean"] / means[self.model][metric]["mean"] for metric in metrics}
        reached = " and ".join(f"{times:.2f} times its {metric}" for metric, times in found.items())
        missed = " and ".join(metric for metric, times in found.items() if times < self.times) or "none"
        wish = f"{self.times} times were wished for, which {missed} misses"
        return f"Against `{self.model}`, `{REFERENCE}` has {reached}; {wish}."


TASKS = (
    Task(
        "The true reply among ten",
        "Sessions of a large Chinese shop: the message with the two turns before it, nine replies of other sessions.",
        ("rerank", "--data", "jddc-r10/rerank.jsonl", "--system", "all", "--context-turns", "2"),
        ("R10@1", "R10@2", "R10@5", "MRR"),
    ),
    Task(
        "The true reply among all",
        "The same messages; every informative reply of the test sessions is there to choose from.",
        ("retrieval", "--data", "jddc-pool", "--system", "all", "--context-turns", "2"),
        ("R@1", "R@10", "R@100", "MRR"),
    ),
    Task(
        "Messages of the same intent",
        "A message finds messages of others who wanted the same, among 129 intents.",
        ("retrieval", "--data", "jddc-intent", "--system", "all"),
        ("P@1", "P@5", "nDCG@10"),
    ),
    Task(
        "Which messages answer the question",
        "House buyers ask an agent; candidates are the messages that followed, shuffled. F1 is of single candidates, "
        "AUROC tells questions that got an answer from those that did not.",
        ("rerank", "--data", "beike/rerank.jsonl", "--system", "all"),
        ("MRR", "P@1", "F1", "AUROC"),
    ),
    Task(
        "What a household buys next, anything",
        "A US grocery chain: weeks after the cut, by kind of product.",
        ("products", "--orders", "journey/orders.parquet", "--test", "journey/test.parquet", "--model", "all"),
        ("nDCG@10", "R@10", "Success@10"),
        "models",
    ),
    Task(
        "What a household buys for the first time",
        "The same; only products that the household never bought before count.",
        (
            *("products", "--orders", "journey/orders.parquet", "--test", "journey/test.parquet"),
            *("--model", "all", "--mode", "new"),
        ),
        ("nDCG@10", "R@10", "Success@10"),
        "models",
    ),
    Task(
        "What a customer buys next, anything",
        "A Taiwanese grocery chain: the month after the cut, by subclass.",
        ("products", "--orders", "tafeng/orders.parquet", "--test", "tafeng/test.parquet", "--model", "all"),
        ("nDCG@10", "R@10", "Success@10"),
        "models",
    ),
    Task(
        "What a customer buys for the first time",
        "The same; only what the customer never bought before counts.",
        (
            *("products", "--orders", "tafeng/orders.parquet", "--test", "tafeng/test.parquet"),
            *("--model", "all", "--mode", "new"),
        ),
        ("nDCG@10", "R@10", "Success@10"),
        "models",
    ),
    Task(
        "The next basket, product by product",
        "The same chain: the last basket (all of a day) of every customer who has three or more, from the earlier "
        "ones; 22,542 products.",
        ("products", "--orders", "tafeng-baskets/orders.parquet", "--next-basket", "--model", "all"),
        ("nDCG@10", "R@10"),
        "models",
        Wanted("tifu-knn", 1.05),
    ),
)
REFERENCE = "learned"
"""The model that the others are compared with, customer by customer."""


def measured(task: Task, folder: Path, encoder: str | None) -> Mapping[str, Any]:
    """The systems of a task with their metrics."""
    options = ["--encoder", encoder] if encoder and task.kind == "systems" else []
    command = [sys.executable, "-m", "copilot", "eval", *task.command, *options, "--json"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
    systems: Mapping[str, Any] = json.loads(done.stdout)[task.kind]
    return systems


def section(task: Task, folder: Path, encoders: Sequence[str]) -> str:
    """One table of retrieval systems as Markdown; a trained encoder adds its dense and engine rows."""
    rows = dict(measured(task, folder, None))
    for encoder in encoders:
        name = Path(encoder).name
        trained = measured(task, folder, encoder)
        rows |= {f"{system}, {name}": one for system, one in trained.items() if system != "lexical"}
    return written(task, rows, {})


def products_section(task: Task, folder: Path) -> str:
    """One table of recommenders as Markdown, with how far each is behind the reference on the same customers."""
    with tempfile.TemporaryDirectory() as runs:
        rows = measured(replace(task, command=(*task.command, "--save", runs)), folder, None)
        behind = {name: difference(Path(runs), name, task.metrics[0]) for name in rows if name != REFERENCE}
    table = written(task, rows, {f"{REFERENCE} is better by ({task.metrics[0]})": behind})
    return f"{table}\n{task.wanted.verdict(rows, task.metrics)}\n" if task.wanted else table


def difference(runs: Path, name: str, metric: str) -> str:
    """By how much the reference is better than a model, paired by customer."""
    pair = (str(runs / name), str(runs / REFERENCE))
    command = [sys.executable, "-m", "copilot", "eval", "compare", *pair, "--metric", metric, "--by", "query", "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    (found,) = json.loads(done.stdout)["differences"]
    one = found["difference"]
    return f"{one['mean']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"


def written(task: Task, rows: Mapping[str, Any], more: Mapping[str, Mapping[str, str]]) -> str:
    """A table with a row for each system; `more` are columns by their heads."""
    n = next(iter(rows.values()))["n"]
    heads = [*task.metrics, *more]
    head = f"| | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}\n"
    lines = []
    for name, one in rows.items():
        cells = [cell(one, metric) for metric in task.metrics] + [column.get(name, "") for column in more.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    command = f"copilot eval {' '.join(task.command)}"
    return f"## {task.title}\n\n{task.text} n = {n:,}.\n\n{head}" + "\n".join(lines) + f"\n\n`{command}`\n"


def english(folder: Path) -> Sequence[str]:
    """The English tables, where their data have been converted."""
    if not (folder / "dstc11").is_dir():
        return ()
    from quality_english import sections

    return sections(folder)


def cell(system: Mapping[str, Any], metric: str) -> str:
    """A mean and its interval; a dash where the metric was not measured."""
    one = system["metrics"].get(metric)
    return "–" if one is None else f"{one['mean']:.3f} ({one['low']:.3f}–{one['high']:.3f})"


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path("docs/quality.md"))
    parser.add_argument("--only", choices=["products"])
    given = parser.parse_args()
    purchases = [products_section(task, given.folder) for task in TASKS if task.kind == "models"]
    if given.only:
        given.out.write_text("\n".join([*others(given.out.read_text(encoding="utf-8")), *purchases]), encoding="utf-8")
        return
    texts = [section(task, given.folder, given.encoder) for task in TASKS if task.kind == "systems"]
    sections = [*texts, *english(given.folder), *purchases]
    given.out.write_text(PAGE.format(sections="\n".join(sections)), encoding="utf-8")


def others(page: str) -> Sequence[str]:
    """The head of a page and its sections that are not about products."""
    titles = {task.title for task in TASKS if task.kind == "models"}
    parts = re.split(r"(?m)^(?=## )", page)
    return [part.rstrip("\n") + "\n" for part in parts if part.partition("\n")[0].removeprefix("## ") not in titles]


if __name__ == "__main__":
    main()
