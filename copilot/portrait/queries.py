"""What the portrait asks the database, written once, in terms of the tables rather than the classes.

Everything asks by `tenant_id` and until `now`; `ids` are customers, `since` the moment after which rows count, `most`
the number of rows at most.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, inspect, or_, select

from copilot.portrait.asking import LONGEST
from knowledge.tables import (
    Conversation,
    Customer,
    CustomerTag,
    Event,
    Friendship,
    Message,
    MessageRole,
    Order,
    OrderLine,
    OrderStatusChange,
    Product,
    Scene,
    User,
)

_CUSTOMER, _TAG, _ORDER, _LINE, _CHANGE, _EVENT, _TALK, _MESSAGE, _FRIEND, _USER, _PRODUCT = (
    inspect(table).local_table.c
    for table in (
        Customer,
        CustomerTag,
        Order,
        OrderLine,
        OrderStatusChange,
        Event,
        Conversation,
        Message,
        Friendship,
        User,
        Product,
    )
)
_TENANT_ID: BindParameter[str] = bindparam("tenant_id")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SINCE: BindParameter[datetime] = bindparam("since")
_NOW: BindParameter[datetime] = bindparam("now")
_MOST: BindParameter[int] = bindparam("most")

PROFILE = select(
    _CUSTOMER.name, _CUSTOMER.gender, _CUSTOMER.birthday, _CUSTOMER.city, _CUSTOMER.joined_at, _CUSTOMER.attributes
).where(_CUSTOMER.tenant_id == _TENANT_ID, _CUSTOMER.id == bindparam("customer_id"))
TAGS = (
    select(_TAG.id, _TAG.tag, _TAG.value, _TAG.source, _TAG.confidence, _TAG.valid_from, _TAG.valid_to)
    .where(_TAG.tenant_id == _TENANT_ID, _TAG.customer_id == bindparam("customer_id"), _TAG.valid_from <= _NOW)
    .order_by(_TAG.valid_from, _TAG.id)
)
_ALL = 1_000_000_000
"""A limit that nothing reaches. A query with one is worked out by itself: joined directly, SQLite may begin with every
message or status of the tenant, where those of a few customers are wanted."""
_NEWEST = (
    select(_ORDER.tenant_id, _ORDER.id, _ORDER.customer_id, _ORDER.ordered_at, _ORDER.status)
    .where(
        _ORDER.tenant_id == _TENANT_ID,
        _ORDER.customer_id.in_(_IDS),
        _ORDER.ordered_at > _SINCE,
        _ORDER.ordered_at <= _NOW,
    )
    .limit(_ALL)
    .subquery()
)


def _lines(*columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """The lines of orders with these columns of line and product, the oldest order first; one without lines too."""
    same_order = (_LINE.tenant_id == _NEWEST.c.tenant_id) & (_LINE.order_id == _NEWEST.c.id)
    same_product = (_PRODUCT.tenant_id == _NEWEST.c.tenant_id) & (_PRODUCT.sku == _LINE.sku)
    order = (_NEWEST.c.id.label("order_id"), _NEWEST.c.customer_id, _NEWEST.c.ordered_at, _NEWEST.c.status)
    return (
        select(*order, _LINE.sku, _LINE.quantity, _LINE.amount_fen, *columns)
        .select_from(_NEWEST)
        .outerjoin(inspect(OrderLine).local_table, same_order)
        .outerjoin(inspect(Product).local_table, same_product)
        .order_by(_NEWEST.c.ordered_at, _NEWEST.c.id, _LINE.sku)
    )


BARE_LINES = _lines(_PRODUCT.currency, _PRODUCT.name, _PRODUCT.replenish_days)
"""Without what only preferences look at."""
LINES = _lines(
    _PRODUCT.currency,
    _PRODUCT.name,
    _PRODUCT.replenish_days,
    _PRODUCT.category,
    _PRODUCT.brand,
    _PRODUCT.tags,
    _PRODUCT.price_fen,
)
CHANGES = (
    select(_CHANGE.order_id, _CHANGE.at, _CHANGE.status)
    .select_from(_NEWEST)
    .join(
        inspect(OrderStatusChange).local_table,
        (_CHANGE.tenant_id == _NEWEST.c.tenant_id) & (_CHANGE.order_id == _NEWEST.c.id),
    )
    .order_by(_CHANGE.order_id, _CHANGE.at)
)
DEEDS = (
    select(_EVENT.customer_id, _EVENT.id, _EVENT.kind, _EVENT.at, _EVENT.object, _EVENT.value)
    .where(_EVENT.tenant_id == _TENANT_ID, _EVENT.customer_id.in_(_IDS), _EVENT.at > _SINCE, _EVENT.at <= _NOW)
    .order_by(_EVENT.at.desc(), _EVENT.id.desc())
    .limit(_MOST)
)


_DIRECT = (
    select(_TALK.tenant_id, _TALK.id, _TALK.customer_id)
    .where(_TALK.tenant_id == _TENANT_ID, _TALK.customer_id.in_(_IDS), _TALK.scene == Scene.DIRECT)
    .limit(_ALL)
    .subquery()
    .c
)


def _messages(*columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Messages of customers' direct conversations, newest first."""
    return (
        select(*columns)
        .where(
            _MESSAGE.tenant_id == _DIRECT.tenant_id,
            _MESSAGE.conversation_id == _DIRECT.id,
            _MESSAGE.at <= _NOW,
        )
        .order_by(_MESSAGE.at.desc(), _MESSAGE.conversation_id.desc(), _MESSAGE.position.desc())
        .limit(_MOST)
    )


