"""What an editor may write: the content of a script version and of a product, checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from knowledge.audience import Audience
from knowledge.errors import InvalidValueError
from knowledge.tables import Product, Scene, ScriptVersion

_SCOPE = re.compile(r"organisation|team:.+|private:.+")


@dataclass(frozen=True)
class ScriptContent:
    """What a script version says, to whom and when; empty lists and open ends mean no restriction."""

    text: str
    triggers: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    audience: Mapping[str, object] = field(default_factory=dict)
    skus: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    scope: str = "organisation"
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    @classmethod
    def of(cls, version: ScriptVersion) -> Self:
        """The content of a version."""
        return cls(**_read_columns(cls, version))

    def check(self) -> None:
        """Check every rule that needs nothing but the content.

        Raises:
            InvalidValueError: a rule is broken.
        """
        if not self.text.strip():
            raise InvalidValueError("text", self.text, "some text")
        if not _SCOPE.fullmatch(self.scope):
            raise InvalidValueError("scope", self.scope, "organisation, team:ID or private:USER")
        for scene in self.scenes:
            if scene not in list(Scene):
                raise InvalidValueError("scenes", scene, f"one of {[known.value for known in Scene]}")
        Audience.parse(self.audience)
        self._check_window()

    def _check_window(self) -> None:
        for name, moment in (("valid_from", self.valid_from), ("valid_to", self.valid_to)):
            if moment is not None and moment.tzinfo is None:
                raise InvalidValueError(name, moment, "a moment with its time zone")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise InvalidValueError("valid_to", self.valid_to, f"no earlier than valid_from {self.valid_from}")


@dataclass(frozen=True)
class ProductContent:
    """What a product is; stock and price are unknown when empty."""

    name: str
    category: str = ""
    brand: str = ""
    price_fen: int | None = None
    currency: str = "CNY"
    stock: int | None = None
    description: str = ""
    attributes: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    audience: Mapping[str, object] = field(default_factory=dict)
    replenish_days: int | None = None
    status: str = "active"
    url: str = ""
    image: str = ""

    @classmethod
    def of(cls, product: Product) -> Self:
        """The content of a product."""
        return cls(**_read_columns(cls, product))

    def check(self) -> None:
        """Check every rule that needs nothing but the content.

        Raises:
            InvalidValueError: a rule is broken.
        """
        if not self.name.strip():
            raise InvalidValueError("name", self.name, "some text")
        for name, number in (("price_fen", self.price_fen), ("stock", self.stock)):
            if number is not None and number < 0:
                raise InvalidValueError(name, number, "0 or more, or nothing when unknown")
        if self.replenish_days is not None and self.replenish_days < 1:
            raise InvalidValueError("replenish_days", self.replenish_days, "1 or more, or nothing when unknown")
        Audience.parse(self.audience)


def columns_of(content: ScriptContent | ProductContent) -> dict[str, Any]:
    """The values as the columns of the table keep them."""
    values = {known.name: getattr(content, known.name) for known in fields(content)}
    return {
        name: list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
    }


def _read_columns(content: type[ScriptContent | ProductContent], row: ScriptVersion | Product) -> dict[str, Any]:
    values = {known.name: getattr(row, known.name) for known in fields(content)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
