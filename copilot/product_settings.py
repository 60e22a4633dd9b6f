"""The section `products` of `shop.json`: what the shop lets be offered to whom, when, and what it wants most.

{"products": {
    "unknown_gender": "block",
    "regulated": ["保健食品"], "allowed": ["葡萄酒"],
    "price_tiers": [{"from": 1500, "currency": "CNY", "scenes": ["direct"]}],
    "complaint_days": 7,
    "quiet_hours": {"from": "22:00", "until": "08:00"},
    "objectives": {"service": 1, "conversion": 1, "referral": 1},
    "gift_tags": ["礼盒"],
    "questions": {"skin_types": {"zh": "您是什么肤质？", "en": "What is your skin type?"}}}}
"""

import json
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from copilot.engine.product_rules import ObjectiveMix, PriceTier, ProductRules, QuietHours, Wording
from copilot.errors import BadRequestError
from copilot.shop import SHOP_FILE
from knowledge.tables import Scene

EXPECTED = {
    "unknown_gender": '"allow" or "block"',
    "regulated": "a list of categories or tags",
    "allowed": "a list of categories or tags",
    "price_tiers": 'a list like [{"from": 1500, "currency": "CNY", "scenes": ["direct"]}]',
    "price_tiers.from": "a price from 0 to 1,000,000,000",
    "price_tiers.currency": 'three capital letters such as "CNY"',
    "price_tiers.scenes": 'a list of "direct" and "group", empty for none',
    "complaint_days": "a whole number of days from 0 to 365",
    "quiet_hours": 'an object like {"from": "22:00", "until": "08:00"}',
    "quiet_hours.from": 'a time of day like "22:00"',
    "quiet_hours.until": 'a time of day like "08:00"',
    "objectives": 'an object like {"service": 1, "conversion": 1, "referral": 1}',
    "objectives.service": "a number from 0 to 5",
    "objectives.conversion": "a number from 0 to 5",
    "objectives.referral": "a number from 0 to 5",
    "gift_tags": "a list of tags",
    "questions": 'an object like {"skin_types": {"zh": "您是什么肤质？", "en": "What is your skin type?"}}',
}
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _minutes(value: object) -> int:
    found = TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a time of day is expected")
    return int(found[1]) * 60 + int(found[2])


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Share = Annotated[float, Field(ge=0, le=5, allow_inf_nan=False, strict=True)]
TimeOfDay = Annotated[int, BeforeValidator(_minutes)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TierSettings(_Part):
    """From which price on products are for some scenes only."""

    from_price: Annotated[float, Field(alias="from", ge=0, le=1e9, allow_inf_nan=False, strict=True)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"
    scenes: list[Scene] = [Scene.DIRECT]


class QuietSettings(_Part):
    """When nothing is offered unasked."""

    starts: Annotated[TimeOfDay, Field(alias="from")]
    ends: Annotated[TimeOfDay, Field(alias="until")]

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.starts == self.ends:
            raise ValueError("two different times are expected")
        return self


class ObjectiveSettings(_Part):
    """How much each aim counts."""

    service: Share = 1.0
    conversion: Share = 1.0
    referral: Share = 1.0


class QuestionSettings(_Part):
    """How agents ask for an attribute."""

    zh: Annotated[str, StringConstraints(max_length=200)] = ""
    en: Annotated[str, StringConstraints(max_length=200)] = ""


class ProductSettings(_Part):
    """The section as written."""

    unknown_gender: Literal["allow", "block"] = "block"
    regulated: list[Name] = []
    allowed: list[Name] = []
    price_tiers: list[TierSettings] = [TierSettings.model_validate({"from": 1500})]
    complaint_days: Annotated[int, Field(ge=0, le=365, strict=True)] = 7
    quiet_hours: QuietSettings | None = None
    objectives: ObjectiveSettings = ObjectiveSettings()
    gift_tags: list[Name] = []
    questions: dict[Name, QuestionSettings] = {}

    def rules(self, time_zone: str) -> ProductRules:
        """The rules that the engine obeys; times of day are those of the zone."""
        quiet = self.quiet_hours
        return ProductRules(
            unknown_gender=self.unknown_gender,
            regulated=frozenset(self.regulated),
            allowed=frozenset(self.allowed),
            price_tiers=tuple(map(_tier, self.price_tiers)),
            complaint_days=self.complaint_days,
            quiet_hours=QuietHours(quiet.starts, quiet.ends, time_zone) if quiet else None,
            objectives=ObjectiveMix(**self.objectives.model_dump()),
            gift_tags=frozenset(self.gift_tags),
            questions=tuple((name, Wording(one.zh, one.en)) for name, one in sorted(self.questions.items())),
            time_zone=time_zone,
        )


def read_product_rules(folder: Path) -> ProductRules:
    """The rules in the workspace's `shop.json`; the usual ones where it says nothing.

    Raises:
        BadRequestError: the file is not JSON, or a value is not what it should be; names the key and the value.
    """
    path = folder / SHOP_FILE
    if not path.is_file():
        return ProductRules()
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise BadRequestError(str(path), str(error), "JSON") from error
    if not isinstance(content, dict):
        raise BadRequestError(str(path), content, "a JSON object")
    section = content.get("products", {})
    time_zone = _time_zone(path, content.get("timezone", ProductRules.time_zone))
    try:
        settings = ProductSettings.model_validate(section)
    except ValidationError as error:
        raise _explained(path, error) from error
    both = sorted(set(settings.regulated) & set(settings.allowed))
    if both:
        raise BadRequestError(f"{path}: products.allowed", both[0], "nothing that products.regulated names too")
    return settings.rules(time_zone)


def _time_zone(path: Path, name: object) -> str:
    try:
        if isinstance(name, str):
            ZoneInfo(name)
            return name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise BadRequestError(f"{path}: timezone", name, 'a time zone such as "Asia/Shanghai"')


def _tier(tier: TierSettings) -> PriceTier:
    return PriceTier(round(tier.from_price * 100), tier.currency, frozenset(tier.scenes))


def _explained(path: Path, error: ValidationError) -> BadRequestError:
    """The first thing wrong, with its key, value and what was expected."""
    first = error.errors()[0]
    place = ".".join(["products", *map(str, first["loc"])])
    names = [part for part in first["loc"] if isinstance(part, str)]
    if first["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(names[:-1]))
        return BadRequestError(f"{path}: {place}", first["input"], f"no such key; there are {known}")
    key = next((key for n in range(len(names), 0, -1) if (key := ".".join(names[:n])) in EXPECTED), None)
    expected = EXPECTED[key] if key else "an object"
    return BadRequestError(f"{path}: {place}", first["input"], expected)


def _known_keys(parents: list[str]) -> list[str]:
    """The keys of a part, as they are written."""
    parts: dict[str, type[BaseModel]] = {
        "price_tiers": TierSettings,
        "quiet_hours": QuietSettings,
        "objectives": ObjectiveSettings,
        "questions": QuestionSettings,
    }
    part = parts.get(parents[0], ProductSettings) if parents else ProductSettings
    return [field.alias or name for name, field in part.model_fields.items()]
