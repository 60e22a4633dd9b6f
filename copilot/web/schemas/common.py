"""Types that many requests and answers share."""

import json
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

EARLIEST_YEAR, LATEST_YEAR = 1970, 9000


class Wire(BaseModel):
    """Base of everything on the wire; a field that does not exist is refused."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("the character NUL is not allowed")
    return text


def _plausible(at: datetime) -> datetime:
    if not EARLIEST_YEAR <= at.year <= LATEST_YEAR:
        raise ValueError(f"a year from {EARLIEST_YEAR} to {LATEST_YEAR} is expected")
    return at


def _storable(value: dict[str, object]) -> dict[str, object]:
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


NO_NUL = AfterValidator(_without_nul)
Id = Annotated[str, StringConstraints(min_length=1, max_length=200), NO_NUL]
Short = Annotated[str, StringConstraints(max_length=500), NO_NUL]
LongText = Annotated[str, StringConstraints(max_length=20_000), NO_NUL]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200), NO_NUL]
Labels = Annotated[list[Label], Field(max_length=200)]
Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
Count = Annotated[int, Field(ge=0, le=2_000_000_000)]
JsonObject = Annotated[dict[str, object], Field(max_length=100), AfterValidator(_storable)]
