"""Measures docs/catalogue.md: attribute questions with known answers, asked of the production engine.

    python docs/measurements/catalogue.py [FOLDER]

FOLDER, by default `$COPILOT_DATA`, has `catalog_zh_risawoz` and `catalog_en_salesbot`. Each catalogue becomes a workspace
with the encoder that is prepared. Answers are worked out here from the raw files, by code that shares nothing with what
reads the questions; questions that more than 30 % of a catalogue would answer are not asked. `plain` is the same engine
without reading wishes; `found` are the first three products that its catalogue search finds, however little they match.
"""

import argparse
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

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
Row = Mapping[str, Any]
Test = Callable[[Row], bool]
Draw = Callable[[np.random.Generator, Mapping[str, list[str]], str], tuple[str, Test]]


@dataclass(frozen=True)
class Shop:
    """A catalogue: raw rows by sku, the kinds of things it sells, the criteria that can be asked."""

    name: str
    rows: Mapping[str, Row]
    currency: str
    kinds: Sequence[tuple[Mapping[str, Sequence[str]], Test]]
    numbers: Mapping[str, tuple[str, Sequence[float]]]
    values: Sequence[tuple[Mapping[str, Sequence[str]], Test]]
    refusals: Sequence[tuple[Mapping[str, Sequence[str]], Test]]
    extremes: Mapping[str, tuple[str, bool]]
    home: str


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
        spelled = [re.sub(r"[^\d.,万千$¥十一二三四五六七八九百]", "", spelled[0]) or spelled[0], spelled[1]]
        spelled = (
            [spelled[0], spelled[1]]
            if "万" in spelled[0] or low < 10_000
            else [spell(rng, low, "", language), spelled[1]]
        )
    text = pick(rng, words[how]).format(p=spelled[0], q=spelled[1])
    limits = {
        "price_most": (0.0, low),
        "price_least": (low, np.inf),
        "price_between": (low, high),
        "price_about": (low * 0.85, low * 1.15),
    }
    least, most = limits[how]
    return text, lambda row: row["price"] is not None and least <= row["price"] <= most


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


def compare(name: str, span: tuple[float, float], value: float) -> bool:
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


def pick(rng: np.random.Generator, options: Sequence[Any]) -> Any:
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


# The shops, from the raw files.


def computers(folder: Path) -> Shop:
    """Chinese computers."""
    rows = {
        f"pc-{n:03d}": computer(raw) for n, raw in enumerate(read(folder / "catalog_zh_risawoz/pc_db.json"), start=1)
    }
    same = lambda field_name, text: lambda row: row[field_name] == text
    has = lambda text: lambda row: text in row["features"]
    return Shop(
        "computers",
        rows,
        "CNY",
        kinds=[
            ({"zh": ["电脑"], "en": ["computer"]}, lambda _: True),
            ({"zh": ["笔记本", "笔记本电脑"], "en": ["laptop"]}, same("type", "笔记本")),
            ({"zh": ["台式机", "台式电脑"], "en": ["desktop"]}, same("type", "台式机")),
        ],
        numbers={
            "screen_least": ("screen", [15, 16, 21, 23]),
            "screen_most": ("screen", [14, 13.5]),
            "memory_exact": ("memory", [16, 64]),
            "memory_least": ("memory", [16]),
            "storage_least": ("storage", [1000]),
            "weight_most": ("weight", [1.5, 2]),
            "battery_least": ("battery", [7, 8, 9]),
        },
        values=[
            ({"zh": ["i7", "i7处理器"], "en": ["i7", "an i7 processor"]}, same("cpu", "i7")),
            ({"zh": ["i9"], "en": ["i9"]}, same("cpu", "i9")),
            ({"zh": ["集成显卡", "集显"], "en": ["integrated graphics"]}, same("graphics", "集成显卡")),
            ({"zh": ["联想"], "en": ["Lenovo"]}, same("brand", "联想")),
            ({"zh": ["戴尔"], "en": ["Dell"]}, same("brand", "戴尔")),
            ({"zh": ["小米"], "en": ["Xiaomi"]}, same("brand", "小米")),
            ({"zh": ["指纹识别"], "en": ["fingerprint"]}, has("指纹识别")),
            ({"zh": ["背光键盘"], "en": ["backlit keyboard"]}, has("背光键盘")),
            ({"zh": ["黑色"], "en": ["black"]}, same("colour", "黑色系")),
            ({"zh": ["银色"], "en": ["silver"]}, same("colour", "银色系")),
            ({"zh": ["轻薄"], "en": ["ultrabook"]}, same("style", "轻薄本")),
        ],
        refusals=[
            ({"zh": ["联想的", "联想"], "en": ["Lenovo"]}, same("brand", "联想")),
            ({"zh": ["苹果的", "苹果"], "en": ["Apple"]}, same("brand", "苹果")),
            ({"zh": ["惠普的"], "en": ["HP"]}, same("brand", "惠普")),
            ({"zh": ["银色的", "银色"], "en": ["silver"]}, same("colour", "银色系")),
            ({"zh": ["集成显卡的"], "en": ["integrated graphics"]}, same("graphics", "集成显卡")),
        ],
        extremes={
            "cheapest": ("price", False),
            "dearest": ("price", True),
            "largest_screen": ("screen_top", True),
            "largest_memory": ("memory_top", True),
            "lightest": ("weight_low", False),
        },
        home="zh",
    )


