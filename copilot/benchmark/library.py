"""A synthetic shop of a given size, written into a workspace."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import numpy as np
from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from copilot.benchmark.people import N_CUSTOMERS, Row, customer_rows, organisation_rows
from copilot.benchmark.rules import RuleDice
from copilot.benchmark.texts import N_PRODUCT_NAMES, ProductName, Topic, topics
from copilot.benchmark.vocabulary import EFFECTS
from copilot.errors import BadRequestError
from knowledge.tables import (
    DEFAULT_TENANT,
    Document,
    IndexChange,
    IndexKind,
    Passage,
    Product,
    Script,
    ScriptKind,
    ScriptStatus,
    ScriptVersion,
)
from knowledge.workspace import Workspace

BATCH_ROWS = 5_000
SCRIPTS_PER_PASSAGE = 50

Rows = tuple[type[SQLModel], list[Row]]


def write_library(workspace: Workspace, n_scripts: int, seed: int, now: datetime) -> list[Topic]:
    """Fill an empty workspace with `n_scripts` scripts, as many products, some passages, agents and 2,000 customers.

    The same size and seed give the same rows. Gives back what the scripts are about.

    Raises:
        BadRequestError: there are not so many distinct names.
    """
    if not 0 < n_scripts <= N_PRODUCT_NAMES:
        raise BadRequestError("--sizes", n_scripts, f"1 to {N_PRODUCT_NAMES:,} scripts")
    rng = np.random.default_rng([seed, n_scripts])
    asked_about = topics(n_scripts, rng)
    dice = RuleDice(rng, now)
    skus = [sku(number) for number in range(n_scripts)]
    with workspace.database.write() as session:
        for table, rows in organisation_rows():
            session.execute(insert(table), rows)
        _insert_all(session, (_product_rows(number, dice, now) for number in range(n_scripts)))
        _insert_all(session, (_script_rows(topic, skus, dice, now) for topic in asked_about))
        _insert_all(session, _passage_rows(asked_about[::SCRIPTS_PER_PASSAGE], now))
        for table, rows in customer_rows(N_CUSTOMERS, skus, rng, now):
            session.execute(insert(table), rows)
    return asked_about


def sku(number: int) -> str:
    """The number of a product in the catalogue."""
    return f"P{number:06d}"


def script_id(topic: Topic) -> str:
    """The id of the script about a topic."""
    return f"s{topic.number:06d}"


def _insert_all(session: Session, groups: Iterator[list[Rows]]) -> None:
    """Insert row groups in batches, each table's rows together, the first table of a group first."""
    while batch := list(islice(groups, BATCH_ROWS)):
        by_table: dict[type[SQLModel], list[Row]] = {}
        for group in batch:
            for table, rows in group:
                by_table.setdefault(table, []).extend(rows)
        for table, rows in by_table.items():
            session.execute(insert(table), rows)


def _product_rows(number: int, dice: RuleDice, now: datetime) -> list[Rows]:
    name = ProductName.of(number)
    effect = EFFECTS[number % len(EFFECTS)]
    product = {
        "tenant_id": DEFAULT_TENANT,
        "sku": sku(number),
        "name": name.full,
        "category": name.category,
        "brand": name.brand,
        "price_fen": 1_900 + 700 * (number % 300),
        "currency": "CNY",
        "stock": 0 if number % 20 == 7 else 5 + number % 90,
        "description": f"{name.spoken}主打{effect}，质感细腻，适合日常使用，送人自用都很合适。",
        "attributes": {"功效": effect, "规格": name.size or "标准装"},
        "tags": [effect],
        "audience": dice.audience(),
        "replenish_days": 30 + number % 60 if name.category in ("护肤", "洗护", "食品") else None,
        "status": "active",
        "url": "",
        "image": "",
        "updated_at": now,
    }
    return [(Product, [product]), _change(IndexKind.PRODUCT, sku(number))]


def _script_rows(topic: Topic, skus: list[str], dice: RuleDice, now: datetime) -> list[Rows]:
    shared = {"tenant_id": DEFAULT_TENANT}
    valid_from, valid_to = dice.window()
    published_at = now - timedelta(days=1 + topic.number % 500)
    script = {
        **shared,
        "id": script_id(topic),
        "kind": ScriptKind.FAQ if topic.number % 4 == 0 else ScriptKind.SCRIPT,
        "title": topic.name,
        "owner": "",
        "latest_version": 1,
        "live_version": 1,
        "updated_at": published_at,
    }
    version = {
        **shared,
        "script_id": script_id(topic),
        "version": 1,
        "text": topic.reply,
        "triggers": list(topic.triggers),
        "stages": dice.stages(),
        "scenes": dice.scenes(),
        "channels": [],
        "audience": dice.audience(),
        "skus": [skus[topic.number]] if topic.number % 3 == 0 else [],
        "attachments": [],
        "scope": dice.scope(),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "status": ScriptStatus.PUBLISHED,
        "author": "benchmark",
        "reason": "",
        "created_at": published_at,
        "published_at": published_at,
    }
    return [(Script, [script]), (ScriptVersion, [version]), _change(IndexKind.SCRIPT, script_id(topic))]


def _passage_rows(asked_about: list[Topic], now: datetime) -> Iterator[list[Rows]]:
    document = {
        "tenant_id": DEFAULT_TENANT,
        "id": "manual",
        "title": "产品手册",
        "source": "manual.md",
        "sha256": "",
        "updated_at": now,
    }
    yield [(Document, [document])]
    for position, topic in enumerate(asked_about):
        passage_id = f"manual-{position:05d}"
        passage = {
            "tenant_id": DEFAULT_TENANT,
            "id": passage_id,
            "document_id": "manual",
            "position": position,
            "heading": topic.name,
            "text": f"关于{topic.name}：{topic.intent.answer}",
        }
        yield [(Passage, [passage]), _change(IndexKind.PASSAGE, passage_id)]


def _change(kind: IndexKind, item_id: str) -> Rows:
    return IndexChange, [{"tenant_id": DEFAULT_TENANT, "kind": kind, "item_id": item_id}]
