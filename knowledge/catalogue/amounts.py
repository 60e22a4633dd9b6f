"""Amounts in what people write: 300 以内, 5000到10000, 两三千, 1万5, under $300, at least 15 inches, 7-9小时."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Final

from knowledge.catalogue.lexicon import Lexicon, Unit, any_of
from knowledge.health.numerals import DIGITS, LARGEST, POWERS, numeral

ABOUT: Final = 0.2
"""Around 300 is from 240 to 360."""
_TIMES: Final = {"万": 10_000.0, "千": 1000.0, "百": 100.0, "k": 1000.0, "w": 10_000.0}
_HAN: Final = "零〇一二两俩三四五六七八九十百千万"
_NUMBER: Final = re.compile(
    rf"(?<![a-z0-9_.*/×\-])(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?P<times>\s?(?:万|千(?![克瓦米])|百(?!分)|[kw](?![a-z])))?(?P<rest>(?<=[万千百kw])\d{{1,4}}(?:千|百)?(?![\d.]))?"
    rf"|(?P<vague>(?<![{_HAN}])十?[一二两三四五六七八][二两三四五六七八九][百千万]{{1,4}})(?![百千万])"
    rf"|(?P<teens>(?<![{_HAN}])[十百]几(?:[百千万])?)"
    rf"|(?P<han>(?<![{_HAN}])[{_HAN}]+(?:点[零〇一二三四五六七八九]+)?)(?![{_HAN}])"
)
_JOINT: Final = re.compile(r"\s*(?:-|~|—|–|到|至|up to\b|to\b|and\b|和)\s*")
_OPEN_END: Final = re.compile(r"\s*(?:多|来)(?=\s|[块元的左以钱个$]|$)|\s*出头")
_WORD: Final = re.compile(r"[\s-]?([a-z]{2,})")
_DIMENSIONS: Final = re.compile(r"\d+(?:\.\d+)?\s*[*×x]\s*\d+(?:\.\d+)?(?:\s*[*×x]\s*\d+(?:\.\d+)?)?")
MONEY: Final = "money"


class Bound(StrEnum):
    """How a number is meant."""

    EXACT = "="
    AT_MOST = "<="
    AT_LEAST = ">="
    ABOUT = "~"
    RANGE = ".."


@dataclass(frozen=True)
class Amount:
    """Numbers from `low` to `high` at a place in a text.

    `units` are the names a unit word may have, each with the factor to apply; empty without a unit, `MONEY` for money,
    of which `currencies` are the codes it may be in, any when empty.
    """

    start: int
    end: int
    low: float
    high: float
    bound: Bound
    units: tuple[tuple[str, float], ...] = ()
    currencies: frozenset[str] = frozenset()
    is_vague_unit: bool = False
    is_in_figures: bool = True

    @property
    def is_money(self) -> bool:
        return any(name == MONEY for name, _ in self.units)

    def limits(self, factor: float) -> tuple[float, float]:
        """The least and the largest number meant, in units of which this amount's unit is `factor`."""
        low, high = self.low * factor, self.high * factor
        if self.bound is Bound.AT_MOST:
            return -math.inf, high
        if self.bound is Bound.AT_LEAST:
            return low, math.inf
        if self.bound is Bound.ABOUT:
            return low * (1 - ABOUT), high * (1 + ABOUT)
        return low, high


@dataclass(frozen=True)
class _Number:
    start: int
    end: int
    low: float
    high: float
    times: str = ""
    is_open: bool = False

    def multiplied(self, times: str) -> "_Number":
        factor = _TIMES[times]
        return replace(self, low=self.low * factor, high=self.high * factor, times=times)


def read_amounts(text: str) -> list[Amount]:
    """The amounts in a normalised text, in their order; product codes and dimensions such as 40*30 are none."""
    blocked = [match.span() for match in _DIMENSIONS.finditer(text)]
    amounts: list[Amount] = []
    at = 0
    while (match := _NUMBER.search(text, at)) is not None:
        inside = next((end for start, end in blocked if start <= match.start() < end), None)
        number = None if inside else _number(match)
        if number is None:
            at = inside or match.end()
            continue
        amount = _amount(text, number)
        if match["han"] and number.high < 10 and not amount.units and amount.low == amount.high:
            at = match.end()  # 一款, 三厢车
            continue
        at = amount.end
        amounts.append(amount)
    return amounts


def _number(match: re.Match[str]) -> _Number | None:
    number = _any_number(match)
    return number if number is not None and number.high < LARGEST else None


def _any_number(match: re.Match[str]) -> _Number | None:
    """The number of a match however large, infinite where it has very many digits."""
    start, end = match.span()
    if match["digits"]:
        value = float(match["digits"].replace(",", ""))
        times = (match["times"] or "").strip()
        if times in ("k", "w") and not match["rest"]:
            return _Number(start, match.end("digits"), value, value)
        if not times:
            return _Number(start, end, value, value)
        value = value * _TIMES[times] + _tail(match["rest"], _TIMES[times])
        return _Number(start, end, value, value, times)
    if match["vague"]:
        return _vague(match)
    if match["teens"]:
        return _teens(match)
    known = numeral(match["han"])
    return None if known is None else _Number(start, end, float(known), float(known), _last_power(match["han"]))


