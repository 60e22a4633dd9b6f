"""How well the relevant documents are found as there are more others to choose from."""

import json
from pathlib import Path

import numpy as np

from copilot.evaluation.retrieval import EncodedData, Progress
from copilot.evaluation.systems import open_system
from eval.metrics.ranking import as_run, measure_rankings
from eval.report.growth import Growth, LibraryGrowth, LibrarySize
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate

METRIC = "R@10"
DEPTH = 10
SMALLEST = 250
FACTOR = 2
GROWTH_FILE = "growth.json"


def library_sizes(n_documents: int) -> list[int]:
    """250, 500, 1,000 … and all."""
    sizes = []
    size = SMALLEST
    while size < n_documents:
        sizes.append(size)
        size *= FACTOR
    return [*sizes, n_documents]


def measure_growth(encoded: EncodedData, rng: np.random.Generator, progress: Progress) -> LibraryGrowth:
    """`R@10` of each system in ever larger parts of the corpus.

    A part has the documents relevant to the query at hand and the first of the others in one random order.
    """
    data, corpus, options = encoded.data, encoded.corpus, encoded.options
    place_of = {document.id: place for place, document in enumerate(data.documents)}
    order = rng.permutation(len(data.documents))
    relevant = [[place_of[name] for name in data.qrels[query.id]] for query in data.queries]
    sizes = library_sizes(len(data.documents))
    found = []
    for name in options.systems:
        rank = open_system(name, corpus, options.policy)
        points = []
        for done, size in enumerate(sizes, start=1):
            others = order[:size].tolist()
            run = {
                query.id: as_run([data.documents[i].id for i in rank(one, corpus.only([*others, *own]), DEPTH).items])
                for query, one, own in zip(data.queries, encoded.asked, relevant, strict=True)
            }
            values = measure_rankings(data.qrels, run, [METRIC])[METRIC]
            points.append(LibrarySize(size, mean_estimate(values, np.arange(len(values)), rng, limits=(0.0, 1.0))))
            progress(done, len(sizes), f"growing: {name}")
        found.append(Growth(name.value, tuple(points)))
    return LibraryGrowth(METRIC, tuple(found))


def write_growth(growth: LibraryGrowth, folder: Path) -> None:
    """Keep a curve beside a run."""
    systems = {
        one.system: [{"n_items": size.n_items, **size.estimate.to_dict()} for size in one.sizes]
        for one in growth.systems
    }
    text = json.dumps({"metric": growth.metric, "systems": systems}, indent=1)
    (folder / GROWTH_FILE).write_text(text + "\n", encoding="utf-8")


def read_growth(folder: Path) -> LibraryGrowth | None:
    """The curve kept beside a run, if there is one."""
    path = folder / GROWTH_FILE
    if not path.is_file():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    return LibraryGrowth(
        kept["metric"],
        tuple(
            Growth(
                system,
                tuple(
                    LibrarySize(one["n_items"], Estimate(one["mean"], one["low"], one["high"], one["n"]))
                    for one in sizes
                ),
            )
            for system, sizes in kept["systems"].items()
        ),
    )
