"""A script as a customer would read it, filled in by the engine's own renderer."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from copilot.engine.cards import ProductCard, ScriptCard
from copilot.engine.engine import Engine
from copilot.engine.language import language_of
from copilot.engine.rendering import render, slot_values
from copilot.engine.replies import discussed_product
from copilot.errors import UnknownIdError
from knowledge.library.content import ScriptContent
from knowledge.tables import Scene


@dataclass(frozen=True)
class Reader:
    """For whom a script is filled in: empty fields stand for nobody known and no product on the screen."""

    customer_id: str | None = None
    sku: str | None = None
    agent_id: str | None = None
    scene: Scene = Scene.DIRECT


@dataclass(frozen=True)
class Preview:
    """The text as it would be sent, and the slots that stay empty; with any of these it would not be shown."""

    text: str
    missing: tuple[str, ...]
    product: ProductCard | None


def preview(session: Session, engine: Engine, content: ScriptContent, reader: Reader, now: datetime) -> Preview:
    """What a reader would see.

    Raises:
        UnknownIdError: nobody knows this customer.
    """
    customer = engine.memory.customer(session, reader.customer_id, now)
    if customer is None:
        raise UnknownIdError("customer", str(reader.customer_id))
    card = _card(content)
    wanted = [sku for sku in (*content.skus, reader.sku) if sku]
    product = discussed_product(card, reader.sku, engine.promoter.products.get(session, wanted))
    values = slot_values(
        customer,
        engine.memory.agent(session, reader.agent_id),
        product,
        shop_name=engine.setup.shop.name,
        scene=reader.scene,
        language=card.language,
    )
    rendered = render(content.text, values)
    return Preview(rendered.text, rendered.missing, product)


def _card(content: ScriptContent) -> ScriptCard:
    return ScriptCard(
        script_id="",
        version=0,
        kind="script",
        title="",
        text=content.text,
        stages=frozenset(content.stages),
        skus=content.skus,
        targeted_tags=frozenset(),
        published_at=None,
        language=language_of(content.text),
    )
