"""Choosing the products to mention for one message."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session

from copilot.engine.answer import ProductSuggestion
from copilot.engine.cards import CardFile, ProductCard, read_products
from copilot.engine.context import CustomerContext
from copilot.engine.nextbest.owned import not_wanted_again, owned_products
from copilot.engine.nextbest.ranking import gather, rank_products
from copilot.engine.nextbest.signals import Language, Sight, Signals
from copilot.engine.setup import EngineSetup
from copilot.engine.situation import Situation
from knowledge.tables import Scene


@dataclass(frozen=True)
class ProductPicture:
    """Candidate products with what speaks for each, and the owned ones that must not be offered again."""

    signals: Signals
    cards: Mapping[str, ProductCard]
    refused: Mapping[str, str]


class Promoter:
    """Finds and ranks products; safe to call from many threads."""

    def __init__(self, setup: EngineSetup) -> None:
        self.setup = setup
        self.products: CardFile[str, ProductCard] = CardFile(lambda s, skus: read_products(s, setup.tenant_id, skus))

    def look(self, session: Session, situation: Situation) -> ProductPicture:
        """Everything that speaks for or against a product now."""
        view, place = situation.products.view, situation.place
        customer = _known_here(situation)
        bought = self.products.get(session, sorted({line.sku for line in customer.kept}))
        owned = owned_products(customer, bought, self.setup.models)
        refused = not_wanted_again(owned, place.now)
        ordinals = [ordinal for sku in refused if (ordinal := view.ordinal(sku)) is not None]
        sight = Sight(
            search=situation.products.without(ordinals),
            customer=customer,
            cards=bought,
            owned=owned,
            models=self.setup.models,
            now=place.now,
            language=self._language,
        )
        signals = gather(sight)
        return ProductPicture(signals, self.products.get(session, list(signals.features)), refused)

    def choose(
        self, situation: Situation, picture: ProductPicture, presenting: Mapping[str, str]
    ) -> tuple[tuple[ProductSuggestion, ...], str]:
        """The products to mention, or the reason for silence."""
        policy = situation.policy
        talk = self.setup.small_talk.recognise(situation.turn.message)
        if talk is not None:
            return (), talk.reason
        if situation.is_complaining:
            return (), "complaint"
        if situation.sent.n_promotions >= policy.max_promotions_per_week:
            return (), f"cap:{policy.max_promotions_per_week} in {policy.fatigue_days} days"
        ranked = rank_products(
            picture.signals,
            picture.cards,
            _known_here(situation),
            policy=policy,
            n=situation.request.max_products,
            language=self._language,
        )
        chosen = tuple(replace(product, script_id=presenting.get(product.sku)) for product in ranked)
        return chosen, "" if chosen else "nothing fits well enough"

    @property
    def _language(self) -> Language:
        return "en" if self.setup.shop.language == "en" else "zh"


def _known_here(situation: Situation) -> CustomerContext:
    """The customer, or nobody in a group: what one person bought must not show there."""
    return CustomerContext() if situation.place.scene is Scene.GROUP else situation.place.customer
