"""Measures duplicate detection in docs/library-health.md and draws docs/images/duplicates.svg.

    python docs/measurements/duplicates.py DATA [--cache FILE.npz]

DATA is the folder of labelled question pairs: LCQMC_dev.txt, BQ_corpus_dev.csv, ATEC_CCKS_dev.csv and
ATEC_atec_nlp_sim_train.csv. 3,000 pairs of each dev set are measured on; 6,000 of ATEC train and up to 2,000 each of
what is left of LCQMC and BQ, of no question that is measured on, are what weights and thresholds are chosen by.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from copilot.encoding import NoEncoder, load_encoder
from copilot.settings import Settings
from eval.metrics.classification import auroc
from eval.report import numbers
from eval.report.plots.frame import WIDTH, Axis, across, grid, upwards
from eval.report.plots.svg import drawing, element, polyline
from eval.statistics.estimate import Estimate
from eval.statistics.pooled import weighted_estimates
from knowledge.duplicates.evidence import FEATURES, N_ALIKE, Places, evidence
from knowledge.duplicates.similarity import IN_A_LIST, MEASURED, NUMBERS_WEIGHT, THRESHOLD
from knowledge.duplicates.wordings import wordings_of
from knowledge.text import canonical, for_encoder

FILES = {
    "LCQMC": "LCQMC_dev.txt",
    "BQ": "BQ_corpus_dev.csv",
    "ATEC": "ATEC_CCKS_dev.csv",
    "ATEC train": "ATEC_atec_nlp_sim_train.csv",
}
DEV = ("LCQMC", "BQ", "ATEC")
FIT = {"LCQMC": ("LCQMC", 2000), "BQ": ("BQ", 2000), "ATEC": ("ATEC train", 6000)}
N_MEASURED = 3000
N_AT_ONCE = 256
SEED = 7
RIDGE = 1e-4
GRID = np.round(np.arange(0.01, 0.991, 0.01), 2)
METHODS = {"cosine": (0,), "letters": tuple(range(1, len(FEATURES))), "combined": tuple(range(len(FEATURES)))}
IMAGE = Path(__file__).parents[1] / "images" / "duplicates.svg"
COLOURS = {"LCQMC": "#1f5fbf", "BQ": "#b5542b", "ATEC": "#3d7a3d"}
HEIGHT = 330.0

Labelled = tuple[str, str, bool]


@dataclass(frozen=True)
class Table:
    """The evidence on labelled pairs, and which first question each belongs to."""

    rows: NDArray[np.float64]
    same: NDArray[np.bool_]
    questions: NDArray[np.str_]

    def columns(self, method: str) -> NDArray[np.float64]:
        """The evidence that a method looks at."""
        return self.rows[:, METHODS[method]]


@dataclass(frozen=True)
class Model:
    """A fitted method and the threshold of its greatest mean F1 over the sets it was fitted on."""

    method: str
    intercept: float
    weights: NDArray[np.float64]
    threshold: float = 0.5

    def similarities(self, table: Table) -> NDArray[np.float64]:
        return np.asarray(expit(self.intercept + table.columns(self.method) @ self.weights), np.float64)


def read_pairs(path: Path) -> list[Labelled]:
    """The pairs of one file; tabs or commas, with or without a heading and a number in front."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        by_commas = path.name == FILES["BQ"]
        rows = [
            row[-3:] for row in (csv.reader(file) if by_commas else (line.rstrip("\r\n").split("\t") for line in file))
        ]
    return [(one.lstrip("\ufeff"), other.lstrip("\ufeff"), label == "1") for one, other, label in rows if label in "01"]


def split(folder: Path) -> tuple[dict[str, list[Labelled]], dict[str, list[Labelled]]]:
    """What is measured on and what is fitted to, by set; the latter has no question of the former."""
    rng = np.random.default_rng(SEED)
    shuffled = {name: _shuffled(read_pairs(folder / file), rng) for name, file in FILES.items()}
    measured = {name: shuffled[name][:N_MEASURED] for name in DEV}
    asked = {canonical(text) for pairs in measured.values() for pair in pairs for text in pair[:2]}
    rest = {name: pairs[N_MEASURED if name in DEV else 0 :] for name, pairs in shuffled.items()}
    fitted = {
        name: [pair for pair in rest[source] if not asked & {canonical(pair[0]), canonical(pair[1])}][:n]
        for name, (source, n) in FIT.items()
    }
    return measured, fitted


