"""Numbers known by their form: phones, identity numbers, bank cards, and whatever else is too long to be harmless."""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Final

from knowledge.privacy.checks import (
    is_bank_card,
    is_barcode,
    is_hong_kong_id,
    is_resident_id,
    is_social_security,
    is_taiwan_id,
)
from knowledge.privacy.kinds import PersonalKind, Span

GAP: Final = r"[ \-.·_/,~()、*|\n]{1,3}"
"""What people write between the digits of one number."""
MAX_DIGITS: Final = 32
_MAX_GROUPS: Final = 20
_RUN: Final = re.compile(rf"[0-9](?:(?:{GAP})?[0-9]){{6,}}(?:(?:{GAP})?x(?![a-z0-9]))?")
_GROUP: Final = re.compile(r"[0-9]+x?|x")
_LETTERED: Final = re.compile(
    r"(?<![a-z0-9])(?:(?!qq)[a-z]{1,6}-?(?!1[3-9][0-9]{9}(?![0-9]))[0-9]{9,24}[a-z]{0,3}|1z[0-9a-z]{16})(?![a-z0-9])"
)
_HONG_KONG: Final = re.compile(r"(?<![a-z0-9])([a-z]{1,2})([0-9]{6})\(?([0-9a])\)?(?![a-z0-9])")
_TAIWAN: Final = re.compile(r"(?<![a-z0-9])([a-z])([1289][0-9]{8})(?![a-z0-9])")
_STARRED: Final = re.compile(r"(?<![0-9])1[3-9][0-9] ?[*x]{4,6} ?[0-9]{3,4}(?![0-9])")
_WORD: Final = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_SPELLED: Final = re.compile(rf"(?<![a-z]){_WORD}(?:[\s,.-]{{1,2}}(?:double |triple )?{_WORD}){{6,18}}(?![a-z])")

_MOBILE: Final = re.compile(r"(?:(?:00)?86|0)?1[3-9][0-9]{9}")
_LANDLINE: Final = re.compile(r"(?:0086|86)?0(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}")
_EXTENDED: Final = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}[0-9]{1,6}")
_HOTLINE: Final = re.compile(r"(?:86)?[48]00[0-9]{7}|1010[0-9]{4}|9[56][0-9]{3,6}|106[0-9]{5,17}|(?:00)?1800[0-9]{7}")
_AMERICAN: Final = re.compile(r"(?:001|1)?[2-9][0-9]{2}[0-9]{7}")
_TIMESTAMP: Final = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?"
)
_AMERICAN_LAYOUTS: Final = frozenset(
    {(3, 3, 4), (1, 3, 3, 4), (3, 3, 3, 4), (3, 7), (1, 10), (3, 10), (10,), (11,), (13,)}
)
_MOBILE_LAYOUTS: Final = frozenset(
    {
        (11,),
        (3, 4, 4),
        (3, 3, 5),
        (4, 3, 4),
        (3, 8),
        (7, 4),
        (3, 5, 3),
        (5, 6),
        (4, 4, 3),
        (4, 7),
        (6, 5),
        (3, 2, 2, 2, 2),
    }
)
_UNIT: Final = re.compile(r" ?(?:元|块钱|rmb|cny|usd|hkd|ml|kg|km|mah|gb|mb|tb|%|℃|万|亿|dollars?|yuan|年|个月|件)")
_PUBLIC: Final = re.compile(
    r"(?:客服|服务|咨询|投诉|售后|官方|总部|热线|营业厅|门店|专柜|店铺|公司|hotline|service)"
    r"(?:中心|电话|热线|号码|专线|联系|至|[:是为() ]){0,5}$"
)
_COUNTRY: Final = re.compile(r"(?:\+ ?|(?<![0-9])00)$")
_GOODS: Final = re.compile(
    r"(?:sku|货号|型号|款号|条码|条形码|商品编[号码]|货品编?号|产品编?号|编码|批号|批次号?|isbn|upc|ean)[\s:是为#]*$"
)
_LINK: Final = re.compile(r"(?:[/=&?]|[0-9]\.)$")
_MIN_ORDER_DIGITS: Final = 10


def find_numbers(text: str) -> Iterator[Span]:
    """The numbers of a folded text that are personal by their form, in order."""
    for run in _RUN.finditer(text):
        yield from _parts(text, list(_GROUP.finditer(text, run.start(), run.end())))


def find_lettered(text: str) -> Iterator[Span]:
    """Identity and parcel numbers with letters in them, phone numbers with stars, and those in English words."""
    for match in _HONG_KONG.finditer(text):
        if is_hong_kong_id(*match.groups()):
            yield Span(*match.span(), PersonalKind.ID_NUMBER)
    for match in _TAIWAN.finditer(text):
        if is_taiwan_id(*match.groups()):
            yield Span(*match.span(), PersonalKind.ID_NUMBER)
    for match in _LETTERED.finditer(text):
        if not match.group().startswith("sku") and not _is_goods(text, match.start()):
            yield Span(*match.span(), PersonalKind.ORDER_NUMBER)
    for match in (*_STARRED.finditer(text), *_SPELLED.finditer(text)):
        yield Span(*match.span(), PersonalKind.PHONE)


