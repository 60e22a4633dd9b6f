"""Purchase RFM: how long ago, how often and how much this customer buys, beside the shop's other customers.

After Hughes, Strategic Database Marketing (1994), who ranks customers by each of the three numbers and cuts the ranking
in fifths; here the two of them that grow with time are those of the last 365 days.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from copilot.portrait.facts import Facts, Purchase
from copilot.portrait.fifths import Standard

WINDOW_DAYS = 365


@dataclass(frozen=True)
class PurchaseStandards:
    """What the shop's customers who bought within the window come to; the amounts per currency, in hundredths."""

    recency_days: Standard = field(default_factory=Standard)
    frequency: Standard = field(default_factory=Standard)
    amount_fen: Mapping[str, Standard] = field(default_factory=dict)


@dataclass(frozen=True)
class PurchaseRfm:
    """What a customer's kept orders come to; the fifths are empty when there is nothing to compare or to rank.

    `recency_days` is empty for who never bought. `amounts_fen` holds the largest currency first; `n_unpriced` lines had
    no amount and are not in it.
    """

    recency_days: int | None
    frequency: int
    amounts_fen: tuple[tuple[str, int], ...]
    n_unpriced: int
    recency_fifth: int | None
    frequency_fifth: int | None
    monetary_fifth: int | None
    n_compared: int


def purchase_rfm(facts: Facts, now: datetime, standards: PurchaseStandards) -> PurchaseRfm:
    """The purchase RFM as of a moment; only orders that had not been given back by then count."""
    kept = facts.until(now).kept
    lately = [one for one in kept if one.ordered_at > now - timedelta(days=WINDOW_DAYS)]
    days = (now - kept[-1].ordered_at).days if kept else None
    amounts, n_unpriced = _amounts(lately)
    return PurchaseRfm(
        recency_days=days,
        frequency=len(lately),
        amounts_fen=amounts,
        n_unpriced=n_unpriced,
        recency_fifth=None if days is None else standards.recency_days.fifth_downwards(days),
        frequency_fifth=standards.frequency.fifth_upwards(len(lately)) if kept else None,
        monetary_fifth=_monetary_fifth(amounts, standards),
        n_compared=standards.frequency.n,
    )


def _amounts(purchases: list[Purchase]) -> tuple[tuple[tuple[str, int], ...], int]:
    """What was paid by currency, and for how many lines that is not known."""
    paid: dict[str, int] = defaultdict(int)
    n_unpriced = 0
    for item in (item for purchase in purchases for item in purchase.items):
        if item.amount_fen is None:
            n_unpriced += 1
        else:
            paid[item.currency] += item.amount_fen
    return tuple(sorted(paid.items(), key=lambda one: (-one[1], one[0]))), n_unpriced


def _monetary_fifth(amounts: tuple[tuple[str, int], ...], standards: PurchaseStandards) -> int | None:
    """The fifth of the largest amount, among customers who paid in its currency."""
    if not amounts:
        return None
    currency, amount_fen = amounts[0]
    return standards.amount_fen.get(currency, Standard()).fifth_upwards(amount_fen)
