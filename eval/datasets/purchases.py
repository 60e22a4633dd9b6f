"""Orders before and after a cut, to predict what customers buy next; as compact arrays, since there are millions.

orders, test    order_id, customer_id, sku, ordered_at, quantity, amount, status; a row for each line of an order
customers       id, and whatever is known of a customer
products        sku, and whatever is known of a product
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.datasets.digest import data_name, sha256_of_files
from eval.datasets.moments import CHINA_TIME
from eval.datasets.order_counts import OrderCounts
from eval.datasets.order_lines import Ids, OrderFile, OrderLines, read_order_file
from eval.datasets.profiles import Profiles, read_profiles
from eval.datasets.record import shown
from eval.datasets.room import require_room
from eval.errors import LeakError

AHEAD_OF_UTC: np.timedelta64 = np.timedelta64(CHINA_TIME.utcoffset(None))

__all__ = ["OrderLines", "Profiles", "PurchaseData", "read_purchases"]


@dataclass(frozen=True)
class PurchaseData:
    """Orders up to the cut, which is the time of the last one, and the orders after it, which are to be predicted.

    Ids are numbered in the order in which they were bought, so that those from before the cut come first. Lines that
    came to nothing or say the same again are left out; `counts` has both files' rows by what became of them.
    `unknown_fields` names columns that were not used.
    """

    name: str
    sha256: str
    cut: np.datetime64
    train: OrderLines
    test: OrderLines
    order_ids: tuple[str, ...]
    customer_ids: tuple[str, ...]
    skus: tuple[str, ...]
    customers: Profiles | None = None
    products: Profiles | None = None
    counts: OrderCounts = field(default_factory=OrderCounts)
    unknown_fields: tuple[str, ...] = ()


def read_purchases(
    orders: Path, test: Path, customers: Path | None = None, products: Path | None = None
) -> PurchaseData:
    """Orders, what was ordered later, and what is known of customers and products.

    Raises:
        DataError: a file is wrong, names the line; or nothing was bought in one.
        LeakError: an order of the test is before the last known one, or stands among the known ones.
    """
    given = {"orders": orders, "test": test, "customers": customers, "products": products}
    files = {name: path for name, path in given.items() if path is not None}
    require_room(*files.values())
    ids = Ids()
    known, later = read_order_file(orders, ids), read_order_file(test, ids)
    _require_later(known, later)
    _require_apart(known, later, ids)
    return PurchaseData(
        name=data_name(orders),
        sha256=sha256_of_files(files),
        cut=known.lines.ordered_at[-1],
        train=known.lines,
        test=later.lines,
        order_ids=ids.orders.ids,
        customer_ids=ids.customers.ids,
        skus=ids.skus.ids,
        customers=None if customers is None else read_profiles(customers, "id"),
        products=None if products is None else read_profiles(products, "sku"),
        counts=known.counts + later.counts,
        unknown_fields=tuple(dict.fromkeys(known.unknown_columns + later.unknown_columns)),
    )


def _require_later(known: OrderFile, later: OrderFile) -> None:
    """Refuse test orders from before the cut; where they have no hours, the day of the cut is late enough."""
    cut, first = known.lines.ordered_at[-1], later.lines.ordered_at[0]
    if first >= cut or (_is_by_day(later.lines.ordered_at) and first >= _midnight(cut)):
        return
    place = f"{later.path}, line {later.line(0)}: ordered_at is {_shown(first)}"
    limit = f"{_shown(cut)} on, the last order of {known.path}, line {known.line(len(known.lines) - 1)}"
    raise LeakError(f"{place}; expected a time from {limit}")


def _require_apart(known: OrderFile, later: OrderFile, ids: Ids) -> None:
    """Refuse an order of which one part is known and another is to be predicted."""
    shared = np.flatnonzero(np.isin(later.lines.order, known.lines.order))
    if not len(shared):
        return
    position = int(shared[0])
    order = later.lines.order[position]
    before = known.line(int(np.argmax(known.lines.order == order)))
    place = f"{later.path}, line {later.line(position)}: order_id is {shown(ids.orders.ids[order])}"
    raise LeakError(f"{place}, as in {known.path}, line {before}; expected every order on one side of the cut")


def _is_by_day(times: NDArray[np.datetime64]) -> bool:
    return bool(np.all(times == _midnight(times)))


def _midnight(times: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """The beginning of the day, by the clock of the shop."""
    begin: NDArray[np.datetime64] = (times + AHEAD_OF_UTC).astype("datetime64[D]").astype("datetime64[us]")
    return begin - AHEAD_OF_UTC


def _shown(moment: np.datetime64) -> str:
    return f"{moment.astype('datetime64[s]')}Z"
