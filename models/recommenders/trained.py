"""A trained recommender with the products it knows, as a folder.

recommender.json    kind, format, what it was learned from, and a hash of every other file
items.json          the sku of each item number
model/              what the recommender itself wrote
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.recommenders.files import unreadable
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags
from models.recommenders.recommender import ProfileReader, Recommender, scores_with
from models.recommenders.registry import RECOMMENDERS

MANIFEST_FILE = "recommender.json"
ITEMS_FILE = "items.json"
MODEL_FOLDER = "model"
FORMAT = 1


@dataclass(frozen=True)
class TrainedOn:
    """What a recommender has learned from; days as its lines count them, none where there was no line."""

    n_lines: int
    n_customers: int
    n_items: int
    first_day: float | None
    last_day: float | None

    @classmethod
    def of(cls, lines: PurchaseLines) -> "TrainedOn":
        """What these lines are; customers and items without a line do not count."""
        days = (float(lines.days.min()), float(lines.days.max())) if len(lines) else (None, None)
        return cls(len(lines), len(np.unique(lines.customers)), len(np.unique(lines.items)), *days)


@dataclass(frozen=True)
class TrainedRecommender:
    """A recommender of a registered kind, and the sku of each of its items."""

    kind: str
    skus: tuple[str, ...]
    trained_on: TrainedOn
    model: Recommender

    @classmethod
    def fit(
        cls, kind: str, lines: PurchaseLines, skus: Sequence[str], profiles: ProfileTags | None = None
    ) -> "TrainedRecommender":
        """Learn from lines whose item numbers index `skus`, and from profiles of their customers if this kind can.

        Raises:
            ModelError: there is no such kind, or not one sku for each item, or not one profile for each customer.
        """
        if len(skus) != lines.n_items:
            raise ModelError(f"{len(skus)} skus for {lines.n_items} items; expected one each")
        if kind not in RECOMMENDERS:
            raise ModelError(f"no recommender is called {kind!r}; expected one of {', '.join(RECOMMENDERS)}")
        return cls(kind, tuple(skus), TrainedOn.of(lines), RECOMMENDERS[kind].fit_with(lines, profiles))

    @classmethod
    def load(cls, folder: Path) -> "TrainedRecommender":
        """What `save` wrote.

        Raises:
            ModelError: a file is missing or damaged, or of another version; names it and what to do.
        """
        manifest = _read_manifest(folder)
        _check_files(folder, manifest)
        skus: list[str] = json.loads((folder / ITEMS_FILE).read_text(encoding="utf-8"))
        model = RECOMMENDERS[manifest["kind"]].load(folder / MODEL_FOLDER)
        return cls(manifest["kind"], tuple(skus), TrainedOn(**manifest["trained_on"]), model)

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The tags of customers that change what it recommends."""
        return self.model.tag_names if isinstance(self.model, ProfileReader) else ()

    def save(self, folder: Path) -> None:
        """Write into a folder, the manifest last; one that was interrupted is refused by `load`."""
        self.model.save(folder / MODEL_FOLDER)
        _write(folder / ITEMS_FILE, list(self.skus))
        files = {ITEMS_FILE: folder / ITEMS_FILE}
        files |= {path.relative_to(folder).as_posix(): path for path in sorted((folder / MODEL_FOLDER).rglob("*"))}
        hashes = {name: _sha256(path) for name, path in files.items() if path.is_file()}
        manifest = {"format": FORMAT, "kind": self.kind, "trained_on": asdict(self.trained_on), "files": hashes}
        _write(folder / MANIFEST_FILE, manifest)

    def for_items(self, skus: Sequence[str]) -> Recommender:
        """The same recommender for lines whose item numbers index other skus; those it does not know get -inf."""
        if tuple(skus) == self.skus:
            return self.model
        numbers = {sku: number for number, sku in enumerate(self.skus)}
        return _Renumbered(self.model, np.array([numbers.get(sku, -1) for sku in skus], np.int64), len(self.skus))


@dataclass(frozen=True)
class _Renumbered:
    """A model that gets other item numbers: `own` are those it knows the items by, -1 where it does not."""

    model: Recommender
    own: NDArray[np.int64]
    n_own: int

    @property
    def tag_names(self) -> tuple[str, ...]:
        return self.model.tag_names if isinstance(self.model, ProfileReader) else ()

    def scores(
        self, histories: PurchaseLines, today: float, profiles: ProfileTags | None = None
    ) -> NDArray[np.float32]:
        known = histories.take(self.own[histories.items] >= 0)
        known = replace(known, items=self.own[known.items], n_items=self.n_own)
        found = scores_with(self.model, known, today, profiles)
        scores = np.full((histories.n_customers, len(self.own)), -np.inf, np.float32)
        scores[:, self.own >= 0] = found[:, self.own[self.own >= 0]]
        return scores

    def save(self, folder: Path) -> None:
        self.model.save(folder)


def is_recommender(folder: Path) -> bool:
    """Whether a folder holds what `TrainedRecommender.save` wrote, damaged or not."""
    return (folder / MANIFEST_FILE).is_file()


def _read_manifest(folder: Path) -> Mapping[str, Any]:
    path = folder / MANIFEST_FILE
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        facts = (manifest["format"], manifest["kind"], TrainedOn(**manifest["trained_on"]), dict(manifest["files"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from error
    if facts[0] != FORMAT or facts[1] not in RECOMMENDERS:
        found = f"format {facts[0]!r} and kind {facts[1]!r}"
        raise unreadable(path, f"{found}; expected format {FORMAT} and one of {', '.join(RECOMMENDERS)}")
    return dict(manifest)


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    for name in (ITEMS_FILE, *manifest["files"]):
        path = folder / name
        try:
            found = _sha256(path)
        except OSError as error:
            raise unreadable(path, error) from error
        if found != manifest["files"].get(name):
            raise unreadable(path, "it is not what was written")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, value: object) -> None:
    """Write JSON beside its place and move it there."""
    aside = path.with_name(f"{path.name}.new")
    aside.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(path)
