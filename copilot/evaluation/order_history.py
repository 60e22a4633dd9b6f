"""Orders as recommenders take them, from a file."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from eval.datasets.digest import data_name, sha256_of_files
from eval.datasets.order_counts import OrderCounts
from eval.datasets.order_lines import Ids, OrderLines, read_order_file
from eval.datasets.room import require_room
from eval.datasets.row_groups import first_rows
from models.recommenders.lines import PurchaseLines

DAY = np.timedelta64(1, "D")
EPOCH = np.datetime64(0, "us")


@dataclass(frozen=True)
class OrderHistory:
    """The lines of orders; `customer_ids` and `skus` belong to their numbers.

    `counts` has the rows by what became of them; `unknown_fields` are columns that were not used.
    """

    name: str
    sha256: str
    lines: PurchaseLines
    customer_ids: tuple[str, ...]
    skus: tuple[str, ...]
    counts: OrderCounts
    unknown_fields: tuple[str, ...] = ()


def read_history(orders: Path, *, is_strict: bool = True, now: datetime | None = None) -> OrderHistory:
    """The orders of a file; rows that are wrong are left out and counted, unless `is_strict`.

    With `now`, rows from the future are wrong.

    Raises:
        DataError: the file is wrong, or nothing was bought in it; or, if strict, a row is wrong.
    """
    require_room(orders)
    ids = Ids()
    found = read_order_file(orders, ids, is_strict=is_strict, now=now)
    customers, skus = ids.customers.ids, ids.skus.ids
    return OrderHistory(
        name=data_name(orders),
        sha256=sha256_of_files({"orders": orders}),
        lines=purchase_lines(found.lines, len(customers), len(skus)),
        customer_ids=customers,
        skus=skus,
        counts=found.counts,
        unknown_fields=tuple(found.unknown_columns),
    )


def purchase_lines(lines: OrderLines, n_customers: int, n_items: int) -> PurchaseLines:
    """Order lines with days from 1970 on; all of an order are of its first moment, so that no day cuts it in two."""
    first = first_rows(lines.order, int(lines.order.max(initial=-1)) + 1)  # lines come oldest first
    begun = lines.ordered_at[first[lines.order]]
    return PurchaseLines(
        baskets=lines.order.astype(np.int64),
        customers=lines.customer.astype(np.int64),
        items=lines.sku.astype(np.int64),
        days=((begun - EPOCH) / DAY).astype(np.float64),
        n_customers=n_customers,
        n_items=n_items,
    )


def moment_of(day: float) -> np.datetime64:
    """The moment, in UTC to the second, of a day as lines count it."""
    return np.datetime64(round(day * 86_400), "s")