def computer(raw: Row) -> dict[str, Any]:
    """What is asked of a computer."""
    memory, screen = span(raw["内存容量"]), span(raw["屏幕尺寸"])
    weight, battery = span(raw["裸机重量"]), span(raw["待机时长"])
    return {
        "price": raw["价格"], "brand": raw["品牌"], "type": raw["产品类别"], "style": raw["分类"], "cpu": raw["CPU"],
        "graphics": raw["显卡类别"], "colour": raw["色系"], "features": raw["特性"].split("，"), "screen": screen,
        "memory": memory, "weight": weight, "battery": battery, "storage": disks(raw["硬盘容量"]),
        "screen_top": screen[0][1] if screen else None, "memory_top": memory[0][1] if memory else None,
        "weight_low": weight[0][0] if weight else None,
    }  # fmt: skip


def cars(folder: Path) -> Shop:
    """Chinese cars."""
    rows = {f"car-{n:03d}": car(raw) for n, raw in enumerate(read(folder / "catalog_zh_risawoz/car_db.json"), start=1)}
    same = lambda field_name, text: lambda row: row[field_name] == text
    return Shop(
        "cars",
        rows,
        "CNY",
        kinds=[
            ({"zh": ["车"], "en": ["car"]}, lambda _: True),
            ({"zh": ["SUV", "suv"], "en": ["SUV"]}, same("type", "SUV")),
            ({"zh": ["MPV"], "en": ["MPV"]}, same("type", "MPV")),
            ({"zh": ["三厢车"], "en": ["sedan"]}, same("type", "三厢车")),
        ],
        numbers={
            "seats_exact": ("seats", [4, 7]),
            "power_least": ("power", [170, 190, 200]),
            "fuel_most": ("fuel", [5.5, 5.6, 5.7]),
        },
        values=[
            ({"zh": ["四驱"], "en": ["four-wheel drive", "AWD"]}, same("drive", "四驱")),
            ({"zh": ["座椅通风"], "en": ["ventilated seats"]}, same("cooled", True)),
            ({"zh": ["座椅加热", "带座椅加热"], "en": ["heated seats"]}, same("heated", True)),
            ({"zh": ["带倒车影像", "倒车影像"], "en": ["a reversing camera", "rear camera"]}, same("camera", True)),
            ({"zh": ["自适应巡航"], "en": ["adaptive cruise control"]}, same("cruise", "自适应巡航")),
            ({"zh": ["插电混动"], "en": ["plug-in hybrid"]}, same("energy", "插电式混合动力")),
            ({"zh": ["1.4T"], "en": ["1.4T engine"]}, same("engine", "1.4T")),
            ({"zh": ["进口大众"], "en": ["imported 进口大众"]}, same("maker", "进口大众")),
        ],
        refusals=[
            ({"zh": ["SUV"], "en": ["SUV"]}, same("type", "SUV")),
            ({"zh": ["两驱的", "两驱"], "en": ["two-wheel drive"]}, same("drive", "两驱")),
            ({"zh": ["三厢的"], "en": ["sedan"]}, same("type", "三厢车")),
            ({"zh": ["上汽大众的"], "en": ["上汽大众"]}, same("maker", "上汽大众")),
        ],
        extremes={
            "cheapest": ("price", False),
            "dearest": ("price", True),
            "strongest": ("power_top", True),
            "thriftiest": ("fuel_low", False),
        },
        home="zh",
    )


