"""The triggers of a library as messages, each put where its script may be shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.context import AgentContext, CustomerContext
from copilot.engine.eligibility import Place, script_reason
from copilot.engine.engine import Engine
from copilot.engine.rendering import SLOT
from copilot.engine.request import SuggestRequest
from copilot.errors import NotReadyError
from knowledge.database import Database
from knowledge.index.encoding import Encoding
from knowledge.index.frozen import FrozenLibrary
from knowledge.index.items import SOLD_STATUSES, IndexItem, read_items
from knowledge.index.library_state import LibraryView
from knowledge.index.schema import SCHEMAS, FieldSchema
from knowledge.index.segment import build_segment
from knowledge.index.strings import StringColumn
from knowledge.index.view import CollectionView
from knowledge.tables import Customer, IndexKind, Product, Scene, Script, ScriptVersion, User

MAX_PEOPLE = 500
"""Customers, and agents, among whom one is sought who may see a script."""
MAX_PLACES_TRIED = 5_000


@dataclass(frozen=True)
class Question:
    """A trigger and the script it belongs to; the request asks it where the script may be shown."""

    script_id: str
    text: str
    request: SuggestRequest


@dataclass(frozen=True)
class Questions:
    """The questions of a library, and the scripts that nobody known may see."""

    asked: tuple[Question, ...]
    unseen: tuple[str, ...]


def library_questions(engine: Engine) -> Questions:
    """Every trigger of every live script, in order of script and trigger.

    Raises:
        NotReadyError: no live script has a trigger that somebody may ask.
    """
    with engine.database.read() as session:
        versions = _live_versions(session, engine.setup.tenant_id)
        everybody = _Everybody.read(session, engine)
    asked, unseen = [], []
    for version in versions:
        request = everybody.request_for(version)
        if request is None:
            unseen.append(version.script_id)
            continue
        texts = dict.fromkeys(" ".join(trigger.split()) for trigger in version.triggers if trigger.strip())
        asked += [Question(version.script_id, text, replace(request, message=text)) for text in texts]
    if not asked:
        raise NotReadyError("no live script of this workspace has a trigger; load scripts with triggers: copilot load")
    return Questions(tuple(asked), tuple(unseen))


def hold_out(questions: Sequence[Question], rng: np.random.Generator) -> list[Question]:
    """One question of each script that has several."""
    of_script: dict[str, list[Question]] = {}
    for question in questions:
        of_script.setdefault(question.script_id, []).append(question)
    return [asked[int(rng.integers(len(asked)))] for asked in of_script.values() if len(asked) > 1]


def library_without(
    database: Database, tenant_id: str, encoding: Encoding, held_out: Sequence[Question]
) -> FrozenLibrary:
    """The library as it is now, in memory, without the triggers that are held out."""
    missing = {question.script_id: question.text for question in held_out}

    def vectors(field: FieldSchema, texts: StringColumn) -> NDArray[np.float32]:
        return encoding.encode(field.side, texts.slice(0, len(texts)))

    views = {}
    with database.read() as session:
        for kind, schema in SCHEMAS.items():
            items = _without(read_items(session, tenant_id, kind), missing if kind is IndexKind.SCRIPT else {})
            views[kind] = CollectionView(schema, [build_segment(schema, items, vectors)])
    scripts, products, passages = (views[kind] for kind in (IndexKind.SCRIPT, IndexKind.PRODUCT, IndexKind.PASSAGE))
    return FrozenLibrary(LibraryView(scripts, products, passages, "held-out"), encoding.dim)


def _without(items: Iterator[IndexItem], missing: Mapping[str, str]) -> Iterator[IndexItem]:
    for item in items:
        held = missing.get(item.item_id)
        if held is None:
            yield item
        else:
            kept = tuple(text for text in item.texts["trigger"] if " ".join(text.split()) != held)
            yield replace(item, texts={**item.texts, "trigger": kept})


def _live_versions(session: Session, tenant_id: str) -> list[ScriptVersion]:
    joined = (
        (col(Script.tenant_id) == col(ScriptVersion.tenant_id))
        & (col(Script.id) == col(ScriptVersion.script_id))
        & (col(Script.live_version) == col(ScriptVersion.version))
    )
    query = select(ScriptVersion).join(Script, joined).where(col(ScriptVersion.tenant_id) == tenant_id)
    return list(session.execute(query.order_by(col(ScriptVersion.script_id))).scalars())


@dataclass(frozen=True)
class _Everybody:
    """Whom a script could be shown to."""

    engine: Engine
    customers: Sequence[CustomerContext]
    agents: Sequence[AgentContext]
    any_sku: str | None
    now: datetime

    @classmethod
    def read(cls, session: Session, engine: Engine) -> "_Everybody":
        tenant_id, now = engine.setup.tenant_id, engine.clock()
        customer_ids = select(col(Customer.id)).where(col(Customer.tenant_id) == tenant_id).order_by(col(Customer.id))
        agent_ids = select(col(User.id)).where(col(User.tenant_id) == tenant_id).order_by(col(User.id))
        priced = (col(Product.tenant_id) == tenant_id) & col(Product.status).in_(SOLD_STATUSES)
        skus = select(col(Product.sku)).where(priced & col(Product.price_fen).is_not(None)).order_by(col(Product.sku))
        people = [
            engine.memory.customer(session, customer_id, now)
            for customer_id in session.execute(customer_ids.limit(MAX_PEOPLE)).scalars()
        ]
        agents = [
            engine.memory.agent(session, agent_id)
            for agent_id in session.execute(agent_ids.limit(MAX_PEOPLE)).scalars()
        ]
        known = [one for one in people if one is not None]
        sku = session.execute(skus.limit(1)).scalar_one_or_none()
        return cls(engine, [*known, CustomerContext()], agents or [AgentContext()], sku, now)

    def request_for(self, version: ScriptVersion) -> SuggestRequest | None:
        """A request from where the version may be shown, with the product its slots speak of; nothing if nowhere."""
        slots = SLOT.findall(version.text)
        place = self._place(version, needs_order=any(slot.startswith("order.") for slot in slots))
        if place is None:
            return None
        needs_product = any(slot.startswith("product.") for slot in slots) and len(version.skus) != 1
        return SuggestRequest(
            message="-",
            tenant_id=self.engine.setup.tenant_id,
            customer_id=place.customer.customer_id,
            agent_id=place.agent.agent_id,
            scene=place.scene,
            channel=place.channel,
            sku=(version.skus[0] if version.skus else self.any_sku) if needs_product else None,
            max_products=0,
            explain_excluded=False,
            at=place.now,
        )

    def _place(self, version: ScriptVersion, *, needs_order: bool) -> Place | None:
        view = self.engine.index.view.scripts
        ordinal = view.ordinal(version.script_id)
        if ordinal is None:
            return None
        rule = view.label("rule", ordinal)
        window = view.number("valid_from", ordinal), view.number("valid_to", ordinal)
        scene = Scene.GROUP if version.scenes == ["group"] else Scene.DIRECT
        channel = version.channels[0] if version.channels else ""
        now = _within(version, self.now)
        for n_tried, (customer, agent) in enumerate(product(self.customers, self.agents)):
            if n_tried == MAX_PLACES_TRIED:
                break
            place = Place(customer, agent, scene, channel, now)
            if (customer.last_order or not needs_order) and not script_reason(rule, *window, place):
                return place
        return None


def _within(version: ScriptVersion, now: datetime) -> datetime:
    """Now, or the nearest moment at which the version is valid."""
    if version.valid_from is not None and now < version.valid_from:
        return version.valid_from + timedelta(hours=1)
    if version.valid_to is not None and now > version.valid_to:
        return version.valid_to - timedelta(hours=1)
    return now
