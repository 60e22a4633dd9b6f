"""Events: the same one is never kept twice."""

from collections.abc import Callable

from knowledge.imports import ImportReport

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]


def test_events_are_kept_once_however_often_they_come(load: Load, rows: Rows) -> None:
    first = "customer_id,kind,at,object,value\nc1,浏览,2026-01-05 10:00,A,\nc1,view,2026-01-05 10:00,A,\n"
    report = load("events", first)
    assert (report.n_added, report.n_unchanged) == (1, 1)
    assert [(each.name, each.count) for each in report.warnings] == [("repeated_rows", 1), ("unknown_customers", 1)]
    report = load("events", first + "c1,view,2026-01-05 10:01,A,3\n")
    assert (report.n_added, report.n_unchanged) == (1, 2)
    assert rows("SELECT customer_id, kind, at, object, value FROM event ORDER BY at") == [
        ("c1", "view", "2026-01-05 02:00:00.000000", "A", ""),
        ("c1", "view", "2026-01-05 02:01:00.000000", "A", "3"),
    ]
    assert rows("SELECT kind, item_id FROM index_change") == [("customer", "c1")] * 2


def test_an_event_needs_a_kind(load: Load) -> None:
    report = load("events", "customer_id,kind,at\nc1,,2026-01-05\n")
    assert (report.n_rejected, report.rejected[0].column) == (1, "kind")
