"""From signals to the products to mention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from copilot.engine.answer import Contribution, ProductSuggestion, Reason
from copilot.engine.cards import ProductCard
from copilot.engine.context import CustomerContext
from copilot.engine.nextbest.signals import Language, Sight, Signals, Source, Wording
from copilot.engine.nextbest.sources.baskets import from_baskets
from copilot.engine.nextbest.sources.events import from_events
from copilot.engine.nextbest.sources.learned import from_learned
from copilot.engine.nextbest.sources.message import from_message, search_ahead
from copilot.engine.nextbest.sources.offers import from_offers
from copilot.engine.nextbest.sources.popularity import from_popularity
from copilot.engine.nextbest.sources.refills import from_refills
from copilot.engine.nextbest.sources.tags import from_tags
from copilot.engine.nextbest.sources.wishes import from_wishes
from copilot.engine.policy import PRODUCT_FEATURES, Policy
from copilot.engine.product_rules import ProductRules
from copilot.engine.ranking import DECIMALS

AHEAD: Sequence[Source] = (from_baskets, from_learned, from_refills, from_events, from_offers, from_tags)
"""The sources that need no vector of the message."""
ASKED: Sequence[Source] = (from_message, from_wishes)
"""Those that do; what is popular is looked at when all have found something."""
FITS: Wording = {"zh": "符合标签：{tags}", "en": "Fits the tags {tags}"}
GIFT: Wording = {"zh": "适合送人或分享：{tags}", "en": "Good to give or share: {tags}"}


@dataclass(frozen=True)
class Scored:
    """A candidate with its score, which is the sum of what its features add."""

    score: float
    card: ProductCard
    parts: Mapping[str, float]

    @property
    def why(self) -> tuple[Contribution, ...]:
        """What each feature adds, the most first."""
        order = sorted(self.parts, key=lambda name: (-self.parts[name], PRODUCT_FEATURES.index(name)))
        return tuple(Contribution(name, self.parts[name]) for name in order)


def gather_ahead(sight: Sight) -> Signals:
    """What the sources say that need no vector; the words of the message are searched by the way."""
    signals = Signals()
    search_ahead(sight)
    for source in AHEAD:
        source(sight, signals)
    return signals


def gather(sight: Sight, ahead: Signals) -> Signals:
    """Candidates from every source, with what speaks for each; all of them are allowed.

    What answers the message comes first: of products mentioned alike the first is taken for the one meant.
    """
    signals = Signals()
    for source in ASKED:
        source(sight, signals)
    for sku, features in ahead.features.items():
        signals.put(sku, features, ahead.reasons[sku])
    from_popularity(sight, signals)
    signals.keep(sight.is_allowed)
    return signals


def score_products(
    signals: Signals,
    cards: Mapping[str, ProductCard],
    customer: CustomerContext,
    *,
    policy: Policy,
    rules: ProductRules,
    language: Language,
) -> list[Scored]:
    """The products above the threshold for which a reason speaks, best first."""
    weights = {name: rules.objectives.weight(policy.product, name) for name in PRODUCT_FEATURES}
    names, scored = customer.tag_names, []
    for sku, features in signals.features.items():
        card = cards.get(sku)
        if card is None:
            continue
        _add_tags(signals, card, names, rules, language)
        parts = {name: part for name, value in features.items() if (part := round(value * weights[name], DECIMALS))}
        score = round(sum(parts.values()), DECIMALS)
        if score >= policy.product_threshold and any(parts.get(name, 0.0) > 0.0 for name in signals.reasons[sku]):
            scored.append(Scored(score, card, parts))
    return sorted(scored, key=lambda one: (-one.score, one.card.sku))


def shown(scored: Sequence[Scored], signals: Signals) -> tuple[ProductSuggestion, ...]:
    """Scored products as they are shown, the weightiest reason first."""
    return tuple(
        ProductSuggestion(
            rank=rank,
            sku=one.card.sku,
            name=one.card.name,
            price=one.card.price,
            currency=one.card.currency,
            score=one.score,
            propensity=1.0,
            reasons=_reasons(one.why, one.card.sku, signals),
            why=one.why,
        )
        for rank, one in enumerate(scored, start=1)
    )


def _reasons(why: Sequence[Contribution], sku: str, signals: Signals) -> tuple[Reason, ...]:
    """The reasons behind what speaks for a product, each once."""
    reasons = (signals.reason(sku, part.feature) for part in why if part.contribution > 0.0)
    return tuple(dict.fromkeys(reason for reason in reasons if reason is not None))


def _add_tags(
    signals: Signals, card: ProductCard, names: frozenset[str], rules: ProductRules, language: Language
) -> None:
    """What the product's own tags are worth for this customer and this shop."""
    shared, gifts = sorted(card.tags & names), sorted(card.tags & rules.gift_tags)
    if shared:
        reason = Reason(FITS[language].format(tags="、".join(shared)), f"tags:{'|'.join(shared)}")
        signals.add(card.sku, "tags", min(1.0, len(shared) / 2), reason)
    if gifts:
        reason = Reason(GIFT[language].format(tags="、".join(gifts)), f"product_tags:{'|'.join(gifts)}")
        signals.add(card.sku, "giftable", 1.0, reason)
