"""From signals to the products to mention."""

from collections.abc import Mapping, Sequence

from copilot.engine.answer import Contribution, ProductSuggestion, Reason
from copilot.engine.cards import ProductCard
from copilot.engine.context import CustomerContext
from copilot.engine.nextbest.signals import Language, Sight, Signals, Source, Wording
from copilot.engine.nextbest.sources.baskets import from_baskets
from copilot.engine.nextbest.sources.events import from_events
from copilot.engine.nextbest.sources.message import from_message
from copilot.engine.nextbest.sources.popularity import from_popularity
from copilot.engine.nextbest.sources.refills import from_refills
from copilot.engine.policy import PRODUCT_FEATURES, Policy
from copilot.engine.ranking import DECIMALS

SOURCES: Sequence[Source] = (from_message, from_refills, from_baskets, from_events, from_popularity)
FITS: Wording = {"zh": "符合标签：{tags}", "en": "Fits the tags {tags}"}


def gather(sight: Sight) -> Signals:
    """Candidates from every source, with what speaks for each; all of them are allowed."""
    signals = Signals()
    for source in SOURCES:
        source(sight, signals)
    search = sight.search
    for sku in list(signals.features):
        ordinal = search.view.ordinal(sku)
        if ordinal is None or (search.allowed is not None and not search.allowed[ordinal]):
            del signals.features[sku]
    return signals


def rank_products(
    signals: Signals,
    cards: Mapping[str, ProductCard],
    customer: CustomerContext,
    *,
    policy: Policy,
    n: int,
    language: Language,
) -> tuple[ProductSuggestion, ...]:
    """The best products above the threshold, each with at least one reason."""
    scored = []
    for sku, features in signals.features.items():
        card = cards.get(sku)
        if card is None:
            continue
        _add_tags(signals, card, customer, language)
        why = _contributions(features, policy)
        scored.append((round(sum(part.contribution for part in why), DECIMALS), sku, card, why))
    scored.sort(key=lambda one: (-one[0], one[1]))
    chosen = [one for one in scored if one[0] >= policy.product_threshold and signals.reasons[one[1]]][:n]
    return tuple(
        ProductSuggestion(
            rank=rank,
            sku=sku,
            name=card.name,
            price=card.price,
            currency=card.currency,
            score=score,
            propensity=1.0,
            reasons=tuple(signals.reasons[sku]),
            why=why,
        )
        for rank, (score, sku, card, why) in enumerate(chosen, start=1)
    )


def _add_tags(signals: Signals, card: ProductCard, customer: CustomerContext, language: Language) -> None:
    shared = sorted(card.tags & customer.tag_names)
    if shared:
        text = FITS[language].format(tags="、".join(shared))
        signals.add(card.sku, "tags", min(1.0, len(shared) / 2), Reason(text, f"tags:{'|'.join(shared)}"))


def _contributions(features: Mapping[str, float], policy: Policy) -> tuple[Contribution, ...]:
    parts = [
        Contribution(name, round(features[name] * getattr(policy.product, name), DECIMALS))
        for name in PRODUCT_FEATURES
        if features.get(name)
    ]
    return tuple(sorted(parts, key=lambda part: -part.contribution))
