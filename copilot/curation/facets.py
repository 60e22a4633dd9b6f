"""Narrowing a list of scripts down, with the number of scripts behind each further choice."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from copilot.curation.listed import ANY, ListedScript

Values = Callable[[ListedScript, datetime], tuple[str, ...]]
FACETS: Final[Mapping[str, Values]] = {
    "status": lambda one, _: one.statuses,
    "health": lambda one, _: one.health,
    "stage": lambda one, _: one.stages or (ANY,),
    "scene": lambda one, _: one.scenes or (ANY,),
    "kind": lambda one, _: (one.kind,),
    "validity": lambda one, now: (one.validity(now),),
    "owner": lambda one, _: (one.owner,),
    "tag": lambda one, _: one.tags,
    "sku": lambda one, _: one.skus,
}
"""What scripts can be narrowed down by, in the order of the page."""


@dataclass(frozen=True)
class Narrowed:
    """The scripts that fit all choices, and for each facet how many there are of each value, its own choice aside."""

    scripts: list[ListedScript]
    counts: Mapping[str, Counter[str]]


def narrow(scripts: Sequence[ListedScript], chosen: Mapping[str, Sequence[str]], now: datetime) -> Narrowed:
    """Those with at least one of the chosen values in each facet that has a choice.

    One pass: a script that fails in one facet only counts there, one that fails in two counts nowhere.
    """
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    wanted = {name: frozenset(values) for name, values in chosen.items() if values}
    fitting = []
    for one in scripts:
        values = {name: values_of(one, now) for name, values_of in FACETS.items()}
        failing = [name for name, choice in wanted.items() if choice.isdisjoint(values[name])]
        if not failing:
            fitting.append(one)
        if len(failing) <= 1:
            for name in failing or FACETS:
                counts[name].update(values[name])
    return Narrowed(fitting, counts)
