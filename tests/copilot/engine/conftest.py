"""Small random shops with everything that keeps products back, and the plain facts they were made of."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from copilot.building import learn_affinity
from copilot.engine.compliance import RuleBook
from copilot.engine.engine import Engine
from copilot.engine.nextbest.models import LearnedProducts, ProductModels
from copilot.engine.policy import Policy
from copilot.engine.setup import EngineSetup, ShopProfile
from copilot.product_settings import read_product_rules
from copilot.segments import learn_segments
from copilot.training.workspace_orders import workspace_history
from knowledge.index.library_index import LibraryIndex
from knowledge.tables import (
    DEFAULT_TENANT,
    Customer,
    CustomerTag,
    Decision,
    DecisionKind,
    Event,
    Order,
    OrderLine,
    Product,
    SuggestionSet,
)
from knowledge.workspace import Workspace
from models.encoders.hashing import HashEncoder
from models.recommenders.learned.model import Learned, LearnedSettings
from models.recommenders.learned.trees import TreeSettings

N_PRODUCTS, N_PEOPLE = 30, 14
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
THINGS = ("面霜", "精华", "面膜", "手霜", "白酒", "打火机")
BUSY, EAGER = 13, 11
"""Customers with more order lines, and with more events, than are read for a message."""
CAPS = (10_000, 4, 2)
CATEGORIES = (
    "护肤",
    "护肤/面部",
    "礼品",
    "红酒杯",
    "Wine Glasses",
    "无酒精饮料",
    "护肤/烟酰胺精华",
    "alcohol-free",
    "药妆",
)
REGULATED_CATEGORIES = (
    *(
        "食品/酒類/白酒",
        "酒类>葡萄酒",
        "红 酒",
        "進口干紅葡萄酒",
        "Craft-Beer",
        "ＷＩＮＥ & Spirits",
        "食品 - 酒",
        "名酒茅台",
    ),
    *("烟草制品", "TOBACCO", "E-Cigarettes", "烟酒", "感冒藥", "OTC_medicines", "医疗器械/血压计", "嬰幼兒奶粉"),
)
TAGS = ("会员", "敏感肌", "油皮", "送礼")
GOODS_TAGS = (*TAGS, "non-alcoholic", "啤酒杯", "香烟", "煙 草", "Whiskies", "处方药")
SHOPS: tuple[dict[str, object], ...] = (
    {},
    {
        "unknown_gender": "allow",
        "quiet_hours": {"from": "22:00", "until": "08:00"},
        "price_tiers": [
            {"from": 100, "scenes": ["direct"]},
            {"from": 2000, "scenes": []},
            {"from": 50, "currency": "USD", "scenes": ["direct"]},
        ],
        "objectives": {"service": 0.5, "conversion": 2, "referral": 1},
        "gift_tags": ["送礼", "啤酒杯"],
    },
    {
        "allowed": ["葡萄酒"],
        "regulated": ["面膜"],
        "price_tiers": [],
        "complaint_days": 2,
        "quiet_hours": {"from": "12:00", "until": "14:00"},
    },
)


@dataclass(frozen=True)
class Bought:
    """A line of an order."""

    order_id: str
    sku: str
    at: datetime
    status: str


@dataclass(frozen=True)
class Done:
    """An event."""

    kind: str
    at: datetime
    object: str
    value: str


@dataclass(frozen=True)
class Sent:
    """What an agent did with something that was suggested."""

    set_id: str
    rank: int
    item_kind: str
    kind: DecisionKind
    at: datetime


@dataclass(frozen=True)
class Person:
    """A customer, as the rules see one."""

    id: str
    gender: str
    tags: tuple[str, ...]
    bought: tuple[Bought, ...]
    events: tuple[Done, ...]
    sent: tuple[Sent, ...]


@dataclass(repr=False)
class Shop:
    """A workspace with its engine, and the plain facts it was made of."""

    workspace: Workspace
    number: int
    products: dict[str, dict[str, object]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    index: LibraryIndex | None = None
    engine: Engine | None = None

    def __repr__(self) -> str:
        return f"shop {self.number}"


def random_product(random: np.random.Generator, number: int) -> dict[str, object]:
    thing = pick(random, THINGS, 1)[0]
    audiences: list[dict[str, object]] = [
        {},
        {},
        {"gender": "female"},
        {"gender": "male", "unknown_gender": "allow"},
        {"gender": "female", "unknown_gender": "deny"},
        {"all": ["会员"]},
        {"none": ["油皮"], "gender": "female"},
    ]
    return {
        "sku": f"p{number}",
        "name": f"{thing}{number}号",
        "category": str(random.choice(CATEGORIES if random.random() < 0.6 else REGULATED_CATEGORIES)),
        "description": f"{thing}，推荐一款{thing}",
        "tags": pick(random, (*TAGS, *GOODS_TAGS), int(random.integers(0, 3))),
        "price_fen": None if random.random() < 0.1 else int(random.choice([4_900, 10_000, 149_999, 150_000, 200_000])),
        "currency": str(random.choice(["CNY"] * 5 + ["USD", "EUR"])),
        "stock": None if random.random() < 0.1 else int(random.choice([0, 1, 8, 8, 8])),
        "status": str(random.choice(["active"] * 8 + ["inactive", "discontinued"])),
        "replenish_days": int(random.choice([20, 40])) if random.random() < 0.6 else None,
        "audience": audiences[int(random.integers(len(audiences)))],
        "attributes": {"scent": str(random.choice(["花香", "木香", "无香"]))},
    }


def random_person(random: np.random.Generator, number: int) -> Person:
    bought: dict[tuple[str, str], Bought] = {}
    for basket in range(int(random.integers(0, 6))):
        at = NOON - timedelta(days=float(random.uniform(0.5, 90)))
        status = str(random.choice(["delivered"] * 12 + ["paid", "shipped", "refunded", "cancelled", "refunding"]))
        for sku in pick(random, tuple(f"p{n}" for n in range(N_PRODUCTS)), int(random.integers(1, 4))):
            bought[f"o{number}-{basket}", sku] = Bought(f"o{number}-{basket}", sku, at, status)
    if number == BUSY:
        bought = {(one.order_id, one.sku): one for one in random_regular(random, number)}
    kinds = ["view", "view", "coupon", "campaign"] + ["complaint"] * (number % 4 == 0 or number == EAGER)
    kinds += ["coupon"] * 30 * (number == EAGER)
    events = tuple(
        Done(
            str(random.choice(kinds)),
            NOON - timedelta(days=float(random.uniform(0.1, 12))),
            f"product:p{random.integers(N_PRODUCTS)}",
            (NOON + timedelta(days=int(random.integers(-5, 15)))).date().isoformat(),
        )
        for _ in range(60 if number == EAGER else int(random.integers(0, 5)))
    )
    gender, tags = str(random.choice(["female", "male", ""])), pick(random, TAGS, int(random.integers(0, 3)))
    return Person(f"c{number}", gender, tuple(tags), tuple(bought.values()), events, random_sent(random, number))


def random_regular(random: np.random.Generator, number: int) -> Iterator[Bought]:
    """Over five hundred lines of ten products within three weeks, and a few orders of other ones before."""
    for basket in range(70):
        is_early = basket < 12
        at = NOON - timedelta(days=float(random.uniform(22, 70) if is_early else random.uniform(0.5, 21)))
        status = str(random.choice(["delivered"] * 8 + ["refunded", "cancelled"]))
        skus = tuple(f"p{n}" for n in (range(10, 26) if is_early else range(10)))
        for sku in pick(random, skus, 2 if is_early else 9):
            yield Bought(f"o{number}-{basket}", sku, at, status)


def random_sent(random: np.random.Generator, number: int) -> tuple[Sent, ...]:
    """What agents sent or put aside in the last days; the same of one answer perhaps twice."""
    return tuple(
        Sent(
            f"s{number}-{random.integers(4)}",
            int(random.integers(1, 3)),
            str(random.choice(["product", "product", "reply"])),
            DecisionKind(str(random.choice(["accept", "edit", "freehand", "dismiss"]))),
            NOON - timedelta(days=float(random.uniform(0.1, 10))),
        )
        for _ in range(int(random.integers(0, 12)))
    )


def pick(random: np.random.Generator, choices: tuple[str, ...], n: int) -> list[str]:
    return list(dict.fromkeys(str(each) for each in random.choice(choices, n, replace=False)))


def make_shop(folder: Path, number: int, seed: int, *, is_trained: bool = False) -> Shop:
    random = np.random.default_rng(seed)
    shop = Shop(Workspace.create(folder), number)
    shop.products = {f"p{n}": random_product(random, n) for n in range(N_PRODUCTS)}
    shop.people = {f"c{n}": random_person(random, n) for n in range(N_PEOPLE)}
    with shop.workspace.database.write() as session:
        session.add_all(rows_of(shop))
    (folder / "shop.json").write_text(json.dumps({"products": SHOPS[number]}), encoding="utf-8")
    open_engine(shop, is_trained=is_trained)
    return shop


def open_engine(shop: Shop, *, is_trained: bool = False) -> None:
    database, encoder = shop.workspace.database, HashEncoder()
    affinity, _ = learn_affinity(database, DEFAULT_TENANT)
    shop.index = LibraryIndex.open(shop.workspace.index_folder, database, DEFAULT_TENANT, encoder)
    setup = EngineSetup(
        tenant_id=DEFAULT_TENANT,
        policy=Policy(product_threshold=0.05, max_promotions_per_week=CAPS[shop.number]),
        rules=RuleBook.load(),
        models=ProductModels.of(
            affinity, learn_segments(database, DEFAULT_TENANT), learned_products(shop) if is_trained else None
        ),
        shop=ShopProfile("栖白"),
        product_rules=read_product_rules(shop.workspace.folder),
    )
    shop.engine = Engine(database, shop.index, encoder, setup, clock=lambda: NOON)


def learned_products(shop: Shop) -> LearnedProducts:
    """What a recommender learns from the few orders of a shop."""
    history = workspace_history(shop.workspace.database, DEFAULT_TENANT, "shop")
    few = LearnedSettings(threads=1, trees=TreeSettings(n_trees=30, min_rows_in_leaf=10))
    return LearnedProducts.of(Learned.fit(history.lines, few), history.skus)


def rows_of(shop: Shop) -> Iterator[object]:
    here, then = {"tenant_id": DEFAULT_TENANT}, NOON - timedelta(days=120)
    for product in shop.products.values():
        yield Product(**here, updated_at=then, **product)
    for person in shop.people.values():
        yield Customer(**here, id=person.id, gender=person.gender, updated_at=then)
        for tag in person.tags:
            yield CustomerTag(**here, customer_id=person.id, tag=tag, valid_from=then)
        for order_id, at, status in {(one.order_id, one.at, one.status) for one in person.bought}:
            yield Order(**here, id=order_id, customer_id=person.id, ordered_at=at, status=status)
        for one in person.bought:
            yield OrderLine(**here, order_id=one.order_id, sku=one.sku)
        for number, event in enumerate(person.events):
            done = {"kind": event.kind, "at": event.at, "object": event.object, "value": event.value}
            yield Event(**here, id=f"{person.id}-{number}", customer_id=person.id, **done)
        for set_id in {one.set_id for one in person.sent}:
            yield SuggestionSet(**here, id=set_id, customer_id=person.id, at=NOON - timedelta(days=10))
        for number, one in enumerate(person.sent):
            what = {"set_id": one.set_id, "rank": one.rank, "item_kind": one.item_kind, "kind": one.kind, "at": one.at}
            yield Decision(**here, id=f"{person.id}-{number}", item_id="p0", **what)


@pytest.fixture(scope="module")
def random_shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Shop]]:
    numbers = [*range(len(SHOPS))] * 2
    made = [
        make_shop(tmp_path_factory.mktemp("shop") / "w", number, seed, is_trained=seed >= len(SHOPS))
        for seed, number in enumerate(numbers)
    ]
    yield made
    for shop in made:
        shop.index.close()
        shop.engine.close()
        shop.workspace.close()


@pytest.fixture
def random_shop(tmp_path: Path) -> Iterator[Shop]:
    shop = make_shop(tmp_path / "w", 0, 3)
    yield shop
    shop.index.close()
    shop.engine.close()
    shop.workspace.close()