def _tail(rest: str | None, times: float) -> float:
    """What follows a power: the 5 of 1万5 is 5,000, the 2500 of 1万2500 is 2,500, the 5千 of 1万5千 is 5,000."""
    if not rest:
        return 0.0
    if rest[-1] in _TIMES:
        return float(rest[:-1]) * _TIMES[rest[-1]]
    return float(rest) * (times / 10 if len(rest) == 1 else 1.0)


def _vague(match: re.Match[str]) -> _Number:
    """两三千, 七八百, 十五六万."""
    found = match["vague"]
    signs = found.removeprefix("十")
    tens = 10 if len(signs) < len(found) else 0
    power = math.prod(10_000 if sign == "万" else POWERS[sign] for sign in signs[2:])
    low, high = ((tens + DIGITS[sign]) * float(power) for sign in signs[:2])
    return _Number(match.start(), match.end(), min(low, high), max(low, high), signs[-1], is_open=False)


def _teens(match: re.Match[str]) -> _Number:
    """十几万, 百几."""
    found = match["teens"]
    unit = 10.0 if found[0] == "十" else 100.0
    factor = _TIMES.get(found[-1], 1.0)
    return _Number(match.start(), match.end(), unit * factor, unit * factor * 1.999, found[-1])


def _last_power(han: str) -> str:
    return han[-1] if han[-1] in _TIMES else ""


def _amount(text: str, number: _Number) -> Amount:
    """A number with what stands around it: currency, the other end of a range, a unit and a comparison."""
    number, marks = _with_thousands(text, number)
    prefix, currencies = _money_before(text, number.start)
    start, end, low, high = prefix, number.end, number.low, number.high
    units, currencies, end, vague_unit = _unit_after(text, end, currencies)
    bound = Bound.RANGE if low != high else Bound.EXACT
    other = _other_end(text, end, number) if low == high else None
    if other is not None:
        upper, after, mark = other
        low, high = _shared(number, upper), upper.high
        bound = Bound.RANGE
        currencies = currencies if mark is None else mark
        later, currencies, end, vague_unit = _unit_after(text, after, currencies)
        units = later or units
    elif low == high and (open_end := _OPEN_END.match(text, end)):
        low, high, bound, end = low, _next_round(low), Bound.RANGE, open_end.end()
        if not units:
            units, currencies, end, vague_unit = _unit_after(text, end, currencies)
    if currencies is not None and not units:
        units = ((MONEY, 1.0),)
    if marks and not units:
        units = ((MONEY, 1.0),)
    figures = text[number.start].isdigit() and text[number.start].isascii()
    amount = Amount(start, end, low, high, bound, units, currencies or frozenset(), vague_unit, figures)
    return _compared(text, amount)


def _with_thousands(text: str, number: _Number) -> tuple[_Number, bool]:
    """The number times what a k or w after it says, where money is meant: 5k以内, 20w左右, $5k."""
    match = re.compile(r"\s?([kw])(?![a-z0-9])").match(text, number.end)
    if match is None or number.times:
        return number, False
    after = _compare_after().match(text, match.end()) or _money_word().match(text, match.end())
    ranged = re.compile(rf"\s*(?:-|~|到|至|to)\s*(?:[$¥]?\d|[{_HAN}])").match(text, match.end())
    before = _before(text, number.start) or _money_before(text, number.start)[1] is not None
    range_before = re.compile(r"(?:-|~|到|至|to)\s*$").search(text, 0, number.start)
    if not (after or ranged or before or range_before) or (match[1] == "w" and number.high >= 1000):
        return number, False
    return replace(number.multiplied(match[1]), end=match.end()), True


def _other_end(text: str, end: int, first: _Number) -> tuple[_Number, int, frozenset[str] | None] | None:
    """The second number of a range, where it ends, and the currencies of the mark before it."""
    joint = _JOINT.match(text, end)
    if joint is None:
        return None
    begin = joint.end()
    mark = _money_word().match(text, begin)
    begin = mark.end() if mark else begin
    match = re.compile(_NUMBER.pattern.replace(r"(?<![a-z0-9_.*/×\-])", "", 1)).match(text, begin)
    second = _number(match) if match else None
    if second is None:
        return None
    second, _ = _with_thousands(text, second)
    joined = joint.group().strip()
    if joined in ("and", "和") and not re.search(r"(?:between|from|在|介于)\s*\W*$", text[: first.start]):
        return None
    codes = _codes(mark.group().strip()) if mark else None
    return (second, second.end, codes) if _shared(first, second) < second.high else None


def _shared(first: _Number, second: _Number) -> float:
    """The lower end of a range whose power may be said once: 15-20万, but not 6500到1万."""
    if first.times or not second.times:
        return first.low
    multiplied = first.multiplied(second.times).low
    return multiplied if multiplied < second.high else first.low


def _next_round(low: float) -> float:
    """Below where 三千多 ends: 4,000."""
    power = 10.0 ** math.floor(math.log10(low)) if low >= 1 else 1.0
    return math.nextafter((math.floor(low / power) + 1) * power, 0.0)


