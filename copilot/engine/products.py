"""The next-best product: candidates from several named sources, one additive score, a reason for each."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from statistics import median

import numpy as np

from copilot.engine.answer import Contribution, ProductSuggestion, Reason
from copilot.engine.cards import ProductCard
from copilot.engine.context import Bought, CustomerContext
from copilot.engine.policy import PRODUCT_FEATURES, Policy
from copilot.engine.ranking import DECIMALS
from copilot.engine.retrieval import Search
from models.affinity import Affinity

TEXT_FIELD = "text"
N_SEARCHED = 16
N_RECENT_SKUS = 6
N_POPULAR = 8
VIEW_DAYS = 30
MIN_SIMILARITY, MIN_WORDS = 0.2, 0.09
"""A product is about the message only when both its meaning and its words are near."""
FULL_SIMILARITY, FULL_WORDS = 0.5, 0.3
"""A description is so much longer than a message that these count as complete agreement."""
DUE_FROM, DUE_UNTIL = 0.8, 2.5
"""A refill is offered from 80 % of its interval; after two and a half intervals it was bought elsewhere."""


@dataclass(frozen=True)
class ProductModels:
    """What was learned from orders, with the number of each sku."""

    affinity: Affinity
    numbers: Mapping[str, int]
    popular: tuple[str, ...]

    @classmethod
    def of(cls, affinity: Affinity) -> "ProductModels":
        """The model with its look-up tables."""
        best = np.argsort(-affinity.n_baskets, kind="stable")[: 20 * N_POPULAR]
        popular = tuple(affinity.skus[i] for i in best if affinity.n_baskets[i] > 0)
        return cls(affinity, {sku: number for number, sku in enumerate(affinity.skus)}, popular)


@dataclass
class Signals:
    """Features and reasons collected for each candidate sku."""

    features: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    reasons: dict[str, list[Reason]] = field(default_factory=lambda: defaultdict(list))

    def add(self, sku: str, feature: str, value: float, reason: Reason | None = None) -> None:
        """Note a feature of a candidate; of several values the largest counts."""
        if value <= self.features[sku].get(feature, 0.0):
            return
        self.features[sku][feature] = value
        if reason is not None:
            self.reasons[sku].append(reason)


@dataclass(frozen=True)
class Owned:
    """What a customer has of a product: the last purchase, and how long it usually lasts."""

    last: Bought
    interval_days: float | None

    def due(self, now: datetime) -> float | None:
        """Days since the last purchase in units of the interval; empty for things that last."""
        if not self.interval_days:
            return None
        return max(0.0, (now - self.last.ordered_at).total_seconds() / 86_400) / self.interval_days


def owned_products(
    customer: CustomerContext, cards: Mapping[str, ProductCard], models: ProductModels
) -> dict[str, Owned]:
    """What the customer has, by sku."""
    times: dict[str, list[Bought]] = defaultdict(list)
    for line in customer.kept:
        times[line.sku].append(line)
    return {sku: Owned(lines[0], _interval_days(sku, lines, cards.get(sku), models)) for sku, lines in times.items()}


def not_wanted_again(owned: Mapping[str, Owned], now: datetime) -> dict[str, str]:
    """The owned products that must not be offered now, with the rule."""
    refused = {}
    for sku, having in owned.items():
        due = having.due(now)
        if due is None:
            refused[sku] = "owned:lasts"
        elif due < DUE_FROM:
            refused[sku] = "owned:not due"
    return refused


def gather(
    search: Search,
    customer: CustomerContext,
    cards: Mapping[str, ProductCard],
    owned: Mapping[str, Owned],
    *,
    models: ProductModels,
    now: datetime,
    language: str,
) -> Signals:
    """Candidates from every source, with what speaks for each; all of them are allowed.

    `cards` are those of what the customer bought.
    """
    signals = Signals()
    say = REASONS["en" if language == "en" else "zh"]
    _from_message(signals, search, say)
    _from_refills(signals, owned, now, say)
    _from_baskets(signals, customer, cards, models, say)
    _from_events(signals, customer, now, say)
    _from_popularity(signals, models)
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
    language: str,
) -> tuple[ProductSuggestion, ...]:
    """The best products above the threshold, each with at least one reason."""
    say = REASONS["en" if language == "en" else "zh"]
    scored = []
    for sku, features in signals.features.items():
        card = cards.get(sku)
        if card is None:
            continue
        _add_tags(signals, sku, card, customer, say)
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


REASONS = {
    "zh": {
        "message": "与客户的问题相关",
        "refill": "{days} 天前买过，一般可用 {interval} 天，该补货了",
        "together": "买过「{name}」的订单里，每 {one_in:.0f} 单有 1 单同时买它",
        "viewed": "客户 {days} 天前看过",
        "tags": "符合标签：{tags}",
    },
    "en": {
        "message": "Answers the customer's message",
        "refill": "Bought {days} days ago, usually lasts {interval}: a refill is due",
        "together": "1 in {one_in:.0f} orders with {name} also has it",
        "viewed": "The customer looked at it {days} days ago",
        "tags": "Fits the tags {tags}",
    },
}


def _interval_days(sku: str, lines: Sequence[Bought], card: ProductCard | None, models: ProductModels) -> float | None:
    """How long a purchase lasts: the customer's own rhythm, else the product's, else everybody's."""
    days = sorted({line.ordered_at.date() for line in lines})
    own_gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(own_gaps) >= 2:
        return float(median(own_gaps))
    if card is not None:
        return float(card.replenish_days) if card.replenish_days else None
    number = models.numbers.get(sku)
    if number is None or models.affinity.n_gaps[number] < 3:
        return None
    return float(models.affinity.gap_days[number])


