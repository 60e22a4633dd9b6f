"""A catalogue in a file, so that opening a shop need not read every product's facts anew.

The file says up to which change of the library it was made and by which rules its texts were read; whoever opens it
reads again what changed since, and one made by other rules is not taken.
"""

import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knowledge.catalogue import amounts, facts, lexicon, phrases, shelf
from knowledge.catalogue.catalogue import Catalogue
from knowledge.catalogue.facts import Measure, ProductRow, Value
from knowledge.catalogue.phrases import Vocabulary, aliases_of
from knowledge.catalogue.shelf import Column, Naming, Shelf
from knowledge.text import reading

FILE_NAME: Final = "catalogue.npz"
_RULES: Final = (amounts, facts, phrases, shelf)
_FORMAT: Final = b"1"
_UNKNOWN_PRICE: Final = -1

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class StoredCatalogue:
    """A catalogue as it was after a change; its rows have sku, price and currency only."""

    catalogue: Catalogue
    seq: int

    @classmethod
    def load(cls, path: Path) -> "StoredCatalogue | None":
        """What `save` wrote; None where there is no such file, or one that cannot be used here any more."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                if str(stored["rules"]) != rules():
                    return None
                return cls(Catalogue.on(_shelf({name: stored[name] for name in stored.files})), int(stored["seq"]))
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
            return None

    def save(self, path: Path) -> None:
        """Write the file beside its place and move it there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.new")
        arrays = {"rules": np.array(rules()), "seq": np.array(self.seq), **_arrays(self.catalogue.base)}
        with aside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        aside.replace(path)


def rules() -> str:
    """Changes with everything that decides what a product's row says: words, tables and code."""
    total = sha256(_FORMAT + reading().encode() + lexicon.FILE.read_bytes())
    for module in _RULES:
        total.update(Path(str(module.__file__)).read_bytes())
    return total.hexdigest()[:16]


def _arrays(base: Shelf) -> Arrays:
    values = {value: number for number, value in enumerate(base.values)}
    words = base.vocabulary
    return {
        "skus": _packed([row.sku for row in base.rows]),
        "prices": np.array([_UNKNOWN_PRICE if row.price_fen is None else row.price_fen for row in base.rows], np.int64),
        "currencies": _packed([row.currency for row in base.rows]),
        "brands": _packed(sorted(base.naming.brands)),
        "kinds": _packed(sorted(base.naming.kinds)),
        "values": _packed([list(value) for value in base.values]),
        **_lists("value", base.values.values()),
        "measures": _packed([list(measure) for measure in base.columns]),
        **_lists("measure", (column.products for column in base.columns.values())),
        "low": np.concatenate([np.zeros(0), *(column.low for column in base.columns.values())]),
        "high": np.concatenate([np.zeros(0), *(column.high for column in base.columns.values())]),
        **_phrases("strong", words.strong, values),
        **_phrases("weak", words.weak, values),
    }


def _shelf(arrays: Mapping[str, NDArray[Any]]) -> Shelf:
    prices = [None if fen == _UNKNOWN_PRICE else fen for fen in arrays["prices"].tolist()]
    skus, currencies = _unpacked(arrays["skus"]), _unpacked(arrays["currencies"])
    rows = tuple(
        ProductRow(sku, "", "", "", price, currency, (), {})
        for sku, price, currency in zip(skus, prices, currencies, strict=True)
    )
    values = [Value(*names) for names in _unpacked(arrays["values"])]
    measures = [Measure(*names) for names in _unpacked(arrays["measures"])]
    attributes = dict.fromkeys([*(one.attribute for one in values), *(one.attribute for one in measures)])
    return Shelf(
        rows,
        np.array([row.price for row in rows], np.float64),
        shelf.grouped(currencies),
        dict(zip(values, _split("value", arrays), strict=True)),
        dict(zip(measures, _columns(arrays), strict=True)),
        Vocabulary(
            _named("strong", arrays, values),
            _named("weak", arrays, values),
            {attribute: aliases_of(attribute) for attribute in attributes},
            set(measures),
        ),
        Naming(frozenset(_unpacked(arrays["brands"])), frozenset(_unpacked(arrays["kinds"]))),
    )


def _columns(arrays: Mapping[str, NDArray[Any]]) -> Iterator[Column]:
    spans = pairwise(arrays["measure_starts"].tolist())
    for products, (start, stop) in zip(_split("measure", arrays), spans, strict=True):
        yield Column(products, arrays["low"][start:stop], arrays["high"][start:stop])


def _phrases(name: str, named: Mapping[str, set[Value]], numbers: Mapping[Value, int]) -> Arrays:
    lists = (np.array(sorted(numbers[value] for value in values), np.int32) for values in named.values())
    return {f"{name}_phrases": _packed(list(named)), **_lists(name, lists)}


def _named(name: str, arrays: Mapping[str, NDArray[Any]], values: Sequence[Value]) -> dict[str, set[Value]]:
    lists = (numbers.tolist() for numbers in _split(name, arrays))
    return {
        phrase: {values[number] for number in numbers}
        for phrase, numbers in zip(_unpacked(arrays[f"{name}_phrases"]), lists, strict=True)
    }


def _lists(name: str, lists: Iterable[NDArray[np.int32]]) -> Arrays:
    """Lists one after the other, and where each starts."""
    kept = list(lists)
    starts = np.cumsum([0, *map(len, kept)])
    return {f"{name}_numbers": np.concatenate([np.zeros(0, np.int32), *kept]), f"{name}_starts": starts}


def _split(name: str, arrays: Mapping[str, NDArray[Any]]) -> Iterator[NDArray[np.int32]]:
    numbers = arrays[f"{name}_numbers"]
    return (numbers[start:stop] for start, stop in pairwise(arrays[f"{name}_starts"].tolist()))


def _packed(content: Sequence[object]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(content, ensure_ascii=True).encode(), np.uint8)


def _unpacked(packed: NDArray[Any]) -> list[Any]:
    content: list[Any] = json.loads(packed.tobytes())
    return content
