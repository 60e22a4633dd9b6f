"""The table of the performance page as CSV that a spreadsheet opens without harm."""

import csv
import io
import math
from collections.abc import Callable, Iterable
from typing import Final

from copilot.curation.performance import Performance, Row
from copilot.web.desk.performance.views import N_RANKS, RATES, estimate_of
from knowledge.formulas import defused

BOM: Final = "\ufeff"
"""Without it Excel takes UTF-8 for the encoding of the machine's language."""
COUNTS: Final = ("n_shown", "n_accepted", "n_edited", "n_dismissed", "n_reply", "n_purchase", "n_complaint")
ENDS: Final = ("mean", "low", "high")
SHARES: Final = ("acceptance", *(f"rank{rank}" for rank in range(1, N_RANKS + 1)), *RATES)


def to_csv(found: Performance, rows: Iterable[Row], name_of: Callable[[Row], str]) -> str:
    """One line a row, all together in the last one; numbers in full, empty where nothing is known."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["key", "name", *COUNTS, *(f"{share}_{end}" for share in SHARES for end in ENDS), "dismissals"])
    for row in (*rows, found.total):
        writer.writerow(_line(row, name_of(row)))
    return BOM + written.getvalue()


def _line(row: Row, name: str) -> list[str]:
    numbers = [_number(getattr(estimate_of(row, share), end, None)) for share in SHARES for end in ENDS]
    reasons = " | ".join(f"{reason or '-'}: {n}" for reason, n in row.reasons.items())
    counts = [str(getattr(row.counts, count)) for count in COUNTS]
    return [defused(row.key), defused(name), *counts, *numbers, defused(reasons)]


def _number(value: float | None) -> str:
    return "" if value is None or math.isinf(value) else f"{value:.6g}"
