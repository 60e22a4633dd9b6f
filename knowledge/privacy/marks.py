"""Characters that stand in the folded text for what is already found, a slot or a mask.

They are code points for private use, one per kind, which no pattern matches unless it asks for them: "a name beside a
phone number" holds for the number itself, for its slot and for a mask such as `[电话x]` alike.
"""

import re
from collections.abc import Iterable
from typing import Final

from knowledge.privacy.kinds import SLOTS, PersonalKind, Span

_FIRST: Final = 0xE000
MARKS: Final = {kind: chr(_FIRST + place) for place, kind in enumerate(PersonalKind)}
PLAIN_MARK: Final = chr(_FIRST + len(MARKS))
ANY_MARK: Final = f"{chr(_FIRST)}-{PLAIN_MARK}"
"""For use inside a character class."""

_STANDING: Final = re.compile(
    r"\{\{\s{0,9}([a-z_]{1,40}(?:\.[a-z_]{1,40}){0,4})\s{0,9}\}\}"
    r"|\[(数字|金额|日期|时间|链接|站点|组织机构|姓名|地址|电话|邮箱|身份证号|订单|账号|商品)x\]"
    r"|\[((?:order|user)id)_[^\[\]\s]{0,40}\]"
)
_MASKS: Final = {
    "姓名": PersonalKind.NAME,
    "地址": PersonalKind.ADDRESS,
    "电话": PersonalKind.PHONE,
    "邮箱": PersonalKind.EMAIL,
    "身份证号": PersonalKind.ID_NUMBER,
    "订单": PersonalKind.ORDER_NUMBER,
    "orderid": PersonalKind.ORDER_NUMBER,
} | {slot.strip("{}"): kind for kind, slot in SLOTS.items()}


def mark_standing(text: str) -> str:
    """The folded text with marks over the slots and masks that stand in it already."""
    if "{{" not in text and "[" not in text:
        return text
    return _STANDING.sub(_mark, text)


def mark_found(text: str, spans: Iterable[Span]) -> str:
    """The folded text with marks over these finds, which are in order and do not overlap."""
    parts: list[str] = []
    reached = 0
    for span in spans:
        parts += text[reached : span.start], MARKS[span.kind] * (span.end - span.start)
        reached = span.end
    return "".join([*parts, text[reached:]])


def _mark(standing: re.Match[str]) -> str:
    kind = _MASKS.get(standing[standing.lastindex or 0])
    return (MARKS[kind] if kind else PLAIN_MARK) * len(standing.group())
