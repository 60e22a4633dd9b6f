"""Goods that the law keeps from being promoted: tobacco, alcohol, medicine and the like, by category or tag.

A category may be a path, `食品/酒类/白酒`; the deepest part that anything is known of decides. A name means a kind of
goods when it contains the kind's own name (烟草制品, 進口白酒, "tobacco products") and does not negate it (无酒精,
"alcohol-free").
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from copilot.engine.product_rules import ProductRules
from knowledge.text import normalise

GROUPS: tuple[tuple[str, ...], ...] = (
    (
        *("烟草", "香烟", "卷烟", "名烟", "雪茄", "烟丝", "烟弹", "电子烟", "尼古丁", "烟酒", "烟"),
        *("tobacco", "cigarette", "e-cigarette", "cigar", "vape", "nicotine"),
    ),
    (
        *(
            "酒类",
            "酒水",
            "白酒",
            "啤酒",
            "红酒",
            "葡萄酒",
            "黄酒",
            "米酒",
            "果酒",
            "洋酒",
            "烈酒",
            "威士忌",
            "白兰地",
            "伏特加",
            "清酒",
            "香槟",
            "烟酒",
            "名酒",
            "酒",
        ),
        *("alcohol", "alcoholic", "liquor", "spirits", "beer", "wine", "whisky", "whiskey", "whiskies", "vodka"),
        *("brandy", "champagne", "rum", "gin", "tequila", "sake"),
    ),
    (
        *("药品", "处方药", "非处方药", "感冒药", "中成药", "西药", "药"),
        *("medicine", "medication", "pharmaceutical", "drug", "prescription", "otc"),
    ),
    ("医疗器械", "medical device"),
    (
        *("婴儿配方奶粉", "婴幼儿配方奶粉", "婴儿配方乳粉", "婴幼儿配方乳粉", "婴儿奶粉", "婴幼儿奶粉"),
        *("infant formula", "baby formula"),
    ),
)
HEADS = frozenset({"烟草", "tobacco", "酒类", "alcohol", "药品", "medicine", "医疗器械", "婴儿配方奶粉"})
"""Kinds are blocked unless the shop allows them; who allows one of these allows all of its group."""
NEGATIONS = "(?<![非无無免戒])(?<!不含)"
ABOUT = "(?!杯(?!装)|架|柜|具|色|塞|味|花|剪|酵母|开瓶|醒酒)"
"""What is named after regulated goods without being any: 红酒杯, 葡萄酒色."""
ENGLISH_ABOUT = (
    r"(?! (?:free|glass|cup|mug|rack|opener|wipe|pad|vinegar|ball|cabinet|store|sunglass|lens)(?:e?s)?(?![a-z0-9]))"
)
_PATH = re.compile(r"\s*[/\\|>»›→,，、;；:：·•]\s*|\s+-\s+|(?<=[\u4e00-\u9fff])-(?=[\u4e00-\u9fff])")
_SPACES_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff])[\s._*-]+(?=[\u4e00-\u9fff])")
_HYPHENS = re.compile(r"(?<=[a-z])-(?=[a-z])")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class RegulatedNames:
    """The kinds of goods that are blocked, and those that the shop allows; all in one spelling."""

    blocked: frozenset[str]
    allowed: frozenset[str]

    @classmethod
    def of(cls, rules: ProductRules) -> "RegulatedNames":
        """What is blocked by default and what the shop's rules change.

        Who allows the head of a group allows its names, except those that are of another group too.
        """
        allowed = frozenset(map(_spelled, rules.allowed))
        lifted = {group for group in GROUPS if allowed & HEADS & set(group)}
        blocked = (_names(set(GROUPS) - lifted) - allowed) | frozenset(map(_spelled, rules.regulated))
        return cls(blocked, allowed | (_names(lifted) - blocked))

    def exclusion(self, name: str) -> str | None:
        """Why goods under this category or tag are never offered, or `None`."""
        return _exclusion(self, name) if name else None

    def judge(self, name: str) -> str | None:
        """As `exclusion`, of a name seen for the first time."""
        for part in reversed(_parts(name)):
            blocked, allowed = self._longest(self._blocked, part), self._longest(self._allowed, part)
            if allowed and allowed >= blocked:
                return None
            if blocked:
                return f"regulated:{name}"
        return None

    def tag_exclusion(self, tags: Iterable[str]) -> str | None:
        """Why goods with these tags are never offered, or `None`."""
        return next((found for tag in tags if (found := self.exclusion(tag))), None)

    @cached_property
    def _blocked(self) -> tuple[tuple[int, re.Pattern[str]], ...]:
        return _patterns(self.blocked)

    @cached_property
    def _allowed(self) -> tuple[tuple[int, re.Pattern[str]], ...]:
        return _patterns(self.allowed)

    @staticmethod
    def _longest(patterns: tuple[tuple[int, re.Pattern[str]], ...], part: str) -> int:
        """The length of the longest name found; 0 for none. Longer names come first."""
        return next((length for length, pattern in patterns if pattern.search(part)), 0)


@lru_cache(maxsize=65_536)
def _exclusion(names: RegulatedNames, name: str) -> str | None:
    return names.judge(name)


@lru_cache(maxsize=64)
def _patterns(names: frozenset[str]) -> tuple[tuple[int, re.Pattern[str]], ...]:
    return tuple((len(name), _pattern(name)) for name in sorted(names, key=lambda one: (-len(one), one)) if name)


def _names(groups: Iterable[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(_spelled(name) for group in groups for name in group)


def _pattern(name: str) -> re.Pattern[str]:
    """Chinese names are found anywhere, but for single characters; English ones as whole words, singular or plural."""
    if _HAN.search(name):
        return re.compile(f"^{name}$" if len(name) == 1 else NEGATIONS + re.escape(name) + ABOUT)
    before = r"(?<![a-z0-9-])(?<!no )(?<!non )(?<!free of )(?<!root )(?<!ginger )"
    return re.compile(before + re.escape(name) + r"(?:e?s)?(?![a-z0-9-])" + ENGLISH_ABOUT)


def _parts(name: str) -> list[str]:
    """The parts of a path, the deepest last; first of all those without the hyphens that may be none of the path's."""
    known = normalise(name)
    return [part for found in (*_PATH.split(_spelled(known)), *_PATH.split(known)) if (part := _spelled(found))]


def _spelled(name: str) -> str:
    return _HYPHENS.sub(" ", _SPACES_BETWEEN_HAN.sub("", normalise(name).replace("_", " ")))
