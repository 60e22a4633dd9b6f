"""Narrowing a list of scripts down, with the number of scripts behind each further choice."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, compress
from operator import eq
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

    A script that fails in one facet only counts there, one that fails in two counts nowhere.
    """
    wanted = {name: frozenset(choice) for name, choice in chosen.items() if choice}
    fails = {name: [choice.isdisjoint(FACETS[name](one, now)) for one in scripts] for name, choice in wanted.items()}
    n_failed = [sum(failed) for failed in zip(*fails.values(), strict=True)] if fails else [0] * len(scripts)
    fitting = [one for one, n in zip(scripts, n_failed, strict=True) if n == 0]
    counts = {}
    for name, values_of in FACETS.items():
        fails_nowhere_else = compress(scripts, map(eq, n_failed, fails[name])) if name in fails else fitting
        counts[name] = Counter(chain.from_iterable(values_of(one, now) for one in fails_nowhere_else))
    return Narrowed(fitting, counts)