def _from_message(signals: Signals, search: Search, say: Mapping[str, str]) -> None:
    items = search.find(TEXT_FIELD, N_SEARCHED)
    scores = search.score(TEXT_FIELD, items)
    for item, similarity, words in zip(items, scores.similarity, scores.words, strict=True):
        if similarity < MIN_SIMILARITY or words < MIN_WORDS:
            continue
        sku = search.view.item_id(int(item))
        about = Reason(say["message"], f"product:{sku}")
        signals.add(sku, "message", min(1.0, float(similarity) / FULL_SIMILARITY), about)
        signals.add(sku, "words", min(1.0, float(words) / FULL_WORDS))


def _from_refills(signals: Signals, owned: Mapping[str, Owned], now: datetime, say: Mapping[str, str]) -> None:
    for sku, having in owned.items():
        due = having.due(now)
        if due is None or having.interval_days is None or not DUE_FROM <= due <= DUE_UNTIL:
            continue
        value = (
            min(1.0, (due - DUE_FROM) / (1.0 - DUE_FROM)) if due < 1.0 else 1.0 - 0.5 * (due - 1.0) / (DUE_UNTIL - 1.0)
        )
        days = (now - having.last.ordered_at).days
        text = say["refill"].format(days=days, interval=round(having.interval_days))
        signals.add(sku, "refill", value, Reason(text, f"order:{having.last.order_id}"))


def _from_baskets(
    signals: Signals,
    customer: CustomerContext,
    cards: Mapping[str, ProductCard],
    models: ProductModels,
    say: Mapping[str, str],
) -> None:
    affinity = models.affinity
    recent = list(dict.fromkeys(line.sku for line in customer.kept))[:N_RECENT_SKUS]
    for sku in recent:
        number = models.numbers.get(sku)
        if number is None:
            continue
        for neighbour, together in zip(affinity.neighbours[number], affinity.n_together[number], strict=True):
            if neighbour < 0:
                break
            share = float(together) / float(affinity.n_baskets[number])
            other = affinity.skus[neighbour]
            reference = f"baskets:{sku}+{other}:{together}/{affinity.n_baskets[number]}"
            text = say["together"].format(name=cards[sku].name if sku in cards else sku, one_in=1.0 / share)
            signals.add(other, "bought_together", min(1.0, math.sqrt(share)), Reason(text, reference))


def _from_events(signals: Signals, customer: CustomerContext, now: datetime, say: Mapping[str, str]) -> None:
    for event in customer.events:
        days = (now - event.at).days
        if event.kind not in ("view", "click", "dwell", "share") or not 0 <= days <= VIEW_DAYS:
            continue
        sku = event.object.removeprefix("product:")
        reason = Reason(say["viewed"].format(days=days), f"event:{event.kind}:{sku}:{event.at.isoformat()}")
        signals.add(sku, "viewed", 1.0 - days / (VIEW_DAYS + 1), reason)


def _from_popularity(signals: Signals, models: ProductModels) -> None:
    if not models.popular:
        return
    affinity = models.affinity
    most = float(affinity.n_baskets[models.numbers[models.popular[0]]])
    for sku in [*models.popular[:N_POPULAR], *signals.features]:
        number = models.numbers.get(sku)
        if number is not None:
            signals.add(sku, "popularity", math.log1p(float(affinity.n_baskets[number])) / math.log1p(most))


def _add_tags(signals: Signals, sku: str, card: ProductCard, customer: CustomerContext, say: Mapping[str, str]) -> None:
    shared = sorted(card.tags & customer.tag_names)
    if shared:
        text = say["tags"].format(tags="、".join(shared))
        signals.add(sku, "tags", min(1.0, len(shared) / 2), Reason(text, f"tags:{'|'.join(shared)}"))


def _contributions(features: Mapping[str, float], policy: Policy) -> tuple[Contribution, ...]:
    parts = [
        Contribution(name, round(features[name] * getattr(policy.product, name), DECIMALS))
        for name in PRODUCT_FEATURES
        if features.get(name)
    ]
    return tuple(sorted(parts, key=lambda part: -part.contribution))
