"""The needs that conversations are about, each with the scripts that answer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from copilot.sample.archetypes import Archetype
from copilot.sample.brand import Brand, Goal, PlannedEffect, Product, Script
from copilot.sample.names import Language
from copilot.sample.paraphrase import is_traditional
from copilot.sample.slots import SLOT

NEED_SPREAD = 0.02
PLANNED_POPULARITY = 20.0
OWN_TOPIC = 3.0
OWN_SCRIPT = 6.0
RETIRED_DAYS = 150
SERVICE_STAGES = frozenset({"交付", "服务与运营"})
NEED_WORDS: Mapping[str, tuple[str, ...]] = {
    "尺码犹豫": ("睡衣",),
    "送礼挑选": ("送礼",),
    "敏感初试": ("舒缓",),
    "敏感肌顾虑": ("舒缓", "温和"),
}


@dataclass(frozen=True)
class Topic:
    """A need: how customers say it, and what can be answered.

    Attributes:
        goal: What its scripts are meant to win, a sale or a satisfied customer.
        is_planned: Whether the plan names effects for its scripts; the others make no difference.
        products: What it is about; empty when it is about anything or nothing.
        points: What the need itself adds to the probability of a sale.
    """

    need: str
    stage: str
    goal: Goal
    is_planned: bool
    language: Language
    scenes: tuple[str, ...]
    scripts: tuple[Script, ...]
    triggers: tuple[str, ...]
    products: tuple[Product, ...]
    points: float
    popularity: float

    @property
    def names_products(self) -> bool:
        """Whether people raising it usually have a product in mind."""
        return any(script.skus for script in self.scripts) or (
            self.stage == "转化" and (self.is_planned or bool(self.products))
        )

    def odds(self, archetype: Archetype, scene: str) -> float:
        """How likely this kind of customer is to raise it there, relative to other topics."""
        if self.scenes and scene not in self.scenes:
            return 0.0
        said = " ".join(self.triggers)
        own = any(word in said for word in (*archetype.tags, *archetype.likes, *archetype.skin))
        return self.popularity * (OWN_TOPIC if own else 1.0) * _language_fit(self.language, archetype.language)


def make_topics(rng: np.random.Generator, brand: Brand) -> list[Topic]:
    """The needs of the plan in the order they first appear there, then one for each other script once published."""
    known = {script.id: script for script in brand.scripts if script.status in {"published", "retired"}}
    groups: dict[str, list[Script]] = {}
    for planned in brand.plan:
        if planned.script_id in known:
            groups.setdefault(planned.need, []).append(known.pop(planned.script_id))
    groups |= {script.title: [script] for script in known.values()}
    first_plan = {planned.need: planned for planned in reversed(brand.plan)}
    points = rng.normal(0.0, NEED_SPREAD, len(groups)).clip(-0.04, 0.04).tolist()
    popularity = rng.lognormal(0.0, 0.4, len(groups)).tolist()
    sold = [product for product in brand.products if product.is_sold]
    return [
        _topic(need, scripts, first_plan.get(need), sold, points=points[row], popularity=popularity[row])
        for row, (need, scripts) in enumerate(groups.items())
    ]


def is_live(script: Script, day: date, today: date) -> bool:
    """Whether agents could send the script that day; retired ones were in use until some months ago."""
    if script.status == "retired" and (today - day).days < RETIRED_DAYS:
        return False
    begun = not script.valid_from or date.fromisoformat(script.valid_from[:10]) <= day
    over = bool(script.valid_to) and date.fromisoformat(script.valid_to[:10]) < day
    return begun and not over


def language_of(text: str) -> Language:
    """English when most letters outside slots are Latin, otherwise by the characters."""
    bare = SLOT.sub("", text)
    letters = [letter for letter in bare if letter.isalpha()]
    if sum(letter.isascii() for letter in letters) > 0.7 * len(letters):
        return "en"
    return "zh-Hant" if is_traditional(bare) else "zh-Hans"


def _language_fit(spoken: Language, understood: Language) -> float:
    """English only with English; writers of traditional characters also get simplified scripts, converted."""
    if spoken == understood:
        return OWN_SCRIPT if spoken == "zh-Hant" else 1.0
    return 1.0 if (spoken, understood) == ("zh-Hans", "zh-Hant") else 0.0


def _topic(
    need: str,
    scripts: Sequence[Script],
    planned: PlannedEffect | None,
    products: Sequence[Product],
    *,
    points: float,
    popularity: float,
) -> Topic:
    stage = scripts[0].stage
    triggers = tuple(dict.fromkeys(trigger for script in scripts for trigger in script.triggers))
    goal: Goal = "satisfaction" if stage in SERVICE_STAGES else "conversion"
    return Topic(
        need=need,
        stage=stage,
        goal=planned.goal if planned else goal,
        is_planned=planned is not None,
        language=language_of(" ".join(triggers)),
        scenes=tuple(dict.fromkeys(scene for script in scripts for scene in script.scenes)),
        scripts=tuple(scripts),
        triggers=triggers,
        products=_products_about(need, scripts, products),
        points=points,
        popularity=popularity * (PLANNED_POPULARITY if planned else 1.0),
    )


def _products_about(need: str, scripts: Sequence[Script], products: Sequence[Product]) -> tuple[Product, ...]:
    """What the scripts name; failing that, what carries a tag or category that the customers' words contain."""
    named = {sku for script in scripts for sku in script.skus}
    if named:
        return tuple(product for product in products if product.sku in named)
    said = " ".join([*NEED_WORDS.get(need, ()), *(trigger for script in scripts for trigger in script.triggers)])
    return tuple(
        product
        for product in products
        if any(word in said for word in (product.category, *product.tags) if len(word) > 1)
    )
