"""RiSAWOZ: two Chinese catalogues, computers and cars, whose attributes become a description and JSON attributes."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from knowledge.adapters.source import json_document
from knowledge.errors import ImportFileError

YUAN_PER_WAN = 10_000


def tables(folder: Path) -> Mapping[str, Iterable[Mapping[str, object]]]:
    """The products of `pc_db.json` and `car_db.json`."""
    return {"products": _products(folder)}


def _products(folder: Path) -> Iterator[dict[str, object]]:
    for number, row in enumerate(_rows(folder / "pc_db.json"), start=1):
        yield _product(
            f"pc-{number:03d}", row, name="商品名称", category="产品类别", brand="品牌", price=row.get("价格")
        )
    for number, row in enumerate(_rows(folder / "car_db.json"), start=1):
        wan = row.get("价格(万元)")
        price = round(float(str(wan)) * YUAN_PER_WAN, 2) if wan is not None else None
        yield _product(f"car-{number:03d}", row, name="名称", category="车型", brand="厂商", price=price)


def _product(
    sku: str, row: Mapping[str, object], *, name: str, category: str, brand: str, price: object
) -> dict[str, object]:
    facts = {key: value for key, value in row.items() if key not in (name, category, brand)}
    return {
        "sku": sku,
        "name": f"{row[name]} {row['CPU型号']}" if "CPU型号" in row else str(row[name]),
        "category": str(row.get(category, "")),
        "brand": str(row.get(brand, "")),
        "price": "" if price is None else str(price),
        "currency": "CNY",
        "description": "，".join(f"{key}{_said(value)}" for key, value in facts.items()),
        "attributes": facts,
        "status": "active",
    }


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "：有" if value else "：无"
    return f"：{value}"


def _rows(path: Path) -> list[dict[str, object]]:
    found = json_document(path)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ImportFileError(f"{path}: expected a JSON list of objects")
    return found