def vectors_of(texts: Sequence[str], cache: Path) -> NDArray[np.float32]:
    """The default encoder's vectors, from the cache where it holds these very texts."""
    if cache.is_file():
        kept = np.load(cache)
        if kept["texts"].tolist() == list(texts):
            return np.asarray(kept["vectors"], np.float32)
    encoder = load_encoder(Settings(threads=1))
    if isinstance(encoder, NoEncoder):
        sys.exit(encoder.reason)
    starts = range(0, len(texts), N_AT_ONCE)
    vectors = np.concatenate([encoder.encode_queries(texts[start : start + N_AT_ONCE]) for start in starts])
    np.savez(cache, texts=np.array(texts), vectors=vectors)
    return vectors


def tables_of(
    sets: Mapping[str, Sequence[Labelled]], texts: Sequence[str], vectors: NDArray[np.float32]
) -> dict[str, Table]:
    """The evidence on every set."""
    place, wordings = {text: i for i, text in enumerate(texts)}, wordings_of(texts)
    tables = {}
    for name, pairs in sets.items():
        left, right = (np.array([place[for_encoder(pair[side])] for pair in pairs]) for side in (0, 1))
        same, questions = np.array([pair[2] for pair in pairs]), np.array([canonical(pair[0]) for pair in pairs])
        tables[name] = Table(evidence(wordings, vectors, Places(left, right)), same, questions)
    return tables


def fit(method: str, fitted: Mapping[str, Table]) -> Model:
    """Weights of the right signs that make the labels likeliest, each set counting alike."""
    rows = np.concatenate([table.columns(method) for table in fitted.values()])
    signs = np.concatenate([np.where(table.same, 1.0, -1.0) for table in fitted.values()])
    counts = np.concatenate([np.full(len(table.same), 1 / len(table.same)) for table in fitted.values()])
    middle = rows.mean(axis=0)

    def loss(parameters: NDArray[np.float64]) -> float:
        margins = signs * (parameters[0] + (rows - middle) @ parameters[1:])
        return (
            float(counts @ np.logaddexp(0.0, -margins)) / len(fitted)
            + RIDGE * float(parameters[1:] @ parameters[1:]) / 100
        )

    bounds = [(None, None), *(_bounds(column) for column in METHODS[method])]
    found = minimize(loss, np.zeros(len(bounds)), bounds=bounds, method="L-BFGS-B", options={"maxiter": 1000}).x
    model = Model(method, float(found[0] - middle @ found[1:]), np.asarray(found[1:]))
    means = np.mean([curve(model, table)[:, 2] for table in fitted.values()], axis=0)
    return Model(method, model.intercept, model.weights, float(GRID[int(np.argmax(means))]))


def curve(model: Model, table: Table) -> NDArray[np.float64]:
    """Precision, recall and F1 at each threshold of the grid, shape (n_thresholds, 3)."""
    said = model.similarities(table)[:, np.newaxis] >= GRID
    return scores(table.same, said, np.ones((1, len(table.same)), np.intp))[0]


