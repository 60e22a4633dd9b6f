"""Closed choices and the other words people write for them."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from knowledge.audience import GENDERS
from knowledge.imports.cells import refused, to_items, to_text
from knowledge.tables import MessageRole, Scene, ScriptKind, ScriptStatus, Stage

Choice = TypeVar("Choice", bound=StrEnum)

STAGES = {
    "acquisition": Stage.ACQUISITION,
    "拉新": Stage.ACQUISITION,
    "conversion": Stage.CONVERSION,
    "transaction": Stage.TRANSACTION,
    "成交": Stage.TRANSACTION,
    "delivery": Stage.DELIVERY,
    "履约": Stage.DELIVERY,
    "service": Stage.SERVICE,
    "服务": Stage.SERVICE,
    "运营": Stage.SERVICE,
    "售后": Stage.SERVICE,
}
SCENES = {
    "一对一": Scene.DIRECT,
    "单聊": Scene.DIRECT,
    "私聊": Scene.DIRECT,
    "single": Scene.DIRECT,
    "群": Scene.GROUP,
    "群聊": Scene.GROUP,
    "社群": Scene.GROUP,
}
SCRIPT_KINDS = {
    "话术": ScriptKind.SCRIPT,
    "问答": ScriptKind.FAQ,
    "常见问题": ScriptKind.FAQ,
    "政策": ScriptKind.POLICY,
    "制度": ScriptKind.POLICY,
}
SCRIPT_STATUSES = {
    "草稿": ScriptStatus.DRAFT,
    "审核": ScriptStatus.REVIEW,
    "审核中": ScriptStatus.REVIEW,
    "待审核": ScriptStatus.REVIEW,
    "发布": ScriptStatus.PUBLISHED,
    "已发布": ScriptStatus.PUBLISHED,
    "启用": ScriptStatus.PUBLISHED,
    "active": ScriptStatus.PUBLISHED,
    "停用": ScriptStatus.RETIRED,
    "下线": ScriptStatus.RETIRED,
    "已下线": ScriptStatus.RETIRED,
}
ROLES = {
    "客户": MessageRole.CUSTOMER,
    "顾客": MessageRole.CUSTOMER,
    "user": MessageRole.CUSTOMER,
    "客服": MessageRole.AGENT,
    "导购": MessageRole.AGENT,
    "assistant": MessageRole.AGENT,
}
PERSON_GENDERS = {**GENDERS, "1": "male", "2": "female", "0": "", "未知": "", "unknown": ""}
"""The digits are those of ISO 5218 and of WeCom."""

PRODUCT_STATUSES = {"在售": "active", "上架": "active", "下架": "inactive", "停售": "discontinued"}
ORDER_STATUSES = {
    "待付款": "pending",
    "待支付": "pending",
    "已付款": "paid",
    "已支付": "paid",
    "待发货": "paid",
    "已发货": "shipped",
    "运输中": "in_transit",
    "已签收": "delivered",
    "已送达": "delivered",
    "已完成": "completed",
    "已取消": "cancelled",
    "取消": "cancelled",
    "交易关闭": "cancelled",
    "已关闭": "cancelled",
    "canceled": "cancelled",
    "已退款": "refunded",
    "退款": "refunded",
    "退款成功": "refunded",
    "refund": "refunded",
    "已退货": "returned",
    "退货": "returned",
    "退货退款": "returned",
    "return": "returned",
}
EVENT_KINDS = {"浏览": "view", "点击": "click", "停留": "dwell", "购买": "purchase", "分享": "share", "评价": "review"}


def chosen(choices: type[Choice], aliases: Mapping[str, Choice]) -> Callable[[object], Choice | None]:
    """A reader of cells that hold one of `choices`, under its own name or another; empty cells give nothing."""
    known: dict[str, Choice] = {**aliases, **{choice.value: choice for choice in choices}}

    def read(value: object) -> Choice | None:
        text = to_text(value).lower()
        if not text:
            return None
        if text not in known:
            raise refused(f"one of {', '.join(choice.value for choice in choices)}")
        return known[text]

    return read


def chosen_list(choices: type[Choice], aliases: Mapping[str, Choice]) -> Callable[[object], list[str]]:
    """A reader of lists of `choices`."""
    read_one = chosen(choices, aliases)

    def read(value: object) -> list[str]:
        found = (read_one(item) for item in to_items(value))
        return list(dict.fromkeys(choice.value for choice in found if choice is not None))

    return read


def plain_word(aliases: Mapping[str, str], default: str = "") -> Callable[[object], str]:
    """A reader of cells with an open set of words, in lower case and English where we know it."""

    def read(value: object) -> str:
        if type(value) is str and value in plain:
            return value
        text = to_text(value).lower()
        return aliases.get(text, text) or default

    plain = frozenset(aliases.values())

    return read


def read_gender(value: object) -> str:
    """`female`, `male`, or empty for unknown."""
    text = to_text(value).lower()
    gender = PERSON_GENDERS.get(text, text)
    if gender not in {"female", "male", ""}:
        raise refused("female, male or empty")
    return gender
