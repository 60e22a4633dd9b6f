"""The shops of docs/measurements/catalogue.py: what can be asked of each, read from the raw files.

Nothing here knows how questions are read; numbers are taken out of texts by expressions of their own.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
Span = tuple[float, float]


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


def same(name: str, said: object) -> Test:
    """Whether a row says just this."""
    return lambda row: row[name] == said


def lists(feature: str) -> Test:
    """Whether a feature is listed."""
    return lambda row: feature in row["features"]


def says(pattern: str) -> Test:
    """Whether the texts of a row say this."""
    return lambda row: re.search(pattern, row["text"], re.IGNORECASE) is not None


def points(numbers: Sequence[object]) -> list[Span]:
    """Numbers as spans of no length."""
    return [(float(str(one)), float(str(one))) for one in numbers if one is not None]


def computers(folder: Path) -> Shop:
    """Chinese computers."""
    rows = {
        f"pc-{n:03d}": computer(raw) for n, raw in enumerate(read(folder / "catalog_zh_risawoz/pc_db.json"), start=1)
    }
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
            ({"zh": ["指纹识别"], "en": ["fingerprint"]}, lists("指纹识别")),
            ({"zh": ["背光键盘"], "en": ["backlit keyboard"]}, lists("背光键盘")),
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
        "graphics": raw["显卡类别"], "colour": raw["色系"],
        "features": raw["特性"].split("，"), "screen": screen,
        "memory": memory, "weight": weight, "battery": battery, "storage": disks(raw["硬盘容量"]),
        "screen_top": screen[0][1] if screen else None, "memory_top": memory[0][1] if memory else None,
        "weight_low": weight[0][0] if weight else None,
    }  # fmt: skip


def cars(folder: Path) -> Shop:
    """Chinese cars."""
    rows = {f"car-{n:03d}": car(raw) for n, raw in enumerate(read(folder / "catalog_zh_risawoz/car_db.json"), start=1)}
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
    return {
        "price": round(raw["价格(万元)"] * 10_000), "type": raw["车型"], "maker": raw["厂商"], "drive": raw["驱动方式"],
        "seats": points([raw["座位数"]]), "power": points([raw["发动机马力(Ps)"]]),
        "fuel": points([raw["综合油耗(L/100km)"]]), "heated": raw["座椅加热"], "cooled": raw["座椅通风"],
        "camera": raw["倒车影像"], "cruise": raw["巡航系统"],
        "energy": raw["能源类型"], "engine": raw["发动机排量(L)"], "power_top": raw["发动机马力(Ps)"],
        "fuel_low": raw["综合油耗(L/100km)"],
    }  # fmt: skip


def household(folder: Path) -> Shop:
    """English goods of six categories."""
    rows = {}
    for path in sorted((folder / "catalog_en_salesbot/products").glob("*.json")):
        for category, goods in read(path).items():
            rows |= {f"{category}-{n:03d}": good(category, raw) for n, raw in enumerate(goods, start=1)}
    return Shop(
        "household",
        rows,
        "USD",
        kinds=[
            ({"zh": ["笔记本电脑", "笔记本"], "en": ["laptop", "notebook"]}, same("type", "laptop")),
            ({"zh": ["电视"], "en": ["TV", "television"]}, same("type", "tv")),
            ({"zh": ["床垫"], "en": ["mattress"]}, same("type", "mattress")),
            ({"zh": ["咖啡机"], "en": ["coffee maker", "coffee machine"]}, same("type", "coffee-makers")),
            ({"zh": ["吸尘器"], "en": ["vacuum", "vacuum cleaner"]}, same("type", "vacuum-cleaners")),
            ({"zh": ["吉他"], "en": ["guitar"]}, same("type", "guitar")),
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
            ({"zh": ["Samsung"], "en": ["Samsung"]}, same("brand", "samsung")),
            ({"zh": ["TCL"], "en": ["TCL"]}, same("brand", "tcl")),
            ({"zh": ["HP"], "en": ["HP"]}, same("brand", "hp")),
            ({"zh": ["OLED"], "en": ["OLED"]}, says(r"\boled\b")),
            ({"zh": ["触屏"], "en": ["a touch screen"]}, says(r"touch[- ]?screen")),
            ({"zh": ["HEPA"], "en": ["a HEPA filter"]}, says(r"\bhepa\b")),
            ({"zh": ["memory foam"], "en": ["memory foam"]}, says("memory foam")),
        ],
        refusals=[
            ({"zh": ["Samsung"], "en": ["Samsung"]}, same("brand", "samsung")),
            ({"zh": ["HP的"], "en": ["HP"]}, same("brand", "hp")),
            ({"zh": ["TCL的"], "en": ["TCL"]}, same("brand", "tcl")),
            ({"zh": ["Casper的"], "en": ["Casper"]}, same("brand", "casper")),
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
    return {
        "price": float(amount[1].replace(",", "")) if amount else None, "type": category, "text": text,
        "brand": re.split(r"[ \-]", name)[0].lower(), "screen": points(screen[:1]), "memory": points(memory),
        "storage": points([float(n) * (1024 if unit.upper() == "TB" else 1) for n, unit in storage]),
        "cups": points(cups), "screen_top": float(screen[0]) if screen else None,
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


def read(path: Path) -> Any:  # noqa: ANN401  # JSON
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
