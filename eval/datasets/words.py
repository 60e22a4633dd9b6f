"""Closed choices and the other words people write for them, as `copilot load` understands them."""

from collections.abc import Iterable, Mapping

CUSTOMER, AGENT, UNKNOWN = "customer", "agent", "unknown"


def _words(choices: Iterable[str], aliases: Mapping[str, str]) -> Mapping[str, str]:
    return {**aliases, **{choice: choice for choice in choices}}


SPEAKERS = _words(
    (CUSTOMER, AGENT),
    {"客户": CUSTOMER, "顾客": CUSTOMER, "user": CUSTOMER, "客服": AGENT, "导购": AGENT, "assistant": AGENT},
)
ROLES = {**SPEAKERS, UNKNOWN: UNKNOWN}
"""In a context, where public data do not always tell who wrote what."""

SCENES = _words(
    ("direct", "group"),
    {
        "一对一": "direct",
        "单聊": "direct",
        "私聊": "direct",
        "single": "direct",
        "群": "group",
        "群聊": "group",
        "社群": "group",
    },
)
STAGES = _words(
    ("获客", "转化", "交易", "交付", "服务与运营"),
    {
        "acquisition": "获客",
        "拉新": "获客",
        "conversion": "转化",
        "transaction": "交易",
        "成交": "交易",
        "delivery": "交付",
        "履约": "交付",
        "service": "服务与运营",
        "服务": "服务与运营",
        "运营": "服务与运营",
        "售后": "服务与运营",
    },
)
DECISIONS = _words(("accept", "edit", "dismiss", "ignore", "freehand", "stale"), {})

UNDONE_STATUSES = frozenset(
    {
        "cancelled",
        "canceled",
        "已取消",
        "取消",
        "交易关闭",
        "已关闭",
        "refunded",
        "refund",
        "已退款",
        "退款",
        "退款成功",
        "returned",
        "return",
        "已退货",
        "退货",
        "退货退款",
    }
)
"""Orders that came to nothing: nothing was bought."""
