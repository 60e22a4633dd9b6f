"""The hand-written content of the sample brand, read into frozen rows."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, get_args

Goal = Literal["conversion", "satisfaction"]
AttributeValue = str | int | float | bool | list[str]


@dataclass(frozen=True)
class Product:
    """One row of products.csv."""

    sku: str
    name: str
    category: str
    brand: str
    price: float
    currency: str
    stock: int
    description: str
    attributes: dict[str, AttributeValue]
    tags: tuple[str, ...]
    audience: str
    replenish_days: int | None
    status: str
    url: str
    image: str

    @property
    def is_sold(self) -> bool:
        """Whether it can be bought today."""
        return self.status == "active"

    @property
    def skin_types(self) -> frozenset[str]:
        """Who it is made for; empty when skin does not matter."""
        value = self.attributes.get("skin_types", [])
        return frozenset(value) if isinstance(value, list) else frozenset()


@dataclass(frozen=True)
class Script:
    """One row of scripts.csv; `audience` is kept as the JSON text that stands there, empty scenes mean all."""

    id: str
    text: str
    kind: str
    title: str
    triggers: tuple[str, ...]
    stage: str
    scenes: tuple[str, ...]
    channels: tuple[str, ...]
    audience: str
    skus: tuple[str, ...]
    scope: str
    owner: str
    valid_from: str
    valid_to: str
    status: str


@dataclass(frozen=True)
class PlannedEffect:
    """What a script is for, and what it adds to the probability of a sale or of a satisfied customer (0.08 = 8 points).

    Attributes:
        why: What makes it better or worse than its siblings, in the words of whoever planned it.
    """

    script_id: str
    need: str
    effect: float
    goal: Goal
    why: str


@dataclass(frozen=True)
class ShopAgent:
    """An agent as shop.json lists them."""

    agent_id: str
    name: str
    team: str


@dataclass(frozen=True)
class Shop:
    """What shop.json says about the brand itself."""

    name: str
    name_en: str
    hours: str
    agents: tuple[ShopAgent, ...]


@dataclass(frozen=True)
class Brand:
    """All the content the generator draws on."""

    products: tuple[Product, ...]
    scripts: tuple[Script, ...]
    plan: tuple[PlannedEffect, ...]
    shop: Shop


def brand_folder() -> Traversable:
    """The folder with products.csv, scripts.csv, documents and the other content files."""
    return files("copilot.sample") / "brand"


def load_brand(folder: Traversable | None = None) -> Brand:
    """The content of the given folder, by default the one that ships with the package.

    Raises:
        FileNotFoundError: A content file is missing.
        ValueError: A number cannot be read, or the plan names a script that scripts.csv does not hold.
    """
    folder = folder or brand_folder()
    products, scripts = load_products(folder), load_scripts(folder)
    plan = load_plan(folder)
    unknown = {planned.script_id for planned in plan} - {script.id for script in scripts}
    if unknown:
        raise ValueError(f"truth_plan.json names scripts that scripts.csv does not hold: {sorted(unknown)}")
    return Brand(products=products, scripts=scripts, plan=plan, shop=load_shop(folder))


def load_products(folder: Traversable) -> tuple[Product, ...]:
    """The catalogue, in the order of the file."""
    return tuple(_product(row) for row in _rows(folder / "products.csv"))


def load_scripts(folder: Traversable) -> tuple[Script, ...]:
    """The script library, in the order of the file."""
    return tuple(_script(row) for row in _rows(folder / "scripts.csv"))


def load_shop(folder: Traversable) -> Shop:
    """The brand's name, hours and agents."""
    content = json.loads((folder / "shop.json").read_text(encoding="utf-8"))
    return Shop(
        name=content["name"],
        name_en=content["name_en"],
        hours=content["hours"],
        agents=tuple(ShopAgent(entry["id"], entry["name"], entry["team"]) for entry in content["agents"]),
    )


def load_plan(folder: Traversable) -> tuple[PlannedEffect, ...]:
    """The effects to plant, in the order of the file."""
    planned = json.loads((folder / "truth_plan.json").read_text(encoding="utf-8"))["scripts"]
    unknown = {entry["outcome"] for entry in planned.values()} - set(get_args(Goal))
    if unknown:
        raise ValueError(f"truth_plan.json has outcomes {sorted(unknown)}; expected {get_args(Goal)}")
    return tuple(
        PlannedEffect(script_id, entry["need"], float(entry["effect"]), entry["outcome"], entry["why"])
        for script_id, entry in planned.items()
    )


def _rows(file: Traversable) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))


def _list(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _product(row: dict[str, str]) -> Product:
    return Product(
        sku=row["sku"],
        name=row["name"],
        category=row["category"],
        brand=row["brand"],
        price=float(row["price"]),
        currency=row["currency"],
        stock=int(row["stock"]),
        description=row["description"],
        attributes=json.loads(row["attributes"] or "{}"),
        tags=_list(row["tags"]),
        audience=row["audience"],
        replenish_days=int(row["replenish_days"]) if row["replenish_days"] else None,
        status=row["status"],
        url=row["url"],
        image=row["image"],
    )


def _script(row: dict[str, str]) -> Script:
    return Script(
        id=row["id"],
        text=row["text"],
        kind=row["kind"],
        title=row["title"],
        triggers=_list(row["triggers"]),
        stage=row["stage"],
        scenes=_list(row["scene"]),
        channels=_list(row["channels"]),
        audience=row["audience"],
        skus=_list(row["skus"]),
        scope=row["scope"],
        owner=row["owner"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        status=row["status"],
    )
