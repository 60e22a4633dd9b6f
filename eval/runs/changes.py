"""What would have been suggested differently: two runs over the same turns, suggestion by suggestion."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from eval.errors import RunError
from eval.runs.run import Run
from eval.runs.tables import plain_table

N_EXAMPLES = 5


class ChangeKind(StrEnum):
    """How a list of suggestions differs from another."""

    SAME = "same"
    REORDERED = "reordered"
    """The same replies in another order."""
    BELOW_FIRST = "below first"
    """The same first reply, others below it."""
    OTHER_FIRST = "other first"
    SILENT = "silent now"
    SPEAKS = "speaks now"


@dataclass(frozen=True)
class Change:
    """One turn that is answered differently.

    `moved` says how much more each feature speaks for the new first reply than for the old one in the same run, largest
    first; empty where the old one is not among the replies that the new policy ranks.
    """

    query_id: str
    kind: ChangeKind
    message: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    moved: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "query_id": self.query_id,
            "kind": self.kind.value,
            "message": self.message,
            "before": list(self.before),
            "after": list(self.after),
            "moved": dict(self.moved),
        }


@dataclass(frozen=True)
class Changes:
    """Every turn that is answered differently, and how often that happens to whom."""

    n_queries: int
    kinds: Mapping[str, int]
    shares: Mapping[str, Mapping[str, tuple[int, int]]]
    """By slice and label: how many turns changed, of how many."""
    changes: tuple[Change, ...]

    @property
    def n_changed(self) -> int:
        return len(self.changes)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        shares = {
            name: {label: {"n_changed": changed, "n": n} for label, (changed, n) in labels.items()}
            for name, labels in self.shares.items()
        }
        return {
            "n": self.n_queries,
            "n_changed": self.n_changed,
            "kinds": dict(self.kinds),
            "slices": shares,
            "changes": [change.to_dict() for change in self.changes],
        }

    def to_text(self) -> str:
        """For a terminal: how many, for whom, and the first examples."""
        rows = [[kind, f"{n:,}", f"{n / self.n_queries:.1%}"] for kind, n in self.kinds.items()]
        parts = [plain_table(["change", "turns", "share"], rows)]
        for name, labels in self.shares.items():
            found = [[label, f"{changed:,}", f"{n:,}", f"{changed / n:.1%}"] for label, (changed, n) in labels.items()]
            parts.append(plain_table([name, "changed", "turns", "share"], found))
        parts += [_example(change) for change in self.changes[:N_EXAMPLES]]
        return "\n\n".join(parts)


def changes_between(before: Run, after: Run, slices: Sequence[str] = ()) -> Changes:
    """How the replies of `after` differ from those of `before`, turn by turn, in the order of the runs.

    Raises:
        RunError: the runs are not over the same turns, or there is no such slicing.
    """
    if before.query_ids != after.query_ids:
        raise RunError(f"runs {before.id} and {after.id} are not over the same turns in the same order")
    old, new = (run.table["replies"].to_pylist() for run in (before, after))
    messages = after.table["message"].to_pylist()
    labels = {name: after.slice_labels(name) for name in slices}
    kinds: Counter[str] = Counter()
    shares: dict[str, dict[str, list[int]]] = {name: defaultdict(lambda: [0, 0]) for name in slices}
    changes = []
    for row, query_id in enumerate(after.query_ids):
        change = _change(query_id, messages[row] or "", old[row] or [], new[row] or [])
        kinds[change.kind.value] += 1
        has_changed = change.kind is not ChangeKind.SAME
        for name in slices:
            for label in labels[name][row]:
                shares[name][label][0] += has_changed
                shares[name][label][1] += 1
        if has_changed:
            changes.append(change)
    return Changes(
        n_queries=len(after.query_ids),
        kinds={kind.value: kinds[kind.value] for kind in ChangeKind if kinds[kind.value]},
        shares={name: {label: (n[0], n[1]) for label, n in sorted(found.items())} for name, found in shares.items()},
        changes=tuple(changes),
    )


def _change(query_id: str, message: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Change:
    before, after = (tuple(reply["item_id"] for reply in replies) for replies in (old, new))
    kind = _kind(before, after)
    moved = _moved(before[0], new) if before and after and before[0] != after[0] else ()
    return Change(query_id, kind, message, before, after, moved)


def _kind(before: tuple[str, ...], after: tuple[str, ...]) -> ChangeKind:
    if before == after:
        return ChangeKind.SAME
    if not after:
        return ChangeKind.SILENT
    if not before:
        return ChangeKind.SPEAKS
    if sorted(before) == sorted(after):
        return ChangeKind.REORDERED
    return ChangeKind.BELOW_FIRST if before[0] == after[0] else ChangeKind.OTHER_FIRST


def _moved(old_first: str, new: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, float], ...]:
    beaten = next((reply for reply in new if reply["item_id"] == old_first), None)
    if beaten is None:
        return ()
    winner, loser = (
        {part["feature"]: part["contribution"] for part in reply["why"] or ()} for reply in (new[0], beaten)
    )
    gaps = {name: winner.get(name, 0.0) - loser.get(name, 0.0) for name in {**winner, **loser}}
    return tuple(sorted(((name, gap) for name, gap in gaps.items() if gap), key=lambda one: (-abs(one[1]), one[0])))


def _example(change: Change) -> str:
    why = ", ".join(f"{name} {gap:+.2f}" for name, gap in change.moved[:4])
    lists = f"{' '.join(change.before) or '(nothing)'}  ->  {' '.join(change.after) or '(nothing)'}"
    return f"{change.kind}: {change.message}\n  {lists}" + (f"\n  {why}" if why else "")
