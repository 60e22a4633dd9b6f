"""A small shop on real SQLite, with the real index and a hash encoder in place of a model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, SQLModel

from copilot.engine.compliance import RuleBook
from copilot.engine.decisions import DecisionDesk
from copilot.engine.engine import Engine
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.policy import Policy
from copilot.engine.product_rules import ProductRules
from copilot.engine.setup import EngineSetup, ShopProfile
from knowledge.index.encoding import TextEncoder
from knowledge.index.library_index import LibraryIndex
from knowledge.tables import (
    DEFAULT_TENANT,
    Customer,
    CustomerTag,
    Event,
    IndexChange,
    IndexKind,
    Order,
    OrderLine,
    Product,
    Script,
    ScriptStatus,
    ScriptVersion,
    Team,
    User,
)
from knowledge.workspace import Workspace
from models.affinity import Affinity
from models.encoders.hashing import HashEncoder
from models.segments import SegmentAffinity

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **kwargs: float) -> None:
        self.now += timedelta(**kwargs)


@dataclass
class SmallShop:
    """A workspace, its engine, and short ways to fill it."""

    workspace: Workspace
    clock: Clock = field(default_factory=Clock)
    policy: Policy = field(default_factory=Policy)
    affinity: Affinity = field(default_factory=Affinity.empty)
    encoder: TextEncoder = field(default_factory=HashEncoder)
    product_rules: ProductRules = field(default_factory=ProductRules)
    segments: SegmentAffinity = field(default_factory=SegmentAffinity)

    def __post_init__(self) -> None:
        self.index: LibraryIndex | None = None

    @property
    def engine(self) -> Engine:
        """An engine on what the shop holds now."""
        if self.index is not None:
            self.index.close()
        folder, database = self.workspace.index_folder, self.workspace.database
        self.index = LibraryIndex.open(folder, database, DEFAULT_TENANT, self.encoder)
        setup = EngineSetup(
            tenant_id=DEFAULT_TENANT,
            policy=self.policy,
            rules=RuleBook.load(),
            models=ProductModels.of(self.affinity, self.segments),
            shop=ShopProfile("栖白", "zh"),
            product_rules=self.product_rules,
        )
        return Engine(database, self.index, self.encoder, setup, clock=self.clock)

    @property
    def desk(self) -> DecisionDesk:
        return DecisionDesk(self.workspace.database, tenant_id=DEFAULT_TENANT, rules=RuleBook.load(), clock=self.clock)

    def add(self, *rows: SQLModel) -> None:
        with self.workspace.database.write() as session:
            session.add_all(rows)

    def add_script(self, script_id: str, text: str, *triggers: str, **version: Any) -> None:
        """A script published a day ago."""
        then = NOON - timedelta(days=1)
        status = version.pop("status", ScriptStatus.PUBLISHED)
        with self.workspace.database.write() as session:
            live = 1 if status is ScriptStatus.PUBLISHED else None
            session.add(
                Script(tenant_id=DEFAULT_TENANT, id=script_id, title=script_id, live_version=live, updated_at=then)
            )
            session.add(
                ScriptVersion(
                    tenant_id=DEFAULT_TENANT,
                    script_id=script_id,
                    version=1,
                    text=text,
                    triggers=list(triggers),
                    status=status,
                    created_at=then,
                    published_at=then,
                    **version,
                )
            )
            note_change(session, IndexKind.SCRIPT, script_id)

    def add_product(self, sku: str, name: str, **columns: Any) -> None:
        with self.workspace.database.write() as session:
            columns = {"stock": 10, "price_fen": 12_900, **columns}
            session.add(Product(tenant_id=DEFAULT_TENANT, sku=sku, name=name, updated_at=NOON, **columns))
            note_change(session, IndexKind.PRODUCT, sku)

    def add_customer(self, customer_id: str, *tags: str, **columns: Any) -> None:
        with self.workspace.database.write() as session:
            session.add(Customer(tenant_id=DEFAULT_TENANT, id=customer_id, updated_at=NOON, **columns))
            for tag in tags:
                session.add(CustomerTag(tenant_id=DEFAULT_TENANT, customer_id=customer_id, tag=tag, valid_from=NOON))
            note_change(session, IndexKind.CUSTOMER, customer_id)

    def add_order(
        self, order_id: str, customer_id: str, *skus: str, days_ago: float, status: str = "delivered"
    ) -> None:
        with self.workspace.database.write() as session:
            ordered_at = NOON - timedelta(days=days_ago)
            session.add(
                Order(
                    tenant_id=DEFAULT_TENANT, id=order_id, customer_id=customer_id, ordered_at=ordered_at, status=status
                )
            )
            for sku in skus:
                session.add(OrderLine(tenant_id=DEFAULT_TENANT, order_id=order_id, sku=sku))
            note_change(session, IndexKind.CUSTOMER, customer_id)

    def add_event(self, customer_id: str, kind: str, thing: str = "", value: str = "", *, days_ago: float = 1) -> None:
        with self.workspace.database.write() as session:
            at = NOON - timedelta(days=days_ago)
            event_id = f"{customer_id}-{kind}-{thing}-{at.isoformat()}"
            session.add(
                Event(
                    tenant_id=DEFAULT_TENANT,
                    id=event_id,
                    customer_id=customer_id,
                    kind=kind,
                    at=at,
                    object=thing,
                    value=value,
                )
            )
            note_change(session, IndexKind.CUSTOMER, customer_id)

    def add_agent(self, agent_id: str, team_id: str) -> None:
        with self.workspace.database.write() as session:
            if session.get(Team, (DEFAULT_TENANT, team_id)) is None:
                session.add(Team(tenant_id=DEFAULT_TENANT, id=team_id, name=team_id))
            session.add(User(tenant_id=DEFAULT_TENANT, id=agent_id, name=agent_id, team_id=team_id))


def note_change(session: Session, kind: IndexKind, item_id: str) -> None:
    session.add(IndexChange(tenant_id=DEFAULT_TENANT, kind=kind, item_id=item_id))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SmallShop]:
    """An empty shop."""
    small = SmallShop(Workspace.create(tmp_path / "workspace"))
    yield small
    if small.index is not None:
        small.index.close()
    small.workspace.close()
