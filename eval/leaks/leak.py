"""A leak by name, and the result of looking for them."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eval.errors import LeakError

N_SHOWN = 3


class LeakKind(StrEnum):
    """What leaked."""

    FUTURE_SCRIPT = "future-script"
    FUTURE_TAG = "future-tag"
    FUTURE_ORDER = "future-order"
    FUTURE_EVENT = "future-event"
    FUTURE_MODEL = "future-model"
    SHARED_SESSION = "shared-session"
    COPIED_SCRIPT = "copied-script"


@dataclass(frozen=True)
class Leak:
    """One leak and the query it spoils; a leak of the whole run names no query."""

    kind: LeakKind
    query_id: str | None
    detail: str

    def __str__(self) -> str:
        where = f" in {self.query_id}" if self.query_id else ""
        return f"{self.kind}{where}: {self.detail}"


@dataclass(frozen=True)
class Audit:
    """Every leak that was found among `n_queries` queries, and what could not be looked for."""

    leaks: tuple[Leak, ...]
    n_queries: int
    unchecked: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many leaks there are of each kind."""
        return dict(sorted(Counter(leak.kind.value for leak in self.leaks).items()))

    def require_clean(self, accepted: Collection[str] = ()) -> None:
        """Check that there is no leak of a kind that was not accepted.

        Raises:
            LeakError: there is; names the kinds and the first leaks of each.
        """
        found = [leak for leak in self.leaks if leak.kind not in accepted]
        if not found:
            return
        kinds = Counter(leak.kind.value for leak in found)
        named = ", ".join(f"{kind} ({n:,})" for kind, n in sorted(kinds.items()))
        raise LeakError(f"the run knew what it must not know: {named}. {_first_of_each(found)}")

    def to_dict(self) -> dict[str, object]:
        """As commands print it."""
        shown = [{"kind": leak.kind.value, "query_id": leak.query_id, "detail": leak.detail} for leak in self.leaks]
        return {"n_queries": self.n_queries, "counts": self.counts, "unchecked": list(self.unchecked), "leaks": shown}


def _first_of_each(leaks: Sequence[Leak]) -> str:
    first: dict[LeakKind, Leak] = {}
    for leak in leaks:
        first.setdefault(leak.kind, leak)
    return "; ".join(str(leak) for leak in list(first.values())[:N_SHOWN])
