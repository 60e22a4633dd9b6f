"""Column types shared by the tables."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import DateTime, Dialect, Enum
from sqlalchemy.types import TypeDecorator

DEFAULT_TENANT = "default"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, kept in UTC and always returned with its time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, got {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(choices: type[StrEnum]) -> Enum:
    """A text column that holds the values of `choices`, readable by any SQL client."""
    return Enum(choices, values_callable=lambda kinds: [kind.value for kind in kinds], native_enum=False, length=32)
