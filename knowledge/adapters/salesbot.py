"""SalesBot: six English product catalogues and a buying guide for each, which becomes a document."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from knowledge.adapters.source import json_document
from knowledge.errors import ImportFileError

PRICE = re.compile(r"\$\s*([\d,]+(?:\.\d+)?)")


def tables(folder: Path) -> Mapping[str, Iterable[Mapping[str, object]]]:
    """The products of `products/*.json`."""
    return {"products": _products(folder / "products")}


def guides(folder: Path) -> Mapping[str, str]:
    """The buying guides of `guides.json`, by category.

    Raises:
        ImportFileError: the file is not an object of texts.
    """
    path = folder / "guides.json"
    found = json_document(path)
    if not isinstance(found, dict):
        raise ImportFileError(f"{path}: expected a JSON object of guides")
    return {str(category): str(text) for category, text in found.items()}


def _products(folder: Path) -> Iterator[dict[str, object]]:
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise ImportFileError(f"{folder}: expected catalogues named *.json")
    for path in paths:
        catalogue = json_document(path)
        if not isinstance(catalogue, dict):
            raise ImportFileError(f"{path}: expected a JSON object of category and products")
        for category, rows in catalogue.items():
            for number, row in enumerate(rows, start=1):
                yield _product(f"{category}-{number:03d}", category, row)


def _product(sku: str, category: str, row: Mapping[str, object]) -> dict[str, object]:
    features = row.get("features")
    listed = [str(feature) for feature in features] if isinstance(features, list) else []
    price = PRICE.search(str(row.get("price", "")))
    return {
        "sku": sku,
        "name": str(row["name"]),
        "category": category,
        "price": price.group(1).replace(",", "") if price else "",
        "currency": "USD",
        "description": " ".join([str(row.get("description", "")), *listed]).strip(),
        "status": "active",
    }
