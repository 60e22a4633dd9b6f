"""Conditions on an item's attributes: a small tree that every index compiles to its own language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class AllOf:
    """Every part holds; with no parts, everything does."""

    parts: tuple["Filter", ...] = ()


@dataclass(frozen=True)
class Among:
    """A label has one of these values; with no values, nothing does."""

    attribute: str
    values: frozenset[str]


@dataclass(frozen=True)
class AtLeast:
    """A number is this or more; an unknown number (NaN) never is."""

    attribute: str
    value: float


@dataclass(frozen=True)
class AtMost:
    """A number is this or less; an unknown number (NaN) never is."""

    attribute: str
    value: float


@dataclass(frozen=True)
class Without:
    """None of these items; ids the index does not have are ignored."""

    item_ids: frozenset[str]


Filter: TypeAlias = AllOf | Among | AtLeast | AtMost | Without


def conditions(where: Filter | None) -> Iterator[Among | AtLeast | AtMost | Without]:
    """The single conditions of a tree, all of which must hold; none for `None`."""
    if isinstance(where, AllOf):
        for part in where.parts:
            yield from conditions(part)
    elif where is not None:
        yield where


def valid_at(epoch_s: float) -> AllOf:
    """Items whose validity window holds this moment, both ends included."""
    return AllOf((AtMost("valid_from", epoch_s), AtLeast("valid_to", epoch_s)))
