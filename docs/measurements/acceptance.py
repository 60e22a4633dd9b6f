"""Measures docs/library-health.md, acceptance: fits the weights of knowledge/acceptance.py and says how well it tells.

    python docs/measurements/acceptance.py

Made from the sample brand's scripts, half of them to fit and half to measure. Sent after a script was shown: the script
with the small changes its agents make, with words of their own in front or behind, a part of it, clauses left out and
moved, or all that together; otherwise a stock sentence, a few characters that the script has too, or another script.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from copilot.encoding import NoEncoder, load_encoder
from copilot.sample import phrases
from copilot.sample.brand import Script, load_brand
from copilot.settings import Settings
from eval.statistics.bootstrap import mean_estimate
from knowledge.acceptance import MEASURED, THRESHOLD, Weights, likeness
from knowledge.text import for_encoder

Item = TypeVar("Item")
SEED = 7
RIDGE = 1e-3
N_AT_ONCE = 256
FROM_SHOWN = ("small changes", "words added", "a part", "clauses moved", "a part, changed, words added")
KINDS = (*FROM_SHOWN, "stock sentence", "words of the script", "other script, same topic", "other script")
SLOTS = {
    "customer.name": "小雨",
    "product.name": "云苔舒缓喷雾",
    "product.price": "79",
    "agent.name": "阿禾",
    "shop.name": "霁禾",
    "order.id": "2026110200017",
    "order.status": "已发货，运输中",
}
STOCK_SLOTS = {"name": "小雨", "agent": "阿禾", "product": "云苔舒缓喷雾", "price": "79", "category": "喷雾"}
CLAUSE = re.compile(r"[^，。！？；,.!?;]+[，。！？；,.!?;]*")
STOCK = (
    *phrases.AGENT_HELLO,
    *phrases.AGENT_THANKS,
    *phrases.AGENT_BYE,
    *phrases.AGENT_REASSURE,
    *phrases.FREEHAND_PRODUCT,
    *(text for texts in phrases.FREEHAND.values() for text in texts),
)


@dataclass(frozen=True)
class Case:
    """What was shown, what was sent, and how the one was made of the other."""

    kind: str
    shown: str
    sent: str

    @property
    def is_from_shown(self) -> bool:
        return self.kind in FROM_SHOWN


def cases(scripts: Sequence[Script], rng: np.random.Generator) -> Iterator[Case]:
    """One case of every kind a script, where it can be made."""
    for script in scripts:
        text = filled(script.text)
        topic = topic_of(script)
        siblings = [one for one in scripts if topic_of(one) == topic and one.text != script.text]
        others = [one for one in scripts if topic_of(one) != topic]
        made = {
            "small changes": small_changes(text, rng),
            "words added": words_added(text, rng),
            "a part": part(text, rng, least=0.34, most=0.75),
            "clauses moved": clauses_moved(text, rng),
            "a part, changed, words added": words_added(small_changes(part(text, rng, least=0.15, most=0.5), rng), rng),
            "words of the script": words_of(text, rng),
            "stock sentence": filled(_pick(STOCK, rng)),
            "other script, same topic": filled(_pick(siblings, rng).text) if siblings else text,
            "other script": filled(_pick(others, rng).text),
        }
        yield from (Case(kind, text, sent) for kind, sent in made.items() if sent != text)


def small_changes(text: str, rng: np.random.Generator) -> str:
    """Some of the changes agents make before sending, one at least where any fits."""
    fitting = [(usual, other) for usual, other in phrases.EDITS if usual in text]
    chosen = [change for change in fitting if rng.random() < 0.35] or fitting[:1]
    for usual, other in chosen:
        text = text.replace(usual, other, 1)
    return text


def words_added(text: str, rng: np.random.Generator) -> str:
    """A stock sentence in front or behind."""
    added = filled(_pick((*phrases.AGENT_HELLO, *phrases.AGENT_REASSURE, *phrases.AGENT_BYE), rng))
    return f"{added} {text}" if rng.random() < 0.5 else f"{text} {added}"


def words_of(text: str, rng: np.random.Generator) -> str:
    """Two to five characters that the script has too, as an agent's own short reply may: a product, 您好, 可以的."""
    n = int(rng.integers(2, 6))
    start = int(rng.integers(max(1, len(text) - n)))
    return text[start : start + n].strip() or text[:2]


def part(text: str, rng: np.random.Generator, *, least: float, most: float) -> str:
    """So large a share of the clauses, in a row."""
    clauses = CLAUSE.findall(text)
    n = max(1, round(len(clauses) * rng.uniform(least, most)))
    start = int(rng.integers(len(clauses) - n + 1))
    return "".join(clauses[start : start + n])


