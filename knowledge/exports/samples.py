"""Small files to look at before filling in one's own; every row of them can be imported."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from knowledge.exports.rows import ExportedRow
from knowledge.imports.kinds import ImportKind

_A_DAY: Final = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
_SAMPLES: Final[Mapping[ImportKind, Sequence[ExportedRow]]] = {
    ImportKind.PRODUCTS: (
        {
            "sku": "CREAM-50",
            "name": "舒缓面霜",
            "category": "护肤",
            "brand": "示例",
            "price": "129.00",
            "currency": "CNY",
            "stock": 36,
            "description": "不含酒精与香精",
            "attributes": {"规格": "50 ml", "适合肤质": "敏感肌"},
            "tags": ["敏感肌", "保湿"],
            "replenish_days": 60,
            "status": "active",
            "url": "https://shop.example/cream-50",
        },
        {"sku": "TOWEL-01", "name": "Cotton towel", "category": "Home", "price": "19.90", "currency": "USD"},
    ),
    ImportKind.SCRIPTS: (
        {
            "id": "ship-001",
            "text": "{{customer.name}}您好，今天 17 点前付款的订单当天发出。",
            "kind": "script",
            "title": "发货时间",
            "triggers": ["什么时候发货", "今天能发吗"],
            "stage": ["交易", "交付"],
            "scene": ["direct"],
            "audience": {"none": ["黑名单"]},
            "scope": "organisation",
            "owner": "a01",
            "valid_to": datetime(2027, 12, 31, 15, 59, 59, tzinfo=UTC),
            "status": "published",
        },
        {
            "id": "return-001",
            "text": "Unopened items can be returned within 30 days.",
            "kind": "faq",
            "title": "Returns",
            "triggers": ["how do I return this", "refund policy"],
            "status": "draft",
        },
    ),
    ImportKind.CUSTOMERS: (
        {
            "id": "c0001",
            "name": "林小满",
            "gender": "female",
            "city": "杭州",
            "joined_at": _A_DAY,
            "tags": ["敏感肌", "会员等级:金卡"],
            "identities": ["wecom:wm0001"],
        },
    ),
    ImportKind.ORDERS: (
        {
            "order_id": "o0001",
            "customer_id": "c0001",
            "sku": "CREAM-50",
            "ordered_at": _A_DAY,
            "quantity": 1,
            "amount": "129.00",
            "status": "paid",
        },
    ),
    ImportKind.EVENTS: ({"customer_id": "c0001", "kind": "view", "at": _A_DAY, "object": "product:CREAM-50"},),
    ImportKind.CONVERSATIONS: (
        {
            "conversation_id": "k0001",
            "messages": [
                {"role": "customer", "text": "今天能发货吗", "at": _A_DAY.isoformat()},
                {"role": "agent", "text": "17 点前付款当天发出", "at": _A_DAY.isoformat(), "script_id": "ship-001"},
            ],
            "customer_id": "c0001",
            "channel": "wecom",
            "scene": "direct",
        },
    ),
}


def sample_rows(kind: ImportKind) -> Sequence[ExportedRow]:
    """A few rows of a kind; none of documents, which are a folder."""
    return _SAMPLES.get(kind, ())
