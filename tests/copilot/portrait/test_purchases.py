from datetime import UTC, datetime, timedelta

from copilot.portrait.facts import Facts, Item, Purchase, StatusChange
from copilot.portrait.fifths import Standard
from copilot.portrait.purchases import PurchaseStandards, purchase_rfm

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOBODY = PurchaseStandards()


def bought(order_id: str, days_ago: float, *items: Item, status: str = "delivered") -> Purchase:
    return Purchase(order_id, NOON - timedelta(days=days_ago), status, items or (Item("a", amount_fen=1_000),))


def test_recency_counts_whole_days_frequency_and_sum_those_of_a_year() -> None:
    facts = Facts(
        purchases=(
            bought("old", 400),
            bought("second", 364, Item("a", amount_fen=2_500), Item("b", amount_fen=500)),
            bought("last", 10.9, Item("a", amount_fen=4_000)),
        )
    )
    rfm = purchase_rfm(facts, NOON, NOBODY)
    assert (rfm.recency_days, rfm.frequency) == (10, 2)
    assert rfm.amounts_fen == (("CNY", 7_000),)


def test_an_order_given_back_counts_for_nothing() -> None:
    facts = Facts(purchases=(bought("kept", 30), bought("gone", 2, status="refunded")))
    rfm = purchase_rfm(facts, NOON, NOBODY)
    assert (rfm.recency_days, rfm.frequency, rfm.amounts_fen) == (30, 1, (("CNY", 1_000),))


def test_an_order_refunded_later_still_counted_before() -> None:
    ordered, refunded = NOON - timedelta(days=9), NOON - timedelta(days=2)
    changes = (StatusChange(ordered, "paid"), StatusChange(refunded, "refunded"))
    facts = Facts(purchases=(Purchase("o", ordered, "refunded", (Item("a", amount_fen=900),), changes),))
    assert purchase_rfm(facts, NOON, NOBODY).frequency == 0
    before = purchase_rfm(facts, NOON - timedelta(days=3), NOBODY)
    assert (before.frequency, before.recency_days, before.amounts_fen) == (1, 6, (("CNY", 900),))


def test_currencies_are_not_added_up_and_a_line_without_an_amount_is_told() -> None:
    items = (Item("a", amount_fen=1_000), Item("b", amount_fen=3_000, currency="USD"), Item("c"))
    rfm = purchase_rfm(Facts(purchases=(bought("o", 1, *items),)), NOON, NOBODY)
    assert rfm.amounts_fen == (("USD", 3_000), ("CNY", 1_000))
    assert rfm.n_unpriced == 1


def test_the_fifths_come_from_the_shops_customers() -> None:
    hundred = [float(n) for n in range(1, 101)]
    standards = PurchaseStandards(
        Standard.of(hundred), Standard.of(hundred), {"CNY": Standard.of([100.0 * n for n in hundred])}
    )
    rfm = purchase_rfm(Facts(purchases=(bought("o", 15),)), NOON, standards)
    # 85 of 100 bought longer ago: 1 + floor(4.25) = 5; nobody ordered less; 9 paid less than 10.00
    assert (rfm.recency_fifth, rfm.frequency_fifth, rfm.monetary_fifth, rfm.n_compared) == (5, 1, 1, 100)


def test_who_never_bought_has_no_fifths() -> None:
    standards = PurchaseStandards(*(Standard.of([1.0] * 50) for _ in range(2)))
    rfm = purchase_rfm(Facts(), NOON, standards)
    assert (rfm.recency_days, rfm.frequency, rfm.amounts_fen) == (None, 0, ())
    assert (rfm.recency_fifth, rfm.frequency_fifth, rfm.monetary_fifth) == (None, None, None)