def _unit_after(
    text: str, end: int, currencies: frozenset[str] | None
) -> tuple[tuple[tuple[str, float], ...], frozenset[str] | None, int, bool]:
    money = _money_word().match(text, end)
    if money is not None:
        return ((MONEY, 1.0),), _codes(money.group().strip()), money.end(), False
    unit = _unit_word().match(text, end)
    if unit is not None:
        known = Lexicon.load().unit_words[unit.group().strip(" -")]
        return tuple((one.name, factor) for one, factor in known), currencies, unit.end(), False
    word = _WORD.match(text, end)
    if word is not None and currencies is None and word[1] not in _plain_words():
        return ((_singular(word[1]), 1.0),), currencies, end, True
    return (), currencies, end, False


def _compared(text: str, amount: Amount) -> Amount:
    """The amount as the words around it mean it; those before count more, but for weak ones."""
    before, after = _before(text, amount.start), _compare_after().match(text, amount.end)
    if amount.bound is Bound.RANGE:
        return replace(amount, end=after.end()) if after is not None else amount
    if before is not None and (after is None or before["word"] not in Lexicon.load().comparison["weak_before"]):
        bound, start = _bound_before(text, before)
        return replace(amount, bound=bound, start=start)
    if after is not None:
        money = _money_word().match(text, after.end()) if not amount.units else None
        end = money.end() if money else after.end()
        return replace(amount, bound=_bound_of(after.group().strip(" -"), "after"), end=end)
    return replace(amount, bound=Bound.ABOUT) if amount.is_money else amount


def _bound_before(text: str, before: re.Match[str]) -> tuple[Bound, int]:
    """The bound a comparison in front names, and where it starts; refused, it is the other one: not above."""
    bound = _bound_of(before["word"], "before")
    refused = _refused_comparison().search(text, max(0, before.start() - 24), before.start())
    if refused is None:
        return bound, before.start()
    return {Bound.AT_MOST: Bound.AT_LEAST, Bound.AT_LEAST: Bound.AT_MOST}.get(bound, bound), refused.start()


def _bound_of(word: str, side: str) -> Bound:
    for bound in (Bound.AT_MOST, Bound.AT_LEAST, Bound.ABOUT):
        if word in Lexicon.load().comparison[f"{bound.name.lower()}_{side}"]:
            return bound
    return Bound.ABOUT


def _money_before(text: str, start: int) -> tuple[int, frozenset[str] | None]:
    found = _money_mark().search(text, 0, start)
    return (found.start(), _codes(found.group().strip())) if found else (start, None)


def _codes(word: str) -> frozenset[str]:
    lexicon = Lexicon.load()
    for name, words in lexicon.money.items():
        if word in words:
            return lexicon.money_codes.get(name, frozenset())
    return frozenset()


def _before(text: str, start: int) -> re.Match[str] | None:
    return _compare_before().search(text, max(0, start - 40), start)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def is_least(unit: str) -> bool:
    """Whether a bare number of this unit means at least so much."""
    return any(known.name == unit and known.is_least for known in _units())


def _units() -> Iterator[Unit]:
    return iter(Lexicon.load().units)


@cache
def _compare_before() -> re.Pattern[str]:
    lexicon = Lexicon.load()
    words = [word for name, some in lexicon.comparison.items() if name.endswith("_before") for word in some]
    fillers = any_of(lexicon.comparison["fillers"]).pattern
    return re.compile(rf"(?P<word>{any_of(words).pattern})(?:\s|'|{fillers})*$")


@cache
def _refused_comparison() -> re.Pattern[str]:
    words, lexicon = Lexicon.load().talk["refused_comparison"], Lexicon.load()
    fillers = any_of(lexicon.comparison["fillers"]).pattern
    return re.compile(rf"(?:{any_of(words).pattern})(?:\s|{fillers})*$")


@cache
def _compare_after() -> re.Pattern[str]:
    lexicon = Lexicon.load()
    words = [word for name, some in lexicon.comparison.items() if name.endswith("_after") for word in some]
    return re.compile(rf"[\s\-]*(?:{any_of(words).pattern})")


@cache
def _money_word() -> re.Pattern[str]:
    words = [word for some in Lexicon.load().money.values() for word in some]
    return re.compile(rf"\s*(?:{any_of(words).pattern})")


@cache
def _money_mark() -> re.Pattern[str]:
    words = [word for name, some in Lexicon.load().money.items() if name != "any" for word in some]
    return re.compile(rf"(?:{any_of(words).pattern})\s*$")


@cache
def _unit_word() -> re.Pattern[str]:
    return re.compile(rf"[\s-]?(?:{any_of(Lexicon.load().unit_words).pattern})")


@cache
def _plain_words() -> frozenset[str]:
    """Latin words after a number that count nothing."""
    lexicon = Lexicon.load()
    said = [word for words in lexicon.comparison.values() for phrase in words for word in phrase.split()]
    return frozenset([*said, *lexicon.talk["common"], *lexicon.talk["negations"]])
