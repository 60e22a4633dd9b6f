"""Chinese addresses: provinces, cities, districts, roads, numbers, estates and rooms that follow one another."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from knowledge.privacy.folding import HAN
from knowledge.privacy.kinds import PersonalKind, Span
from knowledge.privacy.wordlists import places

_COUNT: Final = (
    r"(?:[0-9]{1,5}(?:[-~/#][0-9]{1,5}){0,3}|[一二三四五六七八九十百零]{1,5}"
    r"|[a-z][0-9]{0,4}|[0-9]{1,3}[a-z]|[甲乙丙丁东西南北])"
)
_PART: Final = re.compile(
    rf"(?P<unit>(?:附|第)?{_COUNT} ?(?:号楼|号院|号铺|栋|幢|座|单元|楼|层|室|号|弄|户|组|队|铺|门|房|#))"
    rf"|(?P<admin>[{HAN}]{{1,9}}?(?:省|特别行政区|自治[区州县旗]|市|地区|盟|区|县|镇|乡|街道))"
    rf"|(?P<road>[{HAN}0-9]{{0,9}}?(?:大道|路|大街|街|巷|胡同|弄堂|里弄))"
    rf"|(?P<estate>[{HAN}0-9a-z]{{1,12}}?(?:小区|花园|公寓|大厦|广场|家园|新村|名苑|家苑|山庄|别墅|府邸|写字楼|商务楼|工业园|产业园|科技园|软件园|开发区"
    rf"|大学|学院|中学|小学|医院|宿舍|中心|村|社区|国际|华庭|雅居|公馆|新城|豪庭|佳苑))"
)
_BETWEEN: Final = re.compile(r"[ ,，、·\-\n]{0,2}")
_TAIL: Final = re.compile(
    r"(?: ?[-,]? ?[0-9]{3,4}(?![0-9]))?(?:[ ,，、(]{0,2}(?:邮编|邮政编码)?[\s:]{0,2}[0-9]{6}(?![0-9])\)?)?"
)
_LEAD_IN: Final = re.compile(
    r".*(?:到|在|是|寄|送|住|址|[改换]成|为|您|你|我|的|了|请|把|给|与|说|哪|这|那|往|:|填|写|先生|女士|小姐|吧|呢|吗|啊|反映|具备)"
)
_POSSIBLE: Final = re.compile(
    rf"[0-9a-z甲乙丙丁东西南北一二三四五六七八九十百零] ?(?:号|室|栋|幢|座|弄|单元|楼|组|层|户|#)"
    rf"|[省市区县镇乡盟][{HAN}0-9 ,]{{0,12}}?[市区县镇乡路街道村园厦]|地址|住址|住在|寄到|送到|址:"
)
_CUE: Final = re.compile(r"(?:地址|住址|住在|家住|寄到|寄往|寄给|送到|送货到|送至|寄至|改到|改成)[\s:是为()]{0,4}$")
_NOT_PLACES: Final = re.compile(
    rf"(?:^|.*[^{HAN}])?.*(?:地区|小区|区域|超市|门市|城市|社区|市区|专区|景区|战区|时区|误区|校区|同城市|具备线路|本市|全市|这个|哪个|套路|网路|思路|线路|电路|短路|走路|半路|一路|路由|邮路|逛街|上街)$"
)
_ANY_HAN: Final = re.compile(f"[{HAN}]")
_ENDINGS: Final = frozenset("省市区县镇乡路街道村园厦")
_ROOMY: Final = re.compile(r"号楼|栋|幢|座|单元|室")


def find_addresses(text: str) -> Iterator[Span]:
    """The Chinese addresses of a folded text, in order."""
    if not _may_hold_address(text):
        return
    chain: list[re.Match[str]] = []
    for part in _parts(text):
        if chain and not _follows(text, chain[-1], part):
            yield from _address(text, chain)
            chain = []
        chain.append(part)
    yield from _address(text, chain)


def _parts(text: str) -> Iterator[re.Match[str]]:
    return _PART.finditer(text)


def _follows(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    if _BETWEEN.fullmatch(text, one.end(), other.start()) is None:
        return False
    return _place_at(other.group(), 0) or _LEAD_IN.match(other.group()) is None


def _address(text: str, chain: Sequence[re.Match[str]]) -> Iterator[Span]:
    if not chain:
        return
    start = _start(chain[0])
    is_cued = _CUE.search(text, max(0, start - 8), start) is not None
    if _is_address(chain, text[start : chain[0].end()], is_cued=is_cued):
        tail = _TAIL.match(text, chain[-1].end())
        yield Span(start, tail.end() if tail else chain[-1].end(), PersonalKind.ADDRESS)


def _start(first: re.Match[str]) -> int:
    """Where the first part really begins: at the name of a place, or behind the words that lead in to it."""
    found = first.group()
    starts = [at for at in range(len(found) - 1) if found[at : at + 2] in _heads() and _place_at(found, at)]
    if starts:
        return first.start() + starts[0]
    lead = _LEAD_IN.match(found, 0, len(found) - 1)
    return first.start() + (lead.end() if lead else 0)


def _is_address(chain: Sequence[re.Match[str]], head: str, *, is_cued: bool) -> bool:
    kinds = [part.lastgroup for part in chain]
    n_admin = kinds.count("admin")
    has_road, has_estate, has_unit = "road" in kinds, "estate" in kinds, "unit" in kinds
    is_place = _place_at(head, 0)
    is_roomy = sum(1 for part in chain if part.lastgroup == "unit" and _ROOMY.search(part.group()))
    n_units = kinds.count("unit")
    if is_cued and n_admin + has_road + has_estate and len(head) > 2:
        return True
    if len(head) < 2 or _NOT_PLACES.match(head):
        return n_units > 1 and is_roomy > 0
    if (has_road and has_unit) or (n_units > 1 and is_roomy > 0):
        return True
    if n_admin and (
        has_road or (has_estate and (is_place or has_unit)) or (has_unit and (n_admin > 1 or is_roomy > 0))
    ):
        return True
    if has_estate and is_roomy:
        return True
    return is_place and len(chain) > 1


def _may_hold_address(text: str) -> bool:
    if _ANY_HAN.search(text) is None:
        return False
    if _POSSIBLE.search(text):
        return True
    return not _ENDINGS.isdisjoint(text) and not _heads().isdisjoint(map(str.__add__, text, text[1:]))


def _place_at(text: str, at: int) -> bool:
    return any(text[at : at + length] in places() for length in (2, 3, 4))


@cache
def _heads() -> frozenset[str]:
    return frozenset(place[:2] for place in places())
