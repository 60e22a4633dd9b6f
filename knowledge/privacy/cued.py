"""Numbers and names of accounts known by the words in front of them: "订单号：…", "微信 …", "card ending …"."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from knowledge.privacy.kinds import PersonalKind, Span
from knowledge.privacy.marks import MARKS
from knowledge.privacy.numbers import GAP, MAX_DIGITS
from knowledge.privacy.wordlists import words

_LINK: Final = r"(?:[\s:是为的#()\[\]\"'“”「」,，=吧搜了哦]|账?号码?|名?称|id|no\.?|number|is|was|->|—|-){0,8}"
_DIGITS: Final = rf"[0-9](?:(?:{GAP})?[0-9]){{3,{MAX_DIGITS - 1}}}"
_EXTENSION: Final = r"(?: ?(?:x|ext\.?|转|分机号?) ?[0-9]{1,6}(?![0-9]))?"
_CODE: Final = rf"[a-z]{{0,6}}[-_ ]?{_DIGITS}[a-z]{{0,4}}(?![a-z0-9])|[a-z0-9]{{1,40}}(?:-[a-z0-9]{{1,20}}){{0,4}}"
_ACCOUNT: Final = r"[a-z][a-z0-9_-]{4,23}|[a-z0-9]{1,12}_[a-z0-9_-]{1,20}"
_DATE: Final = re.compile(r"(?:19|20)[0-9]{2} ?[-./] ?[0-9]{1,2} ?[-./] ?[0-9]{1,2}(?![0-9])")
_AMOUNT: Final = re.compile(r" ?(?:元|块|rmb|%|天|小时|个|件|分钟|年|月|日|次|单|笔)")
_HOTLINE: Final = re.compile(r"(?:0?[48]00[0-9]{6,7}|1010[0-9]{4}|9[56][0-9]{3,6}|1[0-9]{4})")
_PUBLIC: Final = re.compile(r"客服|服务|咨询|投诉|售后|官方|总部|热线|营业厅|门店|专柜|店铺|公司|hotline|service")
_COMPANY: Final = re.compile(r"[48]00[0-9]{6}")
"""A company's QQ number."""
_VERSION: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6}){2,}")
_MOBILE: Final = re.compile(r"(?:86)?1[3-9][0-9]{9}")
_SIGNS: Final = ("号", ":", "是", "#", "码", "no", "number", "id", "=", "加", "+")
_FOUR_DIGITS: Final = re.compile(r"[0-9](?:[^0-9]{0,3}[0-9]){3}")
_LATIN_WORD: Final = re.compile(r"[a-z][a-z0-9]{2}")
_IN_WECHAT: Final = "微信v❤♥x加卫绿"


@dataclass(frozen=True)
class Cue:
    """Words after which a value of one kind stands, and what such a value must be like."""

    signs: frozenset[str]
    """Characters of which one is in the words, unless these are English."""
    is_english: bool
    words: re.Pattern[str]
    value: re.Pattern[str]
    kind: PersonalKind
    accepts: Callable[[str, str], bool]
    """Given the words with what stands around them, and the value."""


def find_cued(text: str) -> Iterator[Span]:
    """The values of a folded text that stand behind words that announce them; they may overlap."""
    has_digits = _FOUR_DIGITS.search(text) is not None
    has_words = _LATIN_WORD.search(text) is not None
    characters = frozenset(text) if has_digits or has_words else frozenset()
    for cue in _CUES if has_digits else _CUES[:1]:
        if (has_words and cue.is_english) or not cue.signs.isdisjoint(characters):
            yield from _behind(cue, text)


def _behind(cue: Cue, text: str) -> Iterator[Span]:
    for said in cue.words.finditer(text):
        value = cue.value.match(text, said.end())
        around = text[max(0, said.start() - 4) : said.end()]
        if value and cue.accepts(around, value.group()) and not _is_harmless(text, value):
            yield Span(*value.span(), cue.kind)


def _is_harmless(text: str, value: re.Match[str]) -> bool:
    is_amount = _AMOUNT.match(text, value.end()) is not None and len(_bare(value.group())) < 9
    return is_amount or _DATE.match(text, value.start()) is not None


def _bare(value: str) -> str:
    return "".join(filter(str.isdecimal, value))