def scores(same: NDArray[np.bool_], said: NDArray[np.bool_], counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Precision, recall and F1, shape (n_samples, n_thresholds, 3), when pairs count as often as each sample says."""
    right = counts @ (said & same[:, np.newaxis])
    claimed, true = counts @ said, (counts @ same)[:, np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([right / claimed, right / true + 0 * claimed, 2 * right / (claimed + true)], axis=-1)


def measured_scores(model: Model, table: Table, threshold: float) -> list[Estimate | None]:
    """Precision, recall and F1 with intervals over questions."""
    said = (model.similarities(table) >= threshold)[:, np.newaxis]
    return weighted_estimates(
        lambda counts: scores(table.same, said, counts)[:, 0], table.questions, np.random.default_rng(SEED)
    )


def own_threshold(model: Model, table: Table) -> float:
    """The threshold of the greatest F1 on one set."""
    return float(GRID[int(np.argmax(curve(model, table)[:, 2]))])


def report(models: Mapping[str, Model], measured: Mapping[str, Table], fitted: Mapping[str, Table]) -> Iterator[str]:
    """The fitted numbers, and the table of the document."""
    best = models["combined"]
    in_a_list = own_threshold(best, fitted["LCQMC"])
    yield f"intercept {best.intercept:.2f}, weights {dict(zip(FEATURES, best.weights.round(2).tolist(), strict=True))}"
    yield f"thresholds {best.threshold}, in a list {in_a_list}; in the code {MEASURED}, {THRESHOLD}, {IN_A_LIST}\n"
    yield "| set | same | method | threshold | precision | recall | F1 | AUROC |"
    yield "|---|---:|---|---:|---:|---:|---:|---:|"
    for name, table in measured.items():
        yield f"| {name} | {table.same.mean():.0%} | everything the same | | | | {_trivial(table):.3f} | 0.500 |"
        for model in models.values():
            yield _line(name, table, model, model.threshold, model.method)
        yield _line(name, table, best, in_a_list, "combined, in a list")
        yield _line(name, table, best, own_threshold(best, fitted[name]), "combined, chosen for the set")


def draw(model: Model, measured: Mapping[str, Table]) -> str:
    """F1 over the threshold, a line a set, with both thresholds marked."""
    x, y = across(0.0, 1.0), upwards(0.0, 1.0, HEIGHT)
    lines, names = [], []
    for position, (name, table) in enumerate(measured.items()):
        points = [(x(at), y(f1)) for at, f1 in zip(GRID.tolist(), curve(model, table)[:, 2].tolist(), strict=True)]
        lines.append(polyline(points, f"curve {name}"))
        names.append(
            element("text", name, x=x.stop - 8, y=y.stop + 16 + 16 * position, text_anchor="end", class_=f"name {name}")
        )
    marks = [
        element("line", x1=x(at), x2=x(at), y1=y.start, y2=y.stop, class_="threshold") for at in (THRESHOLD, IN_A_LIST)
    ]
    picture = drawing(
        WIDTH,
        HEIGHT,
        element("style", Markup(_style())),  # noqa: S704 - our own text
        grid(Axis(x, "threshold", numbers.tick), Axis(y, "F1", numbers.tick)),
        *marks,
        *lines,
        *names,
        title="F1 of duplicate detection over the threshold",
        description="One line for each of three sets of labelled pairs; the dashed lines are the thresholds in use.",
    )
    return str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def main() -> None:
    """Print the numbers and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("duplicates.npz"))
    given = parser.parse_args()
    measured, fitted = split(given.data)
    every = [pair for sets in (measured, fitted) for pairs in sets.values() for pair in pairs]
    texts = sorted({for_encoder(text) for pair in every for text in pair[:2]})
    vectors = vectors_of(texts, given.cache)
    measured_tables, fitted_tables = (tables_of(sets, texts, vectors) for sets in (measured, fitted))
    models = {method: fit(method, fitted_tables) for method in METHODS}
    sys.stdout.write("\n".join(report(models, measured_tables, fitted_tables)) + "\n")
    IMAGE.write_text(draw(models["combined"], measured_tables), encoding="utf-8")


def _shuffled(pairs: Sequence[Labelled], rng: np.random.Generator) -> list[Labelled]:
    return [pairs[i] for i in rng.permutation(len(pairs))]


def _bounds(column: int) -> tuple[float | None, float | None]:
    if FEATURES[column] == "numbers":
        return NUMBERS_WEIGHT, NUMBERS_WEIGHT
    return (0.0, None) if column < N_ALIKE else (None, 0.0)


def _trivial(table: Table) -> float:
    share = float(table.same.mean())
    return 2 * share / (1 + share)


def _line(name: str, table: Table, model: Model, threshold: float, title: str) -> str:
    cells = [
        f"{one.mean:.3f} ({one.low:.3f}–{one.high:.3f})" if one else "—"
        for one in measured_scores(model, table, threshold)
    ]
    area = auroc(model.similarities(table), table.same)
    return f"| {name} | | {title} | {threshold:.2f} | {' | '.join(cells)} | {area:.3f} |"


def _style() -> str:
    lines = " ".join(
        f".{name} {{ stroke: {colour} }} text.{name} {{ fill: {colour}; stroke: none }}"
        for name, colour in COLOURS.items()
    )
    return (
        "svg { background: #fff } text { font: 11px sans-serif; fill: #444 } .grid { stroke: #ddd } "
        ".curve { fill: none; stroke-width: 2 } .threshold { stroke: #777; stroke-dasharray: 4 3 } " + lines
    )


if __name__ == "__main__":
    main()
