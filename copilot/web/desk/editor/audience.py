"""An audience as the fields of a form, and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from copilot.errors import BadRequestError
from knowledge.audience import Audience
from knowledge.errors import InvalidValueError

MOST_YEARS: Final = 150


@dataclass(frozen=True)
class AudienceFields:
    """What the form shows; numbers as they are typed, `other` the JSON of what has no field of its own."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    gender: str = ""
    unknown_gender: str = ""
    orders_min: str = ""
    orders_max: str = ""
    orders_days: str = ""
    age_from: str = ""
    age_to: str = ""
    segments: tuple[str, ...] = ()
    other: str = ""

    @classmethod
    def of(cls, rule: Mapping[str, object]) -> "AudienceFields":
        """The fields of a rule; one that cannot be read is kept whole in `other`."""
        unknown = {name: value for name, value in rule.items() if name not in Audience.model_fields}
        try:
            known = Audience.parse({name: value for name, value in rule.items() if name not in unknown})
        except InvalidValueError:
            return cls(other=_json(rule))
        orders, age = known.orders, known.age
        return cls(
            all=known.all,
            any=known.any,
            none=known.none,
            gender=known.gender or "",
            unknown_gender=known.unknown_gender if "unknown_gender" in known.model_fields_set else "",
            orders_min=_number(orders.min if orders else None),
            orders_max=_number(orders.max if orders else None),
            orders_days=_number(orders.window_days if orders else None),
            age_from=_number(age[0] if age else None),
            age_to=_number(age[1] if age else None),
            segments=known.segments,
            other=_json(unknown) if unknown else "",
        )

    @property
    def other_names(self) -> list[str]:
        """What has no field of its own, by name."""
        return sorted(self._others())

    def rule(self) -> dict[str, object]:
        """The JSON object to store, with only what says something.

        Raises:
            BadRequestError: a number is none, or `other` is no JSON object.
        """
        named = {
            "all": list(self.all),
            "any": list(self.any),
            "none": list(self.none),
            "gender": self.gender,
            "unknown_gender": self.unknown_gender,
            "orders": self._orders(),
            "age": self._age(),
            "segments": list(self.segments),
        }
        return {name: value for name, value in named.items() if value} | self._others()

    def _orders(self) -> dict[str, int]:
        told = {"min": self.orders_min, "max": self.orders_max, "window_days": self.orders_days}
        return {name: _whole(f"orders.{name}", text) for name, text in told.items() if text.strip()}

    def _age(self) -> list[int]:
        if not self.age_from.strip() and not self.age_to.strip():
            return []
        return [_whole("age", self.age_from or "0"), _whole("age", self.age_to or str(MOST_YEARS))]

    def _others(self) -> dict[str, object]:
        if not self.other:
            return {}
        try:
            found = json.loads(self.other)
        except (ValueError, RecursionError) as error:
            raise BadRequestError("audience", self.other, f"a JSON object ({error})") from error
        if not isinstance(found, dict):
            raise BadRequestError("audience", self.other, "a JSON object")
        return found


def _json(rule: Mapping[str, object]) -> str:
    """In ASCII, so that it survives a form to the letter."""
    return json.dumps(dict(rule), sort_keys=True)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _whole(field: str, text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit()):
        raise BadRequestError(f"audience.{field}", text, "a whole number")
    return int(plain)
