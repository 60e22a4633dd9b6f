"""What a Chinese name looks like: a surname and one or two characters that are no word."""

import re
from typing import Final

from knowledge.privacy.folding import HAN
from knowledge.privacy.wordlists import (
    common_surnames,
    compound_surnames,
    given_characters,
    ordinary_words,
    places,
    surnames,
)

TITLES: Final = (
    "先生|女士|小姐|太太|夫人|老师|经理|师傅|阿姨|叔叔|大哥|大姐|同学|主任|医生|大夫|店长|老板|教授|律师|总监|主管|队长|会计"
    "|院长|校长|董事长"
)
ANY_HAN: Final = re.compile(f"[{HAN}]")
_TITLE: Final = re.compile(TITLES)
_SELDOM_GIVEN: Final = frozenset(
    "的了是在要想你您我他她它这那请和与或及吗呢吧啊哦呀嘛哈收寄到给从向电手号住址微信有没不很也都就还又可能会被把让对帮下上么什怎"
    "姓联地身邮订退换买卖查看说问谢叫啦哒噢嗯额呵跟改打发送来去今昨前后个位名用需个只第每当所"
)
_NEVER_GIVEN: Final = frozenset("的了吗呢吧啊哦呀么您你我她们这那什怎哪")
_JOINS_SURNAME: Final = frozenset("改换变写本上下每前周现资押定公治明空提最增对官地双一订运快简")
"""Characters that make a word with the surname behind them: 本周, 现金, 公安, 明白, 提高, 对方, 订单."""
_WORDS_THEMSELVES: Final = frozenset("从时来能都别后可向但干相东南年令归言和")
"""Surnames that are met far more often as words."""
_BRANDS: Final = ("康师傅",)


def name_length(text: str, at: int, *, is_certain: bool) -> int:
    """How many characters of a name begin at `at`; 0 when no name does.

    Where the words around are certain that a person is named, a rare surname will do and a name may begin like a word.
    """
    if text[at : at + 2] in compound_surnames() and _is_given(text, at + 2):
        return 3 + _is_given(text, at + 3)
    known = surnames() if is_certain else common_surnames()
    barred = _NEVER_GIVEN if is_certain else _SELDOM_GIVEN
    if text[at : at + 1] not in known or not _is_given(text, at + 1, barred):
        return 0
    if text[at : at + 2] in places() or text[at : at + 3] in places():
        return 0
    length = 2 + (_is_given(text, at + 2) or (is_certain and _is_last(text, at + 2)))
    is_word = text[at : at + 2] in ordinary_words()
    return length if not is_word or (is_certain and is_likely_given(text[at + 1 : at + length])) else 0


def rare_name_length(text: str, at: int) -> int:
    """3 where a rare surname and two usual given characters stand together and end there, else 0."""
    given = text[at + 1 : at + 3]
    is_rare = text[at : at + 1] in surnames() - _WORDS_THEMSELVES and text[at : at + 2] not in ordinary_words()
    return 3 if is_rare and len(given) == 2 and is_likely_given(given) and name_ends(text, at + 3) else 0


def is_titled_name(text: str, start: int, end: int) -> bool:
    """Whether exactly these characters, in front of a title, are a name; the surname alone will do."""
    name = text[start:end]
    if len(name) == 1:
        is_word = text[max(0, start - 1) : end] in ordinary_words() or text.startswith(_BRANDS, start)
        return name in common_surnames() and not is_word and not joins_surname(text, start)
    is_compound = name[:2] in compound_surnames()
    given = name[1 + is_compound :]
    if is_compound and len(given) < 3:
        return _may_be_given(given, _SELDOM_GIVEN)
    is_surname = name[0] in common_surnames() or (name[0] in surnames() and is_likely_given(given))
    if not is_surname or len(given) > 2 or text[max(0, start - 1) : start + 1] in ordinary_words():
        return False
    if start == 0 or not ANY_HAN.match(text, start - 1) or text[start - 1] in "的是问叫系写给找":
        return _may_be_given(given, _NEVER_GIVEN) and name[:2] not in ordinary_words()
    return _may_be_given(given, _SELDOM_GIVEN) and ordinary_words().isdisjoint((name[:2], given))


def is_likely_given(characters: str) -> bool:
    """Whether all the characters often stand in given names; no characters do not."""
    return bool(characters) and given_characters().issuperset(characters)


def may_be_name(characters: str) -> bool:
    """Whether none of the characters speaks against a name."""
    return _may_be_given(characters, _SELDOM_GIVEN)


def name_ends(text: str, at: int) -> bool:
    """Whether a name in front of `at` would be complete."""
    return at >= len(text) or not ANY_HAN.match(text, at) or text[at] in _SELDOM_GIVEN


def joins_surname(text: str, at: int) -> bool:
    """Whether the character in front of `at` makes a word with a surname there."""
    return text[max(0, at - 1) : at] in _JOINS_SURNAME


def _is_given(text: str, at: int, barred: frozenset[str] = _SELDOM_GIVEN) -> bool:
    return bool(ANY_HAN.match(text, at)) and text[at] not in barred and not _TITLE.match(text, at)


def _is_last(text: str, at: int) -> bool:
    """Whether this character, seldom as it is in names, completes one: nothing Chinese follows."""
    is_usual = text[at : at + 1] in given_characters() and text[at] not in _NEVER_GIVEN
    return is_usual and not ANY_HAN.match(text, at + 1)


def _may_be_given(characters: str, barred: frozenset[str]) -> bool:
    return barred.isdisjoint(characters) and all(map(ANY_HAN.match, characters))