def car(raw: Row) -> dict[str, Any]:
    """What is asked of a car."""
    point = lambda number: [(float(number), float(number))] if number is not None else []
    return {
        "price": round(raw["价格(万元)"] * 10_000), "type": raw["车型"], "maker": raw["厂商"], "drive": raw["驱动方式"],
        "seats": point(raw["座位数"]), "power": point(raw["发动机马力(Ps)"]), "fuel": point(raw["综合油耗(L/100km)"]),
        "heated": raw["座椅加热"], "cooled": raw["座椅通风"], "camera": raw["倒车影像"], "cruise": raw["巡航系统"],
        "energy": raw["能源类型"], "engine": raw["发动机排量(L)"], "power_top": raw["发动机马力(Ps)"],
        "fuel_low": raw["综合油耗(L/100km)"],
    }  # fmt: skip


def household(folder: Path) -> Shop:
    """English goods of six categories."""
    rows = {}
    for path in sorted((folder / "catalog_en_salesbot/products").glob("*.json")):
        for category, goods in read(path).items():
            rows |= {f"{category}-{n:03d}": good(category, raw) for n, raw in enumerate(goods, start=1)}
    of = lambda category: lambda row: row["type"] == category
    says = lambda pattern: lambda row: re.search(pattern, row["text"], re.IGNORECASE) is not None
    brand = lambda name: lambda row: row["brand"] == name
    return Shop(
        "household",
        rows,
        "USD",
        kinds=[
            ({"zh": ["笔记本电脑", "笔记本"], "en": ["laptop", "notebook"]}, of("laptop")),
            ({"zh": ["电视"], "en": ["TV", "television"]}, of("tv")),
            ({"zh": ["床垫"], "en": ["mattress"]}, of("mattress")),
            ({"zh": ["咖啡机"], "en": ["coffee maker", "coffee machine"]}, of("coffee-makers")),
            ({"zh": ["吸尘器"], "en": ["vacuum", "vacuum cleaner"]}, of("vacuum-cleaners")),
            ({"zh": ["吉他"], "en": ["guitar"]}, of("guitar")),
        ],
        numbers={
            "screen_least": ("screen", [15, 17, 50, 60, 65, 70]),
            "screen_most": ("screen", [13.5, 14, 45, 50]),
            "memory_exact": ("memory", [4, 8, 16]),
            "memory_least": ("memory", [16]),
            "storage_least": ("storage", [500, 512]),
            "cups_exact": ("cups", [8, 10, 12, 14]),
        },
        values=[
            ({"zh": ["i7"], "en": ["Intel Core i7", "i7"]}, says(r"\bi7\b")),
            ({"zh": ["Samsung"], "en": ["Samsung"]}, brand("samsung")),
            ({"zh": ["TCL"], "en": ["TCL"]}, brand("tcl")),
            ({"zh": ["HP"], "en": ["HP"]}, brand("hp")),
            ({"zh": ["OLED"], "en": ["OLED"]}, says(r"\boled\b")),
            ({"zh": ["触屏"], "en": ["a touch screen"]}, says(r"touch[- ]?screen")),
            ({"zh": ["HEPA"], "en": ["a HEPA filter"]}, says(r"\bhepa\b")),
            ({"zh": ["memory foam"], "en": ["memory foam"]}, says("memory foam")),
        ],
        refusals=[
            ({"zh": ["Samsung"], "en": ["Samsung"]}, brand("samsung")),
            ({"zh": ["HP的"], "en": ["HP"]}, brand("hp")),
            ({"zh": ["TCL的"], "en": ["TCL"]}, brand("tcl")),
            ({"zh": ["Casper的"], "en": ["Casper"]}, brand("casper")),
        ],
        extremes={"cheapest": ("price", False), "dearest": ("price", True), "largest_screen": ("screen_top", True)},
        home="en",
    )