def _is_explicit(said: str) -> bool:
    return any(sign in said for sign in _SIGNS)


def _is_order(said: str, value: str) -> bool:
    return len(_bare(value)) >= (4 if _is_explicit(said) else 6)


def _is_local_phone(said: str, value: str) -> bool:
    bare = _bare(value)
    if _HOTLINE.fullmatch(bare) or (_PUBLIC.search(said) and not _MOBILE.fullmatch(bare)):
        return False
    return 7 <= len(bare) <= 19 and not (len(bare) <= 8 and bare[0] in "019")


def _is_account(said: str, value: str) -> bool:
    if value in words("not_accounts") or value.startswith(("http", "www")):
        return False
    return _is_explicit(said) or "_" in value or bool(_bare(value))


def _is_account_number(said: str, value: str) -> bool:
    bare = _bare(value)
    least = 5 if _is_explicit(said) else 6
    return least <= len(bare) <= 11 and bare[0] != "0" and not (_COMPANY.fullmatch(bare) or _VERSION.fullmatch(value))


def _has_4_digits(_said: str, value: str) -> bool:
    bare = _bare(value)
    return len(bare) >= 4 and not _COMPANY.fullmatch(bare)


def _cue(signs: str, said: str, value: str, kind: PersonalKind, accepts: Callable[[str, str], bool]) -> Cue:
    is_english = "(?<![a-z])" in said and kind is not PersonalKind.WECHAT
    return Cue(frozenset(signs), is_english, re.compile(rf"(?:{said}){_LINK}"), re.compile(value), kind, accepts)


_CUES: Final = (
    _cue(
        _IN_WECHAT + "w",
        r"[微薇威徽v❤♥+➕加]{1,2} ?(?:信|❤|♥|x|我v|v)|(?<![a-z])(?:wx|vx|wechat|we chat|weixin|v信|加v|v)(?![a-z])"
        r"|卫星号|绿泡泡|加微(?!信)|微(?=[:是])",
        _ACCOUNT,
        PersonalKind.WECHAT,
        _is_account,
    ),
    _cue(
        "单编",
        r"(?:(?:单号|(?:订单|工单|运单|快递|物流|退款|退货|换货)编号|订单(?:号码?|编码|id)?)"
        r"|(?<![a-z])(?:order|tracking|parcel|waybill|shipment|package)(?![a-z])(?: (?:no\.?|number|id|code))?)"
        rf"(?:{_LINK}{MARKS[PersonalKind.ORDER_NUMBER]}+[、,，;/和 ]{{0,3}}){{0,20}}",
        _CODE,
        PersonalKind.ORDER_NUMBER,
        _is_order,
    ),
    _cue(
        "证护",
        r"身份证|证件|护照|通行证|(?<![a-z])(?:ssn|social security|passport|identity card|id card|id number)(?![a-z])",
        rf"[a-z]{{0,2}}{_DIGITS}(?:{GAP})?x?\(?[0-9a]?\)?",
        PersonalKind.ID_NUMBER,
        _has_4_digits,
    ),
    _cue(
        "卡账尾",
        r"卡号|银行卡|信用卡|储蓄卡|借记卡|账号|账户|(?<!订单)(?<!单号)尾号"
        r"|(?<![a-z])(?:card|account|iban)(?![a-z])(?: ending(?: in)?)?",
        _DIGITS,
        PersonalKind.BANK_CARD,
        _has_4_digits,
    ),
    _cue(
        "话座机联致拨传来",
        r"电话|座机|手机|联系方式|联系号码|致电|拨打|传真|固话|来电"
        r"|(?<![a-z])(?:tel|phone|mobile|cell|call|fax|telephone)(?![a-z])",
        rf"\+?\(?{_DIGITS}{_EXTENSION}",
        PersonalKind.PHONE,
        _is_local_phone,
    ),
    _cue(
        _IN_WECHAT + "q扣企球w",
        r"[微薇威徽v❤♥+➕加]{1,2} ?(?:信|❤|♥|x|我v|v)|(?<![a-z])(?:wx|vx|v|wechat|weixin|qq|q)(?![a-z])"
        r"|扣扣|企鹅|球球|加微(?!信)",
        _DIGITS,
        PersonalKind.WECHAT,
        _is_account_number,
    ),
)
