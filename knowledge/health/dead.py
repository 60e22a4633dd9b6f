"""Scripts that nobody is helped by: never shown, never accepted, out of date, or with slots that nothing fills."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from knowledge.health.rows import Exposure, LibraryScript

SLOT: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


@dataclass(frozen=True)
class Unused:
    """A script and how often it was shown; with `n_shown` above 0, never accepted."""

    script_id: str
    n_shown: int


@dataclass(frozen=True)
class Ending:
    """A script and when it is valid no more."""

    script_id: str
    valid_to: datetime


@dataclass(frozen=True)
class OrphanSlots:
    """A script that can never be shown, and the slots that nothing fills."""

    script_id: str
    slots: tuple[str, ...]


def never_shown(
    scripts: Sequence[LibraryScript], exposures: Iterable[Exposure], *, now: datetime, after_days: int = 30
) -> list[Unused]:
    """Scripts live for longer than this and never shown; one that nobody knows the publication of counts as old."""
    shown = _by_script(exposures)
    since = now - timedelta(days=after_days)
    return [
        Unused(one.script_id, 0)
        for one in sorted(scripts, key=lambda script: script.script_id)
        if (one.published_at is None or one.published_at <= since)
        and (one.valid_from is None or one.valid_from <= since)
        and (one.script_id not in shown or shown[one.script_id].n_shown == 0)
    ]


def never_accepted(
    scripts: Sequence[LibraryScript], exposures: Iterable[Exposure], *, least_shown: int = 50
) -> list[Unused]:
    """Scripts shown at least so often and never used, the most shown first."""
    shown = _by_script(exposures)
    found = [shown[one.script_id] for one in scripts if one.script_id in shown]
    dead = [Unused(one.script_id, one.n_shown) for one in found if one.n_shown >= least_shown and one.n_used == 0]
    return sorted(dead, key=lambda one: (-one.n_shown, one.script_id))


def expired(scripts: Iterable[LibraryScript], *, now: datetime) -> list[Ending]:
    """Scripts that are live and not valid any more, the longest first."""
    return _endings(one for one in scripts if one.valid_to is not None and one.valid_to < now)


def expiring(scripts: Iterable[LibraryScript], *, now: datetime, within_days: int = 14) -> list[Ending]:
    """Scripts that are valid now and will not be within so many days, the first to end first."""
    until = now + timedelta(days=within_days)
    return _endings(one for one in scripts if one.valid_to is not None and now <= one.valid_to <= until)


def orphan_slots(scripts: Iterable[LibraryScript], known: Collection[str]) -> list[OrphanSlots]:
    """Scripts with slots that are not among the known ones, ordered by script."""
    found = []
    for one in scripts:
        unknown = tuple(dict.fromkeys(name for name in SLOT.findall(one.text) if name not in known))
        if unknown:
            found.append(OrphanSlots(one.script_id, unknown))
    return sorted(found, key=lambda one: one.script_id)


def _by_script(exposures: Iterable[Exposure]) -> Mapping[str, Exposure]:
    return {one.script_id: one for one in exposures}


def _endings(scripts: Iterable[LibraryScript]) -> list[Ending]:
    found = [Ending(one.script_id, one.valid_to) for one in scripts if one.valid_to is not None]
    return sorted(found, key=lambda one: (one.valid_to, one.script_id))
