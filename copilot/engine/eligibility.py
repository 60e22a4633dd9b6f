"""Hard rules: which scripts and products may be searched at all for this customer, here and now."""

import json
import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from copilot.engine.context import AgentContext, CustomerContext
from knowledge.audience import Audience, CustomerFacts
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
    return ProductRule(Audience.parse(rule.get("audience") or {}), rule.get("category") or "")


def script_exclusion(label: str, place: Place, facts: CustomerFacts | None) -> str | None:
    """The rule that keeps scripts with this label away from here, or `None`."""
    rule = script_rule(label)
    return (
        scene_exclusion(rule.scenes, place)
        or channel_exclusion(rule.channels, place)
        or scope_exclusion(rule.scope, place.agent)
        or rule.audience.exclusion(facts)
    )


def product_exclusion(label: str, facts: CustomerFacts | None, rules: ProductRules) -> str | None:
    """The rule that keeps products with this label away from this customer, or `None`."""
    rule = product_rule(label)
    return category_exclusion(rule.category, rules) or rule.audience.exclusion(facts)


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


def category_exclusion(category: str, rules: ProductRules) -> str | None:
    """Why products of this category are never offered."""
    return f"regulated:{category}" if category in rules.regulated else None


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
