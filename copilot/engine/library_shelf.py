"""The scripts of a library as people look for them: by title and sound, by where they belong and who may see them."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from copilot.engine.rule_tables import Parts
from knowledge.index.strings import hashes64
from knowledge.index.view import CollectionView
from knowledge.text_initials import SoundTable

TITLE_ROW, TEXT_ROW, TRIGGER_ROW = range(3)


@dataclass(frozen=True)
class Entry:
    """A script as it can be looked for; `rows` are its title, its text and its triggers as they sound."""

    script_id: str
    version: int
    title: str
    kind: str
    stages: tuple[str, ...]
    scenes: tuple[str, ...]
    scope: str
    valid_from: float
    valid_to: float
    rows: tuple[str, ...]

    @property
    def key(self) -> tuple[str, int]:
        return self.script_id, self.version


@dataclass(frozen=True)
class ShelfFilter:
    """Which scripts are looked among; an empty field lets everything through."""

    stage: str = ""
    scene: str = ""
    kinds: tuple[str, ...] = ()
    valid_at: datetime | None = None
    sees: Callable[[str], bool] = lambda _: True


class Lines:
    """Short texts in one, so that all of them are looked through at once."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._text = "".join(f"\n{line}" for line in lines)
        self._breaks = [match.start() for match in re.finditer("\n", self._text)]

    def holding(self, wanted: str) -> Iterator[int]:
        """The number of each line that has these characters."""
        return self._lines(wanted)

    def beginning(self, wanted: str) -> Iterator[int]:
        """The number of each line that begins with these characters."""
        return self._lines(f"\n{wanted}")

    def _lines(self, wanted: str) -> Iterator[int]:
        found = self._text.find(wanted) if wanted else -1
        while found >= 0:
            line = bisect_right(self._breaks, found) - 1
            yield line
            end = self._breaks[line + 1] if line + 1 < len(self._breaks) else len(self._text)
            found = self._text.find(wanted, end)


class Shelf:
    """Some scripts at one moment, ordered by id."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = sorted(entries, key=lambda one: one.script_id)
        self._ordinals: tuple[CollectionView, NDArray[np.int32]] | None = None

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each script stands."""
        return {one.script_id: place for place, one in enumerate(self.entries)}

    @cached_property
    def ids(self) -> Lines:
        """The ids in lower case."""
        return Lines(one.script_id.casefold().replace("\n", " ") for one in self.entries)

    @cached_property
    def titles(self) -> Lines:
        """The titles in their canonical form."""
        return Lines(one.rows[TITLE_ROW] for one in self.entries)

    @cached_property
    def sounds(self) -> SoundTable:
        """How the rows of all entries sound, entry after entry."""
        return SoundTable([row for one in self.entries for row in one.rows])

    @cached_property
    def row_places(self) -> NDArray[np.intp]:
        """The entry that each row of the sounds belongs to."""
        return np.repeat(np.arange(len(self.entries)), [len(one.rows) for one in self.entries])

    @cached_property
    def row_kinds(self) -> NDArray[np.intp]:
        """What each row of the sounds is: `TITLE_ROW`, `TEXT_ROW` or `TRIGGER_ROW`."""
        kinds = (min(which, TRIGGER_ROW) for one in self.entries for which in range(len(one.rows)))
        return np.fromiter(kinds, np.intp)

    @cached_property
    def row_lengths(self) -> NDArray[np.intp]:
        """How many characters each row of the sounds has."""
        return np.fromiter((len(row) for one in self.entries for row in one.rows), np.intp)

    def warm_up(self) -> None:
        """Work out what searches look at, so that the first one need not."""
        self.fitting(ShelfFilter())
        _ = self.places, self.ids, self.titles, self.sounds, self.row_places, self.row_kinds, self.row_lengths

    def fitting(self, wanted: ShelfFilter) -> NDArray[np.bool_]:
        """Which entries pass a filter, shape (n_entries,)."""
        fits = np.ones(len(self.entries), np.bool_)
        if wanted.stage:
            fits &= self._stages.allowed(lambda some: _apart(wanted.stage, some))
        if wanted.scene:
            fits &= self._scenes.allowed(lambda some: _apart(wanted.scene, some))
        if wanted.kinds:
            fits &= self._kinds.allowed(lambda kind: None if kind in wanted.kinds else kind)
        if wanted.valid_at is not None:
            moment = wanted.valid_at.timestamp()
            fits &= (self._valid[:, 0] <= moment) & (moment <= self._valid[:, 1])
        return fits & self._scopes.allowed(lambda scope: None if wanted.sees(scope) else scope)

    def ordinals(self, view: CollectionView) -> NDArray[np.int32]:
        """Where each entry is in a view of the index, -1 for those that it does not hold (yet)."""
        kept = self._ordinals
        if kept is None or kept[0] is not view:
            kept = self._ordinals = view, view.ordinals(self._id_hashes)
        return kept[1]

    @cached_property
    def _id_hashes(self) -> NDArray[np.uint64]:
        return hashes64(one.script_id for one in self.entries)

    @cached_property
    def _valid(self) -> NDArray[np.float64]:
        return np.array([(one.valid_from, one.valid_to) for one in self.entries]).reshape(-1, 2)

    @cached_property
    def _stages(self) -> Parts[tuple[str, ...]]:
        return Parts.of(one.stages for one in self.entries)

    @cached_property
    def _scenes(self) -> Parts[tuple[str, ...]]:
        return Parts.of(one.scenes for one in self.entries)

    @cached_property
    def _kinds(self) -> Parts[str]:
        return Parts.of(one.kind for one in self.entries)

    @cached_property
    def _scopes(self) -> Parts[str]:
        return Parts.of(one.scope for one in self.entries)


def _apart(wanted: str, named: Sequence[str]) -> str | None:
    """What keeps a script for some stages or scenes away from another one; those that name none are for all."""
    return None if not named or wanted in named else wanted
