"""A script of the library as a list shows it: what it says, where it stands, how it is used, what ails it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from knowledge.health.rows import LibraryScript
from knowledge.tables import ScriptStatus
from knowledge.text import normalise

ANY: Final = "any"
"""The value of a facet that a script leaves open, such as the stage of one for all stages."""
SOON: Final = timedelta(days=14)


@dataclass(frozen=True)
class Usage:
    """How often a script was shown and what became of it, all agents together."""

    n_shown: int = 0
    n_accepted: int = 0
    n_edited: int = 0
    n_dismissed: int = 0

    @property
    def n_used(self) -> int:
        return self.n_accepted + self.n_edited

    @property
    def acceptance(self) -> float | None:
        """The share of times it was shown and used; unknown when it never was shown."""
        return self.n_used / self.n_shown if self.n_shown else None


NO_USAGE: Final = Usage()


@dataclass(frozen=True)
class ListedScript:
    """A script by its live version, or by its newest while none is live; `ahead` says how its newest version waits."""

    script_id: str
    title: str
    kind: str
    owner: str
    text: str
    triggers: tuple[str, ...]
    stages: tuple[str, ...]
    scenes: tuple[str, ...]
    skus: tuple[str, ...]
    tags: tuple[str, ...]
    scope: str
    status: ScriptStatus
    ahead: ScriptStatus | None
    version: int
    live_version: int | None
    latest_version: int
    author: str
    valid_from: datetime | None
    valid_to: datetime | None
    published_at: datetime | None
    updated_at: datetime
    n_open_comments: int = 0
    usage: Usage = NO_USAGE
    health: tuple[str, ...] = ()

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """Where it stands: of one that is live and being changed, both."""
        return (self.status.value, self.ahead.value) if self.ahead else (self.status.value,)

    def validity(self, now: datetime) -> str:
        """Whether it is valid at a moment: always, current, upcoming, expiring or expired."""
        if self.valid_from is None and self.valid_to is None:
            return "always"
        if self.valid_to is not None and self.valid_to < now:
            return "expired"
        if self.valid_from is not None and self.valid_from > now:
            return "upcoming"
        if self.valid_to is not None and self.valid_to - now <= SOON:
            return "expiring"
        return "always" if self.valid_to is None else "current"

    def says(self, folded: str) -> bool:
        """Whether a folded text is part of its id, title, text or triggers."""
        return folded in self._folded

    @cached_property
    def _folded(self) -> str:
        """Its id, title, text and triggers as they are searched, with a line between any two, which none holds."""
        return "\n".join(normalise(place) for place in (self.script_id, self.title, self.text, *self.triggers))

    @cached_property
    def for_health(self) -> LibraryScript:
        """It as the health of a library is measured on it."""
        return LibraryScript(
            script_id=self.script_id,
            text=self.text,
            published_at=self.published_at,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )

    def used(self, usage: Usage, n_open_comments: int, health: tuple[str, ...]) -> "ListedScript":
        """The script with this use; itself when it is so already."""
        if (self.usage, self.n_open_comments, self.health) == (usage, n_open_comments, health):
            return self
        return replace(self, usage=usage, n_open_comments=n_open_comments, health=health)
