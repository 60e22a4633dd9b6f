"""The shop's own limits on what may be offered, as plain values."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from copilot.engine.policy import ProductWeights
from knowledge.tables import Scene

SERVICE = frozenset({"message", "words", "wishes", "refill", "habit"})
CONVERSION = frozenset(
    {"bought_together", "segment", "viewed", "coupon", "popularity", "best_seller", "pull", "trend", "profile"}
)
REFERRAL = frozenset({"giftable"})
"""Which features each objective multiplies; what is in none of them always counts once."""


@dataclass(frozen=True)
class PriceTier:
    """From this price on, in hundredths of a currency, a product is offered in these scenes only."""

    from_fen: int
    currency: str = "CNY"
    scenes: frozenset[Scene] = frozenset({Scene.DIRECT})


@dataclass(frozen=True)
class QuietHours:
    """When nobody is written to unasked; minutes since midnight on the shop's clock, the end not included."""

    starts: int
    ends: int
    time_zone: str

    def holds(self, now: datetime) -> bool:
        """Whether it is quiet now; a span may run past midnight."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        minute = local.hour * 60 + local.minute
        if self.starts <= self.ends:
            return self.starts <= minute < self.ends
        return minute >= self.starts or minute < self.ends

    @property
    def name(self) -> str:
        """The rule as records name it."""
        return f"quiet_hours:{_clock(self.starts)}-{_clock(self.ends)}"


@dataclass(frozen=True)
class ObjectiveMix:
    """How much each aim counts; one leaves the policy's weights as they are, zero leaves its features out."""

    service: float = 1.0
    conversion: float = 1.0
    referral: float = 1.0

    def multiplier(self, feature: str) -> float:
        """What the weight of a feature is multiplied by."""
        if feature in SERVICE:
            return self.service
        if feature in CONVERSION:
            return self.conversion
        return self.referral if feature in REFERRAL else 1.0

    def weight(self, weights: ProductWeights, feature: str) -> float:
        """What one unit of a feature adds to the score."""
        return float(getattr(weights, feature)) * self.multiplier(feature)


@dataclass(frozen=True)
class Wording:
    """How agents ask for an attribute of products, in each language; empty takes the usual words."""

    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class ProductRules:
    """The shop's own limits on what may be offered, and what it wants most.

    `unknown_gender` says what the gender in a product's audience means for somebody whose gender nobody knows, unless
    the audience says so itself. `regulated` and `allowed` name categories and tags beyond those blocked by default.
    """

    unknown_gender: Literal["allow", "block"] = "block"
    regulated: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    price_tiers: tuple[PriceTier, ...] = (PriceTier(150_000),)
    complaint_days: int = 7
    quiet_hours: QuietHours | None = None
    objectives: ObjectiveMix = field(default_factory=ObjectiveMix)
    gift_tags: frozenset[str] = frozenset()
    questions: tuple[tuple[str, Wording], ...] = ()
    time_zone: str = "Asia/Shanghai"

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with any of these rules."""
        text = json.dumps(asdict(self), default=sorted, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def limit_fen(self, scene: Scene, currency: str) -> int | None:
        """From which price on products in this currency are not for a scene; empty when all are."""
        limits = [tier.from_fen for tier in self.price_tiers if tier.currency == currency and scene not in tier.scenes]
        return min(limits, default=None)

    def limits_price(self, scene: Scene) -> bool:
        """Whether some products are too dear for a scene; then a price that cannot be compared is refused as well."""
        return any(scene not in tier.scenes for tier in self.price_tiers)

    def knows_currency(self, currency: str) -> bool:
        """Whether there is a tier in this currency, so that a price can be compared at all."""
        return any(tier.currency == currency for tier in self.price_tiers)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
