"""What is known of customers, as tags that recommenders can look at."""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from eval.datasets.profiles import Profiles
from models.recommenders.profile_tags import ProfileTags

TAGS_COLUMN = "tags"
MOST_VALUES = 12
"""Of a column of numbers with more different ones, what counts is the first digit and how large they are."""


def tags_of(profiles: Profiles, customer_ids: Sequence[str]) -> ProfileTags:
    """The tags of these customers; somebody without a profile has none.

    A value becomes the tag `column:value`, `a|b` one for each; what stands in the column `tags` is a tag as it is.
    Where a column has many different numbers they become tags such as `age:30–40` or `spend:2000–3000`.
    """
    places = {own: place for place, own in enumerate(profiles.ids)}
    columns = [_column(name, values) for name, values in profiles.attributes.items()]

    def held(customer_id: str) -> Iterator[str]:
        place = places.get(customer_id)
        return (tag for column in columns for tag in column[place]) if place is not None else iter(())

    return ProfileTags.of_names([list(held(one)) for one in customer_ids])


def _column(name: str, values: Sequence[str]) -> list[list[str]]:
    """The tags that each cell of a column stands for."""
    numbers = _numbers(values)
    if len(set(numbers.values())) > MOST_VALUES:
        return [[f"{name}:{_range(numbers[value])}"] if value else [] for value in values]
    prefix = "" if name == TAGS_COLUMN else f"{name}:"
    return [[f"{prefix}{one.strip()}" for one in value.split("|") if one.strip()] for value in values]


def _numbers(values: Sequence[str]) -> Mapping[str, float]:
    """The number that each value stands for; nothing where one of them is no number."""
    try:
        found = {value: float(value) for value in values if value}
    except ValueError:
        return {}
    return found if all(map(math.isfinite, found.values())) else {}


def _range(number: float) -> str:
    """The numbers of the same size that begin with the same digit."""
    if number == 0.0:
        return "0"
    digits = Decimal(repr(abs(number)))  # as it is written: a power of ten cannot be trusted to be exact
    size, first = digits.adjusted(), digits.as_tuple().digits[0]
    ends = f"{_round(first, size)}–{_round(first + 1, size)}"
    return ends if number > 0.0 else f"-({ends})"


def _round(first: int, size: int) -> str:
    """The number `first * 10**size` as floats are written, those too small or large for one as well."""
    number = Decimal(first).scaleb(size).normalize()
    size = number.adjusted()
    return f"{number:f}" if -5 < size < 6 else f"{number.scaleb(-size):f}e{size:+03d}"