def good(category: str, raw: Row) -> dict[str, Any]:
    """What is asked of a thing for the house."""
    text = " ; ".join([raw["name"], raw.get("description") or "", *raw.get("features", [])])
    amount = re.search(r"\$\s*([\d,]+(?:\.\d+)?)", raw.get("price") or "")
    name = raw["name"]
    screen = re.findall(r"(\d\d(?:\.\d)?)\s?(?:\"|-?\s?inch)", name) if category in ("laptop", "tv") else []
    memory = re.findall(r"(\d+)\s?GB (?:memory|ram)", text, re.IGNORECASE)
    storage = re.findall(r"(\d+)\s?(GB|TB) (?:SSD|solid state|hard|eMMC|flash)", text, re.IGNORECASE)
    cups = re.findall(r"(\d+)[- ]cups?\b", text, re.IGNORECASE) if category == "coffee-makers" else []
    point = lambda numbers: [(float(one), float(one)) for one in numbers]
    return {
        "price": float(amount[1].replace(",", "")) if amount else None, "type": category, "text": text,
        "brand": re.split(r"[ \-]", name)[0].lower(), "screen": point(screen[:1]), "memory": point(memory),
        "storage": point([float(n) * (1024 if unit.upper() == "TB" else 1) for n, unit in storage]),
        "cups": point(cups), "screen_top": float(screen[0]) if screen else None,
    }  # fmt: skip


def span(text: str) -> list[tuple[float, float]]:
    """The least and the most of a text such as 7-9小时, 小于5小时 and 15.6英寸; nothing where there is no number."""
    numbers = [float(one) for one in re.findall(r"\d+(?:\.\d+)?", text)]
    if not numbers:
        return []
    if "小于" in text:
        return [(0.0, numbers[0])]
    return [(numbers[0], np.inf)] if "以上" in text else [(numbers[0], numbers[-1])]


def disks(text: str) -> list[tuple[float, float]]:
    """Each disk in GB."""
    sizes = [float(n) * (1024 if unit.startswith("T") else 1) for n, unit in re.findall(r"(\d+)(GB|TB|T)", text)]
    return [(size, size) for size in sizes]


def read(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


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
                for part, language in ((part, language) for part in words for language in words[part]):
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
                    print("\n".join(failed))
    print("\n## Over all shops\n")
    for (part, language, system), answers in sorted(total.items()):
        print(line(f"{part}, {language}, {system}", answers))


Systems = Mapping[str, Mapping[str, Answers]]


def report(shop: Shop, part: str, language: str, systems: Systems) -> None:
    """Print the table of one shop, language and set of phrasings."""
    print(f"\n## {shop.name}, {language}, {part}\n\n| | hit@3 | P@3 | none | n |\n|---|---|---|---|---|")
    for system, answers in systems.items():
        for kind in [*KINDS, "all"] if system == "wishes" else ["all"]:
            print(line(f"{kind}, {system}", answers[kind]), flush=True)


def merge(total: dict[tuple[str, str, str], Answers], part: str, language: str, systems: Systems) -> None:
    """Add a shop's answers to those over all."""
    for system, found in systems.items():
        for kind, answers in found.items():
            kept = total.setdefault((part, f"{language}, {kind}", system), Answers())
            kept.hit += answers.hit
            kept.precision += answers.precision
            kept.empty += answers.empty


if __name__ == "__main__":
    main()
