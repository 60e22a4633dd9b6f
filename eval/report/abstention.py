"""How often nothing was suggested, and why."""

from collections import Counter
from dataclasses import dataclass

from eval.runs.run import Run


@dataclass(frozen=True)
class Abstained:
    """How many queries went without a suggestion for one reason; `example` is what was said of the first of them."""

    reason: str
    n: int
    example: str


@dataclass(frozen=True)
class Abstentions:
    """All reasons, the most frequent first."""

    n_queries: int
    reasons: tuple[Abstained, ...]

    @property
    def n(self) -> int:
        return sum(one.n for one in self.reasons)

    @property
    def share(self) -> float:
        return self.n / self.n_queries


def count_abstentions(run: Run) -> Abstentions | None:
    """The abstentions of a run; None when every query got a suggestion.

    A reason is a name, or a name and what is to be said of the one query: `unlikely: the best match has …`.
    """
    written = [reason for reason in run.table["abstain_reason"].to_pylist() if reason]
    if not written:
        return None
    counted = Counter(_name(reason) for reason in written)
    first = {_name(reason): reason.partition(":")[2].strip() for reason in reversed(written)}
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return Abstentions(len(run.query_ids), tuple(Abstained(name, n, first[name]) for name, n in ordered))


def _name(reason: str) -> str:
    return reason.partition(":")[0].strip()