SAYINGS = _messages(
    _DIRECT.customer_id,
    _MESSAGE.conversation_id,
    _MESSAGE.position,
    func.substr(_MESSAGE.text, 1, LONGEST).label("words"),
    _MESSAGE.at,
    _MESSAGE.withdrawn_at,
).where(_MESSAGE.role == MessageRole.CUSTOMER, _MESSAGE.at > _SINCE)
_STILL_SAID = or_(_MESSAGE.withdrawn_at.is_(None), _MESSAGE.withdrawn_at > _NOW)
SAID = _messages(_MESSAGE.conversation_id, _MESSAGE.at, _MESSAGE.role).where(_STILL_SAID, _MESSAGE.at > _SINCE)
LAST_SAID = _messages(_MESSAGE.conversation_id, _MESSAGE.at).where(_STILL_SAID, _MESSAGE.role == MessageRole.CUSTOMER)
FRIENDS = (
    select(_FRIEND.agent_id, _USER.name, _FRIEND.since)
    .outerjoin_from(
        inspect(Friendship).local_table,
        inspect(User).local_table,
        (_USER.tenant_id == _FRIEND.tenant_id) & (_USER.id == _FRIEND.agent_id),
    )
    .where(
        _FRIEND.tenant_id == _TENANT_ID,
        _FRIEND.customer_id == bindparam("customer_id"),
        or_(_FRIEND.since.is_(None), _FRIEND.since <= _NOW),
    )
    .order_by(_FRIEND.since, _FRIEND.agent_id)
)
PRODUCTS = select(
    _PRODUCT.sku, _PRODUCT.name, _PRODUCT.category, _PRODUCT.brand, _PRODUCT.tags, _PRODUCT.price_fen
).where(_PRODUCT.tenant_id == _TENANT_ID, _PRODUCT.sku.in_(bindparam("skus", expanding=True)))
PRICES = (
    select(_PRODUCT.category, _PRODUCT.price_fen)
    .where(
        _PRODUCT.tenant_id == _TENANT_ID,
        _PRODUCT.category.in_(bindparam("categories", expanding=True)),
        _PRODUCT.price_fen.is_not(None),
    )
    .order_by(_PRODUCT.category, _PRODUCT.price_fen)
)
