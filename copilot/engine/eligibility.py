"""Hard rules: which scripts and products may be searched at all for this customer, here and now."""

import json
import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from copilot.engine.context import AgentContext, CustomerContext
from copilot.engine.product_rules import ProductRules
from copilot.engine.regulated import RegulatedNames
from knowledge.audience import Audience, CustomerFacts
from knowledge.index.items import USUAL_CURRENCY
from knowledge.tables import Scene


@dataclass(frozen=True)
class Place:
    """Where and for whom a suggestion is made."""

    customer: CustomerContext
    agent: AgentContext
    scene: Scene
    channel: str
    now: datetime


class ScriptRule(NamedTuple):
    """A script's rule as its label says it."""

    audience: Audience
    scenes: frozenset[str]
    channels: frozenset[str]
    scope: str


class ProductRule(NamedTuple):
    """A product's rule as its label says it."""

    audience: Audience
    category: str
    currency: str


@lru_cache(maxsize=65_536)
def script_rule(label: str) -> ScriptRule:
    """The rule that a label describes."""
    rule = json.loads(label)
    return ScriptRule(
        Audience.parse(rule.get("audience") or {}),
        frozenset(rule.get("scenes") or ()),
        frozenset(rule.get("channels") or ()),
        rule.get("scope") or "",
    )


@lru_cache(maxsize=65_536)
def product_rule(label: str) -> ProductRule:
    """The rule that a label describes."""
    rule = json.loads(label)
    audience = Audience.parse(rule.get("audience") or {})
    return ProductRule(audience, rule.get("category") or "", rule.get("currency") or USUAL_CURRENCY)


def audience_here(audience: Audience, rules: ProductRules) -> Audience:
    """A product's audience as the shop means it: the shop's policy for unknown gender where the audience has none."""
    return audience.letting_unknown_gender() if rules.unknown_gender == "allow" else audience


def script_exclusion(label: str, place: Place, facts: CustomerFacts | None) -> str | None:
    """The rule that keeps scripts with this label away from here, or `None`."""
    rule = script_rule(label)
    return (
        scene_exclusion(rule.scenes, place)
        or channel_exclusion(rule.channels, place)
        or scope_exclusion(rule.scope, place.agent)
        or rule.audience.exclusion(facts)
    )


def scene_exclusion(scenes: frozenset[str], place: Place) -> str | None:
    """Why something for these scenes only is not for here."""
    return f"scene:{'|'.join(sorted(scenes))}" if scenes and place.scene not in scenes else None


def channel_exclusion(channels: frozenset[str], place: Place) -> str | None:
    """Why something for these channels only is not for here; an unknown channel is none to refuse."""
    if not channels or not place.channel or place.channel in channels:
        return None
    return f"channel:{'|'.join(sorted(channels))}"


def scope_exclusion(scope: str, agent: AgentContext) -> str | None:
    """Why a script of this scope is not this agent's."""
    kind, _, owner = scope.partition(":")
    if kind == "team" and owner != agent.team_id:
        return f"scope:{scope}"
    if kind == "private" and owner != agent.agent_id:
        return f"scope:{scope}"
    return None


def price_exclusion(price_fen: float, currency: str, scene: Scene, rules: ProductRules) -> str | None:
    """Why a product of this price is not for this scene; a price that cannot be compared is refused where any is."""
    if not rules.limits_price(scene):
        return None
    if not rules.knows_currency(currency):
        return f"price_tier:none in {currency}"
    limit = rules.limit_fen(scene, currency)
    if math.isnan(price_fen):
        return "price_tier:price unknown"
    if limit is None or price_fen < limit:
        return None
    return "price_tier:direct only" if scene is Scene.GROUP else f"price_tier:not {scene.value}"


def script_reason(label: str, valid_from: float, valid_to: float, place: Place) -> str:
    """Why a script is not eligible here; empty when it is."""
    if place.now.timestamp() < valid_from:
        return "validity:not yet"
    if place.now.timestamp() > valid_to:
        return "validity:expired"
    return script_exclusion(label, place, place.customer.facts(place.now)) or ""


def product_reason(
    label: str, stock: float, price_fen: float, place: Place, rules: ProductRules, names: RegulatedNames
) -> str:
    """Why a product is not eligible here; empty when it is, or when only its tags say why."""
    if stock < 1:
        return "stock:out"
    rule = product_rule(label)
    return (
        price_exclusion(price_fen, rule.currency, place.scene, rules)
        or names.exclusion(rule.category)
        or audience_here(rule.audience, rules).exclusion(place.customer.facts(place.now))
        or ""
    )
