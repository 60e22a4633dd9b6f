"""Measures docs/catalogue.md: attribute questions with known answers, asked of the production engine.

    python docs/measurements/catalogue.py [FOLDER]

FOLDER, by default `$COPILOT_DATA`, has `catalog_zh_risawoz` and `catalog_en_salesbot`. Each catalogue becomes a
workspace with the encoder that is prepared. Answers are worked out here from the raw files, by code that shares nothing
with what reads the questions; questions that more than 30 % of a catalogue would answer are not asked. `plain` is the
same engine without reading wishes; `found` are the first three products that its catalogue search finds, however little
they match.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from catalogue_shops import Row, Shop, Span, Test, cars, computers, household

from copilot.building import build_all
from copilot.engine.engine import Engine
from copilot.engine.nextbest.sources.message import FULL_SIMILARITY, FULL_WORDS, N_SEARCHED, TEXT_FIELD
from copilot.engine.request import SuggestRequest
from copilot.engine.retrieval import Query, Search
from copilot.runtime import Runtime
from copilot.settings import Settings
from eval.statistics.bootstrap import mean_estimate
from knowledge.adapters import convert
from knowledge.imports import ImportKind, import_file
from knowledge.tables import DEFAULT_TENANT
from knowledge.text import for_encoder
from knowledge.workspace import Workspace, utc_now

SEED, N_EACH, MAX_SHARE = 11, 20, 0.3
PHRASINGS = Path(__file__).with_name("catalogue_phrasings.toml")
KINDS = ("price", "number", "value", "two", "negation", "superlative")
Option = TypeVar("Option")


@dataclass(frozen=True)
class Question:
    """A question with the skus that answer it."""

    text: str
    kind: str
    answers: frozenset[str]


@dataclass
class Answers:
    """What was suggested: for each question whether a product of the first three answers, the share that do, none."""

    hit: list[float] = field(default_factory=list)
    precision: list[float] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)

    def add(self, question: Question, skus: Sequence[str]) -> None:
        right = sum(sku in question.answers for sku in skus[:3])
        self.hit.append(float(right > 0))
        self.precision.append(right / min(3, len(question.answers)))
        self.empty.append(float(not skus))


# The questions.


def questions(
    shop: Shop, language: str, words: Mapping[str, list[str]], rng: np.random.Generator
) -> Iterator[Question]:
    """Of each kind the same number, no two alike."""
    for kind in KINDS:
        seen: set[str] = set()
        for _ in range(N_EACH * 60):
            made = draw(shop, kind, language, words, rng)
            share = len(made.answers) / len(shop.rows)
            if 0 < share <= MAX_SHARE and made.text not in seen:
                seen.add(made.text)
                yield made
            if len(seen) == N_EACH:
                break


def draw(shop: Shop, kind: str, language: str, words: Mapping[str, list[str]], rng: np.random.Generator) -> Question:
    """One question of a kind; it may have any number of answers."""
    named, is_kind = pick(rng, shop.kinds)
    noun = pick(rng, named[language])
    parts = [one(shop, language, words, rng) for one in ASKED[kind](rng)]
    if kind == "superlative":
        text, field_name, highest = extreme(shop, words, rng)
        fitting = {
            sku: row[field_name] for sku, row in shop.rows.items() if is_kind(row) and row[field_name] is not None
        }
        best = (max if highest else min)(fitting.values(), default=None)
        answers = frozenset(sku for sku, value in fitting.items() if value == best)
        carrier = pick(rng, words["extreme_carriers"])
    else:
        joints = [one for one in words["joint"] if kind != "negation" or not re.search("[要、]", one)]
        text = pick(rng, joints).join(part for part, _ in parts)
        tests = [is_kind, *(test for _, test in parts)]
        answers = frozenset(sku for sku, row in shop.rows.items() if all(test(row) for test in tests))
        carrier = pick(rng, words["carriers"])
    return Question(carrier.format(c=text, k=noun).replace("  ", " "), kind, answers)


def price(shop: Shop, language: str, words: Mapping[str, list[str]], rng: np.random.Generator) -> tuple[str, Test]:
    """A limit on the price that no product has exactly."""
    prices = sorted(row["price"] for row in shop.rows.values() if row["price"])
    how = pick(rng, ["price_most", "price_most", "price_least", "price_between", "price_about"])
    low = round_price(prices[int(rng.integers(len(prices)))] * rng.uniform(0.85, 1.15), prices)
    high = round_price(low * rng.uniform(1.25, 1.8), prices)
    spelled = [spell(rng, one, shop.currency, language) for one in (low, high)]
    if how == "price_between" and rng.random() < 0.5:
        spelled[0] = without_unit(rng, low, spelled[0], language)
    text = pick(rng, words[how]).format(p=spelled[0], q=spelled[1])
    limits = {
        "price_most": (0.0, low),
        "price_least": (low, np.inf),
        "price_between": (low, high),
        "price_about": (low * 0.85, low * 1.15),
    }
    least, most = limits[how]
    return text, lambda row: row["price"] is not None and least <= row["price"] <= most


def without_unit(rng: np.random.Generator, amount: float, spelled: str, language: str) -> str:
    """The lower end of a range with its unit left to the upper one: 5千到8千块, 5 to 7k yuan, $300 to 400 dollars."""
    bare = re.sub(r"[^\d.,万千$¥十一二三四五六七八九百]", "", spelled) or spelled
    return bare if "万" in bare or amount < 10_000 else spell(rng, amount, "", language)


def number(shop: Shop, language: str, words: Mapping[str, list[str]], rng: np.random.Generator) -> tuple[str, Test]:
    """A limit on something that is counted."""
    name = pick(rng, list(shop.numbers))
    field_name, thresholds = shop.numbers[name]
    value = float(pick(rng, thresholds))
    spelled = f"{value:g}"
    if language == "zh" and value < 10 and value == int(value) and rng.random() < 0.3:
        spelled = "零一两三四五六七八九"[int(value)]
    text = pick(rng, words[name]).format(v=spelled)

    def holds(row: Row) -> bool:
        return any(compare(name, span, value) for span in row[field_name])

    return text, holds


def compare(name: str, span: Span, value: float) -> bool:
    """Whether what a product has, from a least to a most, is surely as asked."""
    if name.endswith("_least"):
        return span[0] >= value
    return span[1] <= value if name.endswith("_most") else span == (value, value)


def value(shop: Shop, language: str, words: Mapping[str, list[str]], rng: np.random.Generator) -> tuple[str, Test]:
    """A value that products have."""
    named, test = pick(rng, shop.values)
    return pick(rng, words["value"]).format(x=pick(rng, named[language])), test


def refusal(shop: Shop, language: str, words: Mapping[str, list[str]], rng: np.random.Generator) -> tuple[str, Test]:
    """A value that products must not have."""
    named, test = pick(rng, shop.refusals)
    return pick(rng, words["refuse"]).format(x=pick(rng, named[language])), lambda row: not test(row)


def extreme(shop: Shop, words: Mapping[str, list[str]], rng: np.random.Generator) -> tuple[str, str, bool]:
    """The words of a superlative, and the most or least of which field it means."""
    name = pick(rng, list(shop.extremes))
    field_name, highest = shop.extremes[name]
    return pick(rng, words[name]), field_name, highest


ASKED: Mapping[str, Callable[[np.random.Generator], list[Any]]] = {
    "price": lambda _: [price],
    "number": lambda _: [number],
    "value": lambda _: [value],
    "two": lambda rng: pick(rng, [[price, number], [price, value], [value, number]]),
    "negation": lambda rng: pick(rng, [[refusal, price], [refusal, value], [price, refusal]]),
    "superlative": lambda _: [],
}


def pick(rng: np.random.Generator, options: Sequence[Option]) -> Option:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def round_price(amount: float, prices: Sequence[float]) -> float:
    """A price as people say it, which no product has."""
    step = 10.0 ** max(1, np.floor(np.log10(amount)) - 1) * 5 / (5 if amount < 1000 else 1)
    rounded = max(step, round(amount / step) * step)
    while rounded in prices:
        rounded += step / 10
    return float(rounded)


HAN = "零一二三四五六七八九"


def spell(rng: np.random.Generator, amount: float, currency: str, language: str) -> str:
    """A price in one of its spellings."""
    plain, comma = f"{amount:.10g}", f"{amount:,.10g}"
    if language == "en":
        if currency == "USD":
            return pick(rng, [f"${plain}", f"${comma}", f"{plain} dollars", f"{comma} USD", f"{plain} bucks"])
        thousands = [f"{amount / 1000:.10g}k yuan"] if amount >= 1000 else []
        return pick(rng, [f"{plain} yuan", f"¥{comma}", f"{comma} RMB", *thousands])
    if currency == "USD":
        return pick(rng, [f"{plain}美元", f"{plain}刀", f"{plain}美金"])
    if amount >= 10_000:
        wan = amount / 10_000
        spelled = [f"{wan:.10g}万", f"{wan:.10g}万元", f"{wan:.10g}万块", f"{wan:.10g}w", f"{plain}元"]
        if wan == int(wan) and wan < 100:
            spelled.append(f"{in_han(int(wan))}万")
        return pick(rng, spelled)
    spelled = [f"{plain}元", f"{plain}块", f"{plain}块钱", plain]
    if amount % 1000 == 0:
        spelled += [f"{HAN[int(amount // 1000)]}千", f"{amount / 1000:.0f}千块", f"{amount / 1000:.0f}k"]
    elif amount % 100 == 0 and amount >= 1000:
        spelled += [f"{HAN[int(amount // 1000)]}千{HAN[int(amount % 1000 // 100)]}"]
    return pick(rng, spelled)


def in_han(value: int) -> str:
    """A number below 100 in Chinese."""
    tens, ones = divmod(value, 10)
    return ("" if tens == 1 else HAN[tens] if tens else "") + ("十" if tens else "") + (HAN[ones] if ones else "")


# Asking.


def workspaces(folder: Path, out: Path) -> dict[str, Path]:
    """A workspace for each shop, made of its products file alone."""
    convert("risawoz", folder / "catalog_zh_risawoz", out / "zh")
    convert("salesbot", folder / "catalog_en_salesbot", out / "en")
    files = {"household": out / "en/products.jsonl"}
    for name, start in (("computers", "pc-"), ("cars", "car-")):
        files[name] = out / name / "products.jsonl"
        files[name].parent.mkdir()
        lines = (out / "zh/products.jsonl").read_text(encoding="utf-8").splitlines()
        files[name].write_text("\n".join(one for one in lines if json.loads(one)["sku"].startswith(start)))
    for name, path in files.items():
        with closing(Workspace.create(out / f"{name}-workspace")) as made:
            import_file(made.database, DEFAULT_TENANT, ImportKind.PRODUCTS, path, now=utc_now)
            build_all(Settings(workspace=made.folder), made)
    return {name: out / f"{name}-workspace" for name in files}


class NoWishes:
    """Stands in for the reader of wishes: none is ever read."""

    def look(self, *_: object) -> None:
        return None

    def forget(self, _: str) -> None:
        pass


def ask(engine: Engine, asked: Sequence[Question], failed: list[str] | None = None) -> dict[str, Answers]:
    """What an engine suggests, by kind of question and over all."""
    found: dict[str, Answers] = {}
    for question in asked:
        answer, _ = engine.rehearse(SuggestRequest(message=question.text, explain_excluded=False))
        skus = [product.sku for product in answer.products]
        for key in (question.kind, "all"):
            found.setdefault(key, Answers()).add(question, skus)
        if failed is not None and not question.answers & set(skus[:3]):
            failed.append(
                f"{question.kind}: {question.text} -> {skus} of {len(question.answers)} ({answer.products_reason})"
            )
    return found


def ask_search(runtime: Runtime, asked: Sequence[Question]) -> dict[str, Answers]:
    """What the catalogue search finds, words and meaning weighed as the policy weighs them, without any threshold."""
    found: dict[str, Answers] = {}
    view, encoder = runtime.index.products, runtime.engine.encoder
    for question in asked:
        vector = encoder.encode_queries([for_encoder(question.text)])[0]
        encoded: Future[Any] = Future()
        encoded.set_result(vector)
        search = Search(view, Query.of(question.text, encoded), None)
        items = search.find(TEXT_FIELD, N_SEARCHED)
        scores = search.score(TEXT_FIELD, items)
        weighed = 2 * np.minimum(1, scores.similarity / FULL_SIMILARITY) + np.minimum(1, scores.words / FULL_WORDS)
        skus = [view.item_id(int(item)) for item in items[np.argsort(-weighed, kind="stable")[:3]]]
        for key in (question.kind, "all"):
            found.setdefault(key, Answers()).add(question, skus)
    return found


def line(label: str, answers: Answers) -> str:
    """One row of the table."""
    rng = np.random.default_rng(SEED)
    hit = mean_estimate(answers.hit, np.arange(len(answers.hit)), rng, limits=(0.0, 1.0))
    precision = mean_estimate(answers.precision, np.arange(len(answers.hit)), rng, limits=(0.0, 1.0))
    return f"| {label} | {hit} | {precision} | {np.mean(answers.empty):.3f} | {len(answers.hit)} |"


def main() -> None:
    """Ask everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=os.environ.get("COPILOT_DATA"))
    parser.add_argument("--failures", nargs="*", default=[], help="Print the unanswered questions of these phrasings.")
    given = parser.parse_args()
    words = tomllib.loads(PHRASINGS.read_text(encoding="utf-8"))
    total: dict[tuple[str, str, str], Answers] = {}
    with tempfile.TemporaryDirectory() as kept:
        folders = workspaces(given.folder, Path(kept))
        for shop in (computers(given.folder), cars(given.folder), household(given.folder)):
            with closing(Runtime.open(Settings(workspace=folders[shop.name]))) as runtime:
                for part, language in [(name, language) for name, spoken in words.items() for language in spoken]:
                    rng = np.random.default_rng([SEED, len(shop.name), len(part), language == "zh"])
                    asked = list(questions(shop, language, words[part][language], rng))
                    reader, failed = runtime.engine.promoter.wishes, []
                    with_wishes = ask(runtime.engine, asked, failed if part in given.failures else None)
                    runtime.engine.promoter.wishes = NoWishes()  # type: ignore[assignment]
                    plain = ask(runtime.engine, asked)
                    runtime.engine.promoter.wishes = reader
                    systems = {"wishes": with_wishes, "plain": plain, "found": ask_search(runtime, asked)}
                    report(shop, part, language, systems)
                    merge(total, part, "own language" if language == shop.home else "other language", systems)
                    say("\n".join(failed))
    say("\n## Over all shops\n\n| | hit@3 | P@3 | none | n |\n|---|---|---|---|---|")
    for (part, language, system), answers in sorted(total.items()):
        say(line(f"{part}, {language}, {system}", answers))


Systems = Mapping[str, Mapping[str, Answers]]


def report(shop: Shop, part: str, language: str, systems: Systems) -> None:
    """Print the table of one shop, language and set of phrasings."""
    say(f"\n## {shop.name}, {language}, {part}\n\n| | hit@3 | P@3 | none | n |\n|---|---|---|---|---|")
    for system, answers in systems.items():
        for kind in [*KINDS, "all"] if system == "wishes" else ["all"]:
            say(line(f"{kind}, {system}", answers[kind]))


def merge(total: dict[tuple[str, str, str], Answers], part: str, language: str, systems: Systems) -> None:
    """Add a shop's answers to those over all."""
    for system, found in systems.items():
        for kind, answers in found.items():
            kept = total.setdefault((part, f"{language}, {kind}", system), Answers())
            kept.hit += answers.hit
            kept.precision += answers.precision
            kept.empty += answers.empty


def say(text: str) -> None:
    """Write at once, since the whole takes minutes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
