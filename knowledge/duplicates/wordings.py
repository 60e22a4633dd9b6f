"""What of a text can be compared by letters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from knowledge.text import canonical, normalise

NUMBER: Final = re.compile(r"\d+(?:[.:/-]\d+)*")
NEGATION: Final = re.compile(
    r"不(?!错|过|同|仅|但|好意思)|没|未|别(?!的|人|家|名)|无法|无需|勿|\b(?:not|no|never|cannot|without)\b|n['’]t\b"
)
A_NOT_A: Final = re.compile(r"(\w)[不没]\1|是否|有没有|可不可以|能不能|要不要|会不会|没有?[吗么]?$|不[?？]?$")
"""Asks whether, and denies nothing: 能不能."""

QUESTIONS: Final[Mapping[str, re.Pattern[str]]] = {
    "how": re.compile(r"怎么(?!会|还|不|没|就|老|总|都|这)|如何|怎样|咋(?!还|不|没)|\bhow (?:do|can|to)\b"),
    "why": re.compile(r"为什么|为啥|为何|怎么(?:会|还|不|没|就|老|总|都|这)|咋(?:还|不|没)|什么原因|\bwhy\b"),
    "when": re.compile(r"什么时候|啥时候?|几点|何时|哪天|\bwhen\b|\bwhat time\b"),
    "how long": re.compile(r"多久|多长时间|几天|几个?月|\bhow long\b"),
    "how much": re.compile(r"多少|几[块元折]|\bhow (?:much|many)\b"),
    "where": re.compile(r"哪里|哪儿|在哪|去哪|何处|\bwhere\b"),
    "who": re.compile(r"谁|\bwho\b"),
    "whether": re.compile(r"(\w)[不没]\1|是否|吗|^(?:can|could|is|are|do|does|will) (?:i|you|it|there|this|the)\b"),
}

OPPOSITES: Final = (
    ("开通", "关闭"), ("打开", "关闭"), ("开启", "关闭"), ("增加", "减少"), ("提高", "降低"), ("提前", "延期"),
    ("提前", "推迟"), ("上", "下"), ("前", "后"), ("买", "卖"), ("借", "还"), ("转入", "转出"), ("存", "取"),
    ("收", "发"), ("大", "小"), ("多", "少"), ("贵", "便宜"), ("男", "女"), ("早", "晚"), ("新", "旧"), ("左", "右"),
    ("成功", "失败"), ("绑定", "解绑"), ("添加", "删除"), ("退货", "换货"), ("干皮", "油皮"), ("最高", "最低"),
    ("open", "close"), ("increase", "decrease"), ("before", "after"), ("buy", "sell"), ("cheap", "expensive"),
    ("return", "exchange"), ("enable", "disable"), ("men", "women"), ("early", "late"), ("new", "old"),
)  # fmt: skip


@dataclass(frozen=True)
class Wording:
    """A text as it is compared; `plain` is without spacing and punctuation."""

    plain: str
    bigrams: frozenset[str]
    numbers: frozenset[str]
    questions: frozenset[str]
    is_negative: bool

    @classmethod
    def of(cls, text: str) -> Self:
        """The wording of any text, an empty one included."""
        plain, spelled = canonical(text), normalise(text)
        return cls(
            plain=plain,
            bigrams=bigrams(plain),
            numbers=frozenset(NUMBER.findall(spelled)),
            questions=frozenset(name for name, pattern in QUESTIONS.items() if pattern.search(spelled)),
            is_negative=len(NEGATION.findall(A_NOT_A.sub(" ", spelled))) % 2 == 1,
        )


def bigrams(plain: str) -> frozenset[str]:
    """The pairs of neighbouring characters; of a single character itself."""
    return frozenset(map(str.__add__, plain, plain[1:])) or frozenset(filter(None, [plain]))


def are_opposed(one: str, other: str) -> bool:
    """Whether one text has a word where the other has its opposite, and neither has both."""
    return any(_only(one, other, *words) or _only(other, one, *words) for words in OPPOSITES)


def wordings_of(texts: Sequence[str]) -> list[Wording]:
    """The wording of each text."""
    return [Wording.of(text) for text in texts]


def _only(one: str, other: str, word: str, opposite: str) -> bool:
    return word in one and opposite in other and opposite not in one and word not in other
