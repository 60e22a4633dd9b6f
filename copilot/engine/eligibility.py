"""Hard rules: which scripts and products may be searched at all for this customer, here and now."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from copilot.engine.context import AgentContext, CustomerContext
from knowledge.audience import Audience, CustomerFacts
from knowledge.index.filters import AllOf, Among, AtLeast, AtMost, Filter
from knowledge.tables import Scene


@dataclass(frozen=True)
class Place:
    """Where and for whom a suggestion is made."""

    customer: CustomerContext
    agent: AgentContext
    scene: Scene
    channel: str
    now: datetime


@dataclass(frozen=True)
class ProductRules:
    """The shop's own limits on what may be offered."""

    regulated: frozenset[str] = frozenset(
        {
            "烟草",
            "香烟",
            "电子烟",
            "酒类",
            "白酒",
            "处方药",
            "药品",
            "医疗器械",
            "婴儿配方奶粉",
            "tobacco",
            "alcohol",
            "medicine",
        }
    )
    high_ticket_fen: int = 150_000


@lru_cache(maxsize=65_536)
def _script_rule(label: str) -> tuple[Audience, frozenset[str], frozenset[str], str]:
    rule = json.loads(label)
    audience = Audience.parse(rule.get("audience") or {})
    return audience, frozenset(rule.get("scenes") or ()), frozenset(rule.get("channels") or ()), rule.get("scope") or ""


@lru_cache(maxsize=65_536)
def _product_rule(label: str) -> tuple[Audience, str]:
    rule = json.loads(label)
    return Audience.parse(rule.get("audience") or {}), rule.get("category") or ""


def script_exclusion(label: str, place: Place, facts: CustomerFacts | None) -> str | None:
    """The rule that keeps scripts with this label away from here, or `None`."""
    audience, scenes, channels, scope = _script_rule(label)
    if scenes and place.scene not in scenes:
        return f"scene:{'|'.join(sorted(scenes))}"
    if channels and place.channel and place.channel not in channels:
        return f"channel:{'|'.join(sorted(channels))}"
    return _scope_exclusion(scope, place.agent) or audience.exclusion(facts)


def product_exclusion(label: str, facts: CustomerFacts | None, rules: ProductRules) -> str | None:
    """The rule that keeps products with this label away from this customer, or `None`."""
    audience, category = _product_rule(label)
    if category in rules.regulated:
        return f"regulated:{category}"
    return audience.exclusion(facts)


def script_filter(labels: Iterable[str], place: Place) -> Filter:
    """What a script search may see."""
    facts = place.customer.facts(place.now)
    allowed = frozenset(label for label in labels if script_exclusion(label, place, facts) is None)
    moment = place.now.timestamp()
    return AllOf((Among("rule", allowed), AtMost("valid_from", moment), AtLeast("valid_to", moment)))


def product_filter(labels: Iterable[str], place: Place, rules: ProductRules) -> Filter:
    """What a product search may see."""
    facts = place.customer.facts(place.now)
    allowed = frozenset(label for label in labels if product_exclusion(label, facts, rules) is None)
    parts: list[Filter] = [Among("rule", allowed), AtLeast("stock", 1)]
    if place.scene is Scene.GROUP:
        parts.append(AtMost("price_fen", rules.high_ticket_fen - 1))
    return AllOf(tuple(parts))


def script_reason(label: str, valid_from: float, valid_to: float, place: Place) -> str:
    """Why a script is not eligible here; empty when it is."""
    if place.now.timestamp() < valid_from:
        return "validity:not yet"
    if place.now.timestamp() > valid_to:
        return "validity:expired"
    return script_exclusion(label, place, place.customer.facts(place.now)) or ""


def product_reason(label: str, stock: float, price_fen: float, place: Place, rules: ProductRules) -> str:
    """Why a product is not eligible here; empty when it is."""
    if stock < 1:
        return "stock:out"
    if place.scene is Scene.GROUP and (math.isnan(price_fen) or price_fen >= rules.high_ticket_fen):
        return "price_tier:direct only"
    return product_exclusion(label, place.customer.facts(place.now), rules) or ""


def _scope_exclusion(scope: str, agent: AgentContext) -> str | None:
    kind, _, owner = scope.partition(":")
    if kind == "team" and owner != agent.team_id:
        return f"scope:{scope}"
    if kind == "private" and owner != agent.agent_id:
        return f"scope:{scope}"
    return None
