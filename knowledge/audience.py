"""Who a script or product may be shown to: a small JSON object, compiled once and asked millions of times."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from knowledge.errors import InvalidValueError

ANONYMOUS = "audience.anonymous"
"""The reason when a rule needs to know something about a customer who is not known."""

GENDERS = {"女": "female", "f": "female", "男": "male", "m": "male"}
"""Other ways of writing a gender."""

CACHED_AUDIENCES = 8192


def _plain_gender(value: object) -> object:
    if not isinstance(value, str):
        return value
    plain = value.strip().lower()
    return GENDERS.get(plain, plain)


Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Gender = Annotated[Literal["female", "male"], BeforeValidator(_plain_gender)]
Years = Annotated[int, Field(strict=True, ge=0, le=150)]


@dataclass(frozen=True)
class CustomerFacts:
    """What audience rules look at; a tag is written `tag` or `tag:value`, `now` in the shop's own time zone."""

    now: datetime
    tags: frozenset[str] = frozenset()
    gender: str = ""
    birthday: date | None = None
    segments: frozenset[str] = frozenset()
    order_times: Sequence[datetime] = ()

    @cached_property
    def tag_names(self) -> frozenset[str]:
        """The tags as written and, of those with a value, the name before the colon."""
        return self.tags | {tag.partition(":")[0] for tag in self.tags}

    @property
    def age(self) -> int | None:
        """Full years; empty when the birthday is unknown."""
        if self.birthday is None:
            return None
        today = self.now.date()
        had_birthday = (today.month, today.day) >= (self.birthday.month, self.birthday.day)
        return today.year - self.birthday.year - (0 if had_birthday else 1)

    def n_orders(self, window_days: int | None) -> int:
        """How many orders were placed in the last `window_days`, or ever."""
        if window_days is None:
            return sum(moment <= self.now for moment in self.order_times)
        since = self.now - timedelta(days=window_days)
        return sum(since <= moment <= self.now for moment in self.order_times)


class OrderRule(BaseModel):
    """How many orders within the last `window_days` (ever, when empty)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_days: Annotated[int, Field(strict=True, gt=0, le=36_500)] | None = None
    min: Annotated[int, Field(strict=True, ge=0)] = 0
    max: Annotated[int, Field(strict=True, ge=0)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"max {self.max} is below min {self.min}")
        return self

    def exclusion(self, facts: CustomerFacts) -> str | None:
        """The bound that the customer's orders miss."""
        n_orders = facts.n_orders(self.window_days)
        if n_orders < self.min:
            return f"audience.orders.min:{self.min}"
        if self.max is not None and n_orders > self.max:
            return f"audience.orders.max:{self.max}"
        return None


class Audience(BaseModel):
    """Who may see an item; every rule given must hold, an empty audience is everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    all: tuple[Tag, ...] = ()
    any: tuple[Tag, ...] = ()
    none: tuple[Tag, ...] = ()
    gender: Gender | None = None
    unknown_gender: Literal["allow", "deny"] = "deny"
    orders: OrderRule | None = None
    age: tuple[Years, Years] | None = None
    segments: tuple[Tag, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.age is not None and self.age[0] > self.age[1]:
            raise ValueError(f"age {list(self.age)} has its bounds the wrong way round")
        return self

    @classmethod
    def parse(cls, rule: str | Mapping[str, object] | None) -> "Audience":
        """The audience a JSON text or mapping describes; nothing, `""` and `{}` mean everybody.

        Raises:
            InvalidValueError: it is not JSON, has a field that does not exist, or a value out of range.
        """
        if not rule:
            return EVERYBODY
        return _parsed(rule if isinstance(rule, str) else json.dumps(rule, ensure_ascii=False, sort_keys=True))

    @cached_property
    def is_everybody(self) -> bool:
        """Whether nobody is excluded."""
        return not (self.gender or self._needs_knowledge)

    @property
    def _needs_knowledge(self) -> bool:
        return bool(self.all or self.any or self.none or self.orders or self.age or self.segments)

    def exclusion(self, customer: CustomerFacts | None) -> str | None:
        """The first rule the customer (`None` for an anonymous one) does not meet, or `None` when eligible."""
        if self.is_everybody:
            return None
        if customer is None:
            return self._anonymous_exclusion()
        return self._tag_exclusion(customer) or self._person_exclusion(customer)

    def to_rule(self) -> dict[str, object]:
        """The JSON object to store: only the fields that say something."""
        rule = self.model_dump(mode="json", exclude_defaults=True)
        return {**rule, "unknown_gender": self.unknown_gender} if self.says_unknown_gender else rule

    @property
    def says_unknown_gender(self) -> bool:
        """Whether the rule itself says what becomes of people whose gender is unknown."""
        return self.gender is not None and "unknown_gender" in self.model_fields_set

    def letting_unknown_gender(self) -> "Audience":
        """The same audience, people of unknown gender included unless the rule itself says otherwise."""
        if self.gender is None or self.says_unknown_gender:
            return self
        return self.model_validate({**self.to_rule(), "unknown_gender": "allow"})

    def _anonymous_exclusion(self) -> str | None:
        if self._needs_knowledge:
            return ANONYMOUS
        return None if self.unknown_gender == "allow" else "audience.gender"

    def _tag_exclusion(self, customer: CustomerFacts) -> str | None:
        held = customer.tag_names
        for tag in self.all:
            if tag not in held:
                return f"audience.all:{tag}"
        if self.any and held.isdisjoint(self.any):
            return f"audience.any:{'|'.join(self.any)}"
        for tag in self.none:
            if tag in held:
                return f"audience.none:{tag}"
        return None

    def _person_exclusion(self, customer: CustomerFacts) -> str | None:
        if self.gender and not self._suits_gender(customer.gender):
            return "audience.gender"
        if self.segments and customer.segments.isdisjoint(self.segments):
            return f"audience.segments:{'|'.join(self.segments)}"
        if self.age and not self._suits_age(customer.age):
            return "audience.age"
        return self.orders.exclusion(customer) if self.orders else None

    def _suits_gender(self, gender: str) -> bool:
        return gender == self.gender if gender else self.unknown_gender == "allow"

    def _suits_age(self, age: int | None) -> bool:
        return age is not None and self.age is not None and self.age[0] <= age <= self.age[1]


EVERYBODY = Audience()


@lru_cache(maxsize=CACHED_AUDIENCES)
def _parsed(text: str) -> Audience:
    if not text.strip():
        return EVERYBODY
    try:
        rule = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError(
            "audience", text[:100], f'a JSON object such as {{"all": ["会员"]}} ({error})'
        ) from error
    if not isinstance(rule, dict):
        raise InvalidValueError("audience", text[:100], 'a JSON object such as {"all": ["会员"]}')
    try:
        return Audience.model_validate(rule)
    except ValidationError as error:
        raise _explained(error) from error


def _explained(error: ValidationError) -> InvalidValueError:
    first = error.errors()[0]
    field = ".".join(["audience", *(str(part) for part in first["loc"])])
    if first["type"] == "extra_forbidden":
        return InvalidValueError(field, first["input"], f"no such field; there are {', '.join(Audience.model_fields)}")
    return InvalidValueError(field, first["input"], first["msg"])
