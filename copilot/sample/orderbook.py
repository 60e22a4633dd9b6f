"""The orders as they stood at some moment: what a customer who asks "where is my order" means."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from copilot.sample.purchases import OrderLine, status_after


class OrderBook:
    """Looks up the latest order of a customer before a moment."""

    def __init__(self, lines: Sequence[OrderLine]) -> None:
        """Keeps the lines, which must be sorted by time."""
        self._lines: defaultdict[str, list[OrderLine]] = defaultdict(list)
        self._times: defaultdict[str, list[datetime]] = defaultdict(list)
        for line in lines:
            self._lines[line.customer_id].append(line)
            self._times[line.customer_id].append(line.ordered_at)

    def latest(self, customer_id: str, at: datetime) -> OrderLine | None:
        """A line of the customer's last order by then, with the status it had; None without one."""
        times = self._times.get(customer_id, [])
        row = bisect_right(times, at) - 1
        if row < 0:
            return None
        line = self._lines[customer_id][row]
        status = status_after(at - line.ordered_at)
        return line if line.status == status else replace(line, status=status)