def clauses_moved(text: str, rng: np.random.Generator) -> str:
    """One clause left out and two neighbours exchanged, where there are so many."""
    clauses = CLAUSE.findall(text)
    if len(clauses) < 4:
        return text
    del clauses[int(rng.integers(len(clauses)))]
    at = int(rng.integers(len(clauses) - 1))
    clauses[at], clauses[at + 1] = clauses[at + 1], clauses[at]
    return "".join(clauses)


def filled(text: str) -> str:
    """The text with every slot filled."""
    for name, value in SLOTS.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text.format(**STOCK_SLOTS)


def topic_of(script: Script) -> str:
    """What a title names before its colon."""
    return script.title.partition("：")[0]


def table_of(all_cases: Sequence[Case], encode: Callable[[Sequence[str]], NDArray[np.float32]]) -> NDArray[np.float64]:
    """The likenesses of every case, shape (n_cases, 3)."""
    texts = list(dict.fromkeys(for_encoder(text) for case in all_cases for text in (case.shown, case.sent)))
    place = {text: i for i, text in enumerate(texts)}
    starts = range(0, len(texts), N_AT_ONCE)
    vectors = np.concatenate([encode(texts[start : start + N_AT_ONCE]) for start in starts])
    return np.array(
        [
            likeness(one.sent, one.shown, float(vectors[sent] @ vectors[shown]))
            for one in all_cases
            for sent, shown in [(place[for_encoder(one.sent)], place[for_encoder(one.shown)])]
        ]
    )


def fit(table: NDArray[np.float64], is_from_shown: NDArray[np.bool_]) -> Weights:
    """Weights of zero or more under which the cases are likeliest, both kinds counting alike."""
    signs = np.where(is_from_shown, 1.0, -1.0)
    counts = np.where(is_from_shown, 0.5 / is_from_shown.sum(), 0.5 / (~is_from_shown).sum())

    def loss(parameters: NDArray[np.float64]) -> float:
        margins = signs * (parameters[0] + table @ parameters[1:])
        return float(counts @ np.logaddexp(0.0, -margins)) + RIDGE * float(parameters[1:] @ parameters[1:]) / 100

    bounds = [(None, None), *[(0.0, None)] * table.shape[1]]
    found = minimize(loss, np.zeros(len(bounds)), bounds=bounds, method="L-BFGS-B", options={"maxiter": 2000}).x
    return Weights(*(round(float(value), 2) for value in found))


def lines(all_cases: Sequence[Case], chances: NDArray[np.float64]) -> Iterator[str]:
    """The share of each kind that was taken to come from what was shown, then precision and recall."""
    said = chances >= THRESHOLD
    truth = np.array([case.is_from_shown for case in all_cases])
    yield "| sent | n | taken to come from what was shown | mean confidence in that |\n|---|---:|---:|---:|"
    for kind in KINDS:
        rows = np.array([case.kind == kind for case in all_cases])
        yield f"| {kind} | {rows.sum()} | {_share(said[rows])} | {chances[rows].mean():.2f} |"
    yield f"\nprecision {_share(truth[said])}, recall {_share(said[truth])}"
    for low, high in pairwise((0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0001)):
        rows = (chances >= low) & (chances < high)
        if rows.any():
            span = f"{low:.1f}–{min(high, 1.0):.1f}"
            yield f"| {span} | {rows.sum()} | {chances[rows].mean():.2f} | {_share(truth[rows])} |"


def main() -> None:
    """Print the fitted weights and the tables."""
    encoder = load_encoder(Settings(threads=1))
    if isinstance(encoder, NoEncoder):
        sys.exit(encoder.reason)
    rng = np.random.default_rng(SEED)
    scripts = [one for one in load_brand().scripts if one.status == "published"]
    topics = rng.permutation(sorted({topic_of(one) for one in scripts}))
    for_fit = set(topics[: len(topics) // 2].tolist())
    fitted = list(cases([one for one in scripts if topic_of(one) in for_fit], rng))
    measured = list(cases([one for one in scripts if topic_of(one) not in for_fit], rng))
    weights = fit(table_of(fitted, encoder.encode_passages), np.array([case.is_from_shown for case in fitted]))
    chances = weights.probabilities(table_of(measured, encoder.encode_passages))
    sys.stdout.write(f"{weights}; in the code {MEASURED}\n\n" + "\n".join(lines(measured, chances)) + "\n")


def _pick(among: Sequence[Item], rng: np.random.Generator) -> Item:
    return among[int(rng.integers(len(among)))]


def _share(flags: NDArray[np.bool_]) -> str:
    found = mean_estimate(flags.astype(float), np.arange(len(flags)), np.random.default_rng(SEED), limits=(0.0, 1.0))
    return f"{found.mean:.3f} ({found.low:.3f}–{found.high:.3f})"


if __name__ == "__main__":
    main()
