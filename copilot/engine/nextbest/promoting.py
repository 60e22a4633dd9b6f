"""Choosing the products to mention for one message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from operator import not_

from sqlmodel import Session

from copilot.engine.answer import Ask, Excluded, ProductSuggestion
from copilot.engine.cards import CardFile, ProductCard, read_products
from copilot.engine.context import CustomerContext
from copilot.engine.nextbest.asking import Asker
from copilot.engine.nextbest.gate import ProductGate
from copilot.engine.nextbest.owned import EarlierPurchases, Owned, not_wanted_again, owned_products
from copilot.engine.nextbest.places import Places
from copilot.engine.nextbest.proposals import Proposals
from copilot.engine.nextbest.ranking import Scored, gather, gather_ahead, score_products, shown
from copilot.engine.nextbest.signals import Language, Sight, Signals
from copilot.engine.nextbest.silence import silence_reason
from copilot.engine.nextbest.wishes import WishReader
from copilot.engine.request import ProductMode
from copilot.engine.setup import EngineSetup
from copilot.engine.situation import Situation
from copilot.errors import UnknownIdError
from knowledge.index.view import CollectionView
from knowledge.tables import Scene

ANSWERING = frozenset({"message", "wishes"})
"""Features of what the message asks for; the others speak for what it does not mention."""
ASKED_FOR = ANSWERING | {"best_seller"}
"""And what is offered to whoever asks what to buy."""
COMPLEMENTING = frozenset({"bought_together"})


@dataclass(frozen=True)
class ProductPicture:
    """Candidate products with what speaks for each, and those that must not be offered to this customer now."""

    signals: Signals
    cards: Mapping[str, ProductCard]
    refused: Mapping[str, str]


@dataclass(frozen=True)
class Ahead:
    """What was read while the message was encoded: what sources look at, and what those said that need no vector."""

    sight: Sight
    refused: Mapping[str, str]
    signals: Signals


@dataclass(frozen=True)
class Promotion:
    """The products to mention, or the reason for silence, and what was kept back for it; a question to ask next.

    With products a reason says in what they are not what was wanted.
    """

    products: tuple[ProductSuggestion, ...] = ()
    reason: str = ""
    kept_back: tuple[Excluded, ...] = ()
    ask: Ask | None = None


class Promoter:
    """Finds and ranks products; safe to call from many threads."""

    def __init__(self, setup: EngineSetup) -> None:
        self.setup = setup
        self.gate = ProductGate(setup.tenant_id, setup.product_rules)
        self.products: CardFile[str, ProductCard] = CardFile(lambda s, skus: read_products(s, setup.tenant_id, skus))
        self.earlier = EarlierPurchases(setup.tenant_id, setup.models)
        self.asker = Asker(setup.tenant_id, setup.product_rules)
        self.wishes = WishReader(setup.tenant_id, setup.catalogue_file)
        self.places = Places()
        self.proposals = Proposals()

    def forget(self, sku: str) -> None:
        """Drop what is kept of a product; called for every change of one."""
        self.products.forget(sku)
        self.earlier.forget(sku)
        self.asker.forget(sku)
        self.gate.forget(sku)
        self.wishes.forget(sku)

    def warm_up(self, session: Session, view: CollectionView) -> None:
        """Read what the first message would wait for."""
        self.gate.warm_up(session, view)
        self.wishes.warm_up(session, view)

    def read_ahead(self, session: Session, situation: Situation) -> Ahead:
        """All that needs no vector, so that it can be done while the message is encoded.

        Raises:
            UnknownIdError: there is no product of which complements are wanted.
        """
        view, customer, given = situation.products.view, _known_here(situation), situation.request.given_sku
        told = {line.sku for line in situation.place.customer.kept} | ({given} if given else set())
        cards = self.products.get(session, sorted(told))
        if given is not None and given not in cards:
            raise UnknownIdError("product", given)
        owned = owned_products(situation.place.customer, cards, self.setup.models)
        refused = self._refused(session, situation, owned)
        ordinals = [ordinal for sku in refused if (ordinal := self.places.ordinal(view, sku)) is not None]
        offered = situation.products.without(ordinals)
        wished = self.wishes.look(session, situation.turn, offered)
        sight = Sight(
            search=wished.search if wished and given is None else offered,
            customer=customer,
            cards=cards,
            owned=owned if customer is situation.place.customer else {},
            models=self.setup.models,
            now=situation.place.now,
            language=self._language,
            given=given,
            rules=self.setup.product_rules,
            wished=wished,
            places=self.places,
            proposals=self.proposals,
        )
        return Ahead(sight, refused, gather_ahead(sight))

    def look(self, session: Session, ahead: Ahead) -> ProductPicture:
        """Everything that speaks for or against a product now."""
        signals = gather(ahead.sight, ahead.signals)
        return ProductPicture(signals, self.products.get(session, list(signals.features)), ahead.refused)

    def choose(
        self, session: Session, situation: Situation, picture: ProductPicture, presenting: Mapping[str, str]
    ) -> Promotion:
        """The products to mention, or the reason for silence."""
        talk = self.setup.small_talk.recognise(situation.turn.message)
        if talk is not None:
            return Promotion(reason=talk.reason)
        scored = score_products(
            picture.signals,
            picture.cards,
            _known_here(situation),
            policy=situation.policy,
            rules=self.setup.product_rules,
            language=self._language,
        )
        silence = silence_reason(session, self.setup.tenant_id, situation, self.setup.product_rules)
        if silence:
            return Promotion(reason=silence, kept_back=_kept_back(scored, situation, silence))
        quiet = self._quiet(situation)
        wanted, unasked = _parted(scored, self._needed(situation, picture.signals, quiet), picture.signals)
        products = tuple(
            replace(product, script_id=presenting.get(product.sku))
            for product in shown(wanted[: _n_left(situation)], picture.signals)
        )
        return Promotion(
            products,
            self._reason(situation, picture.signals, products, quiet if unasked else ""),
            _kept_back(unasked, situation, quiet) if quiet else (),
            self.asker.ask(session, situation, picture, self._language) if situation.request.max_products else None,
        )

    def _refused(self, session: Session, situation: Situation, owned: Mapping[str, Owned]) -> dict[str, str]:
        """What this customer, known here or not, must not be offered now, with the rule."""
        customer, now = situation.place.customer, situation.place.now
        earlier = self.earlier.of(session, customer)
        refused = earlier.not_wanted_again(now) | not_wanted_again(owned, now)
        if situation.request.products is ProductMode.NEW:
            refused |= dict.fromkeys([*earlier.skus, *(line.sku for line in customer.bought)], "mode:not new")
        if situation.request.given_sku:
            refused[situation.request.given_sku] = "mode:given"
        return refused

    def _needed(self, situation: Situation, signals: Signals, quiet: str) -> frozenset[str]:
        """The features of which a product of the kind that was asked for has one; none where any product will do."""
        mode = situation.request.products
        if mode is ProductMode.ANSWER:
            return ANSWERING
        if quiet:
            return ASKED_FOR
        if mode is ProductMode.COMPLEMENT and _has_complements(signals):
            return COMPLEMENTING
        return frozenset()

    def _reason(
        self, situation: Situation, signals: Signals, products: tuple[ProductSuggestion, ...], quiet: str
    ) -> str:
        if not products:
            return quiet or "nothing fits well enough"
        if situation.request.products is ProductMode.COMPLEMENT and not _has_complements(signals):
            return f"complement:none known of {situation.request.given_sku}"
        return ""

    def _quiet(self, situation: Situation) -> str:
        """The rule, when it is so late that only what is asked for may be offered."""
        hours = self.setup.product_rules.quiet_hours
        return hours.name if hours is not None and hours.holds(situation.place.now) else ""

    @property
    def _language(self) -> Language:
        return "en" if self.setup.shop.language == "en" else "zh"


def _parted(
    scored: Sequence[Scored], needed: frozenset[str], signals: Signals
) -> tuple[Sequence[Scored], Sequence[Scored]]:
    """Candidates that have one of the needed features, if any is needed, and the others."""
    if not needed:
        return scored, ()
    has = [not needed.isdisjoint(signals.features[one.card.sku]) for one in scored]
    return list(compress(scored, has)), list(compress(scored, map(not_, has)))


def _n_left(situation: Situation) -> int:
    """How many products may be shown: no more than may still be sent this week."""
    return min(situation.request.max_products, situation.policy.max_promotions_per_week - situation.sent.n_promotions)


def _kept_back(scored: Sequence[Scored], situation: Situation, rule: str) -> tuple[Excluded, ...]:
    """What would have been shown but for a rule."""
    return tuple(Excluded(one.card.sku, rule) for one in scored[: situation.request.max_products])


def _has_complements(signals: Signals) -> bool:
    return any("bought_together" in features for features in signals.features.values())


def _known_here(situation: Situation) -> CustomerContext:
    """The customer, or nobody in a group: what one person bought must not show there."""
    return CustomerContext() if situation.place.scene is Scene.GROUP else situation.place.customer
