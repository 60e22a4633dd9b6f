"""Facts that came to be after the turn they helped to answer."""

from collections.abc import Collection, Iterator
from datetime import datetime

from eval.leaks.leak import Leak, LeakKind
from eval.runs.run import Run

KIND_OF_FACT = {
    "script": LeakKind.FUTURE_SCRIPT,
    "tag": LeakKind.FUTURE_TAG,
    "order": LeakKind.FUTURE_ORDER,
    "event": LeakKind.FUTURE_EVENT,
}


def later_facts(run: Run, kinds: Collection[str] = KIND_OF_FACT.keys()) -> Iterator[Leak]:
    """Tags, orders, events and script versions known before they existed; turns without a time are left out."""
    columns = (run.table[name].to_pylist() for name in ("query_id", "at", "facts"))
    for query_id, at, facts in zip(*columns, strict=True):
        if at is None:
            continue
        for fact in facts or ():
            if fact["kind"] in kinds and fact["at"] is not None and fact["at"] > at:
                yield Leak(KIND_OF_FACT[fact["kind"]], query_id, _later(fact["kind"], fact["name"], fact["at"], at))


def later_training(run: Run) -> Iterator[Leak]:
    """A model that learned from what happened after the first turn."""
    until = run.manifest.get("trained_until")
    times = [at for at in run.table["at"].to_pylist() if at is not None]
    if until is None or not times:
        return
    trained_until, first = datetime.fromisoformat(until), min(times)
    if trained_until > first:
        yield Leak(
            LeakKind.FUTURE_MODEL,
            None,
            f"it learned from orders up to {trained_until:%F %T}, the first turn is of {first:%F %T}",
        )


def _later(kind: str, name: str, fact_at: datetime, turn_at: datetime) -> str:
    return f"the {kind} {name!r} is of {fact_at:%F %T}, the turn of {turn_at:%F %T}"