def _parts(text: str, groups: Sequence[re.Match[str]]) -> Iterator[Span]:
    """The longest stretches of whole groups that are a number of some kind."""
    first = 0
    while first < len(groups):
        for last in range(_furthest(groups, first), first, -1):
            kind = _kind(text, groups[first:last])
            if kind is not None:
                yield _with_country(text, Span(groups[first].start(), groups[last - 1].end(), kind))
                first = last - 1
                break
        first += 1


def _furthest(groups: Sequence[re.Match[str]], first: int) -> int:
    n_digits, last = 0, first
    while last < min(len(groups), first + _MAX_GROUPS) and (n_digits < MAX_DIGITS or last == first):
        n_digits += len(groups[last].group())
        last += 1
    return last


def _kind(text: str, groups: Sequence[re.Match[str]]) -> PersonalKind | None:
    digits = "".join(group.group() for group in groups)
    if len(digits) < 7:
        return None
    start, end = groups[0].start(), groups[-1].end()
    if _is_goods(text, start) or _UNIT.match(text, end) or text[start - 1 : start] in tuple("$¥¥€£"):
        return None
    layout = tuple(len(group.group()) for group in groups)
    gaps = {text[one.end() : other.start()].strip() for one, other in itertools.pairwise(groups)}
    return _proven(digits, layout, gaps) or _likely(text, digits, layout, gaps, start)


def _proven(digits: str, layout: tuple[int, ...], gaps: set[str]) -> PersonalKind | None:
    """What the digits are by their own form."""
    regular = len(layout) == 1 or max(layout) <= 2 or (len(gaps) == 1 and not gaps <= {""})
    if len(digits) in (15, 18) and (regular or min(layout[:-1]) >= 3) and is_resident_id(digits):
        return PersonalKind.ID_NUMBER
    if digits.endswith("x"):
        return None
    if (
        _MOBILE.fullmatch(digits)
        and layout != (1, 3, 3, 4)
        and (regular or layout in _MOBILE_LAYOUTS or layout[1:] in _MOBILE_LAYOUTS)
    ):
        return PersonalKind.PHONE
    if 12 <= len(digits) <= 19 and (regular or set(layout[:-1]) <= {4} or min(layout) >= 3) and is_bank_card(digits):
        return PersonalKind.BANK_CARD
    if len(digits) == 9 and (layout == (3, 2, 4) or max(layout) == 1) and is_social_security(digits):
        return PersonalKind.ID_NUMBER
    return None


def _likely(text: str, digits: str, layout: tuple[int, ...], gaps: set[str], start: int) -> PersonalKind | None:
    """What the digits are by where they stand; any long number that is nothing harmless counts as an order's."""
    if _HOTLINE.fullmatch(digits) or digits.endswith("x") or _is_public(text, digits, start):
        return None
    if _is_phone(text, digits, layout, start):
        return PersonalKind.PHONE
    if len(digits) < _MIN_ORDER_DIGITS or _LINK.search(text, max(0, start - 2), start):
        return None
    if len(layout) == 1:
        return None if _TIMESTAMP.fullmatch(digits) or is_barcode(digits) else PersonalKind.ORDER_NUMBER
    return PersonalKind.ORDER_NUMBER if _is_written_as_one(digits, layout, gaps) else None


def _is_written_as_one(digits: str, layout: tuple[int, ...], gaps: set[str]) -> bool:
    """Whether groups of digits look like one long number: dashes, even groups, or every digit apart."""
    if max(layout) == 1 or (gaps == {"-"} and min(layout[:-1]) >= 3):
        return True
    return len(digits) > 12 and len(set(layout[:-1])) == 1 and layout[-1] <= layout[0] and layout[0] in (4, 5, 6)


def _is_phone(text: str, digits: str, layout: tuple[int, ...], start: int) -> bool:
    if _COUNTRY.search(text, max(0, start - 3), start) and 8 <= len(digits) <= 15:
        return True
    if _LANDLINE.fullmatch(digits) and (len(layout) <= 3 or max(layout) <= 2):
        return True
    if _EXTENDED.fullmatch(digits) and 1 < len(layout) <= 4 and layout[0] in (3, 4, 10, 11, 12):
        return True
    return _AMERICAN.fullmatch(digits) is not None and (layout in _AMERICAN_LAYOUTS or max(layout) == 1)


def _is_public(text: str, digits: str, start: int) -> bool:
    """Whether this is the landline of a business, by the words in front of it."""
    return _PUBLIC.search(text, max(0, start - 16), start) is not None and digits.startswith(("0", "4", "8"))


def _is_goods(text: str, start: int) -> bool:
    return _GOODS.search(text, max(0, start - 12), start) is not None


def _with_country(text: str, span: Span) -> Span:
    """The number with the plus or bracket in front of it and, for a phone, the extension behind."""
    start, end = span.start, span.end
    if span.kind is PersonalKind.PHONE:
        if lead := _LEAD.search(text, max(0, start - 8), start):
            start = lead.start()
        if extension := _EXTENSION.match(text, end):
            end = extension.end()
    return Span(start, end, span.kind)


_LEAD: Final = re.compile(r"(?:\(?\+ ?(?:[0-9]{1,3}[ \-)]{1,2})?\(?|\()$")
_EXTENSION: Final = re.compile(r" ?(?:x|ext\.?|extension|转|分机号?) ?[0-9]{1,6}(?![0-9])")
