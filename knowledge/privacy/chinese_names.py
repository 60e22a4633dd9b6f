"""Chinese names, where the words around say that a person is meant."""

import re
from collections.abc import Iterator
from typing import Final

from knowledge.privacy.folding import HAN
from knowledge.privacy.kinds import PersonalKind, Span
from knowledge.privacy.marks import ANY_MARK, MARKS
from knowledge.privacy.name_shapes import (
    ANY_HAN,
    TITLES,
    is_likely_given,
    is_titled_name,
    joins_surname,
    may_be_name,
    name_ends,
    name_length,
    rare_name_length,
)
from knowledge.privacy.wordlists import common_surnames, compound_surnames, ordinary_words, words

_GREETINGS: Final = (
    "您好|你好|早上好|上午好|中午好|下午好|晚上好|早安|晚安|在吗|在么|你在吗|好久不见|欢迎|新年好|节日快乐|生日快乐"
)
_FIELDS: Final = (
    "我叫做?|本人叫|名字叫做?|名字是|名叫|叫我|称呼我|免贵姓|我姓|姓名|名字|收件人|收货人|取件人|取货人|提货人|领取人|付款人|下单人|购买人"
    "|投诉人|寄件人|发件人"
    "|联系人|签收人|收货方|持卡人"
    "|开户名|户名|机主|客户名|受益人|投保人|乘客|旅客|入住人|快递员叫?|配送员|经办人|落款|抬头开?"
    "|(?:称呼|备注|收件|收货|用户|顾客|买家|会员名|本人)(?=[:是为写])"
)
_IN_FIELDS: Final = frozenset("叫名姓人方主客员款头呼注件货户家")
_LINK: Final = r"[ :是为叫写改成填的就\"“”「」'‘’()\[\]【】=-]{0,4}"
_FIELD: Final = re.compile(rf"(?:{_FIELDS})({_LINK})")
_MENTION: Final = re.compile(
    r"(?:我是|我系|这是|这里是|这边是|请问|找一下|找|转交|交给|开给|客户|顾客|客人"
    r"|帮|给|替|是|跟|问|让|叫|姓|转告|联系|写|@) ?"
)
_AGENT: Final = re.compile(
    r"(?:我是|这里是|这边是|您的|你的)(?:您的|你的|本店|店里)?(?:专属|在线|金牌|售后|售前|高级|资深|美容|护肤|时尚|会员){0,2}"
    r"(?:客服|顾问|导购|店长|管家|助理|专员|售后|售前|小助手)[ :,是叫]{0,2}((?:小|阿|老)?)"
)
_TITLED: Final = re.compile(TITLES)
_GREETING: Final = re.compile(_GREETINGS)
_GREETED: Final = re.compile(
    rf"(?:^|[\n。!?!~,. {ANY_MARK}]|亲爱的|尊敬的)(?=[{HAN}]{{2,4}}[ ,，:~]{{0,2}}(?:{_GREETINGS}))"
)
_GREETS: Final = re.compile(rf"[ ,，:~]{{0,2}}(?:{_GREETINGS})")
_TOKEN: Final = re.compile(rf"(?<![{HAN}a-z0-9])[{HAN}]{{2,4}}(?![{HAN}a-z0-9])")
_CONTACTS: Final = "".join(
    MARKS[kind] for kind in PersonalKind if kind.value in "phone address id number bank card e-mail"
)
_CONTACT: Final = re.compile(f"[{_CONTACTS}]")
_BESIDE: Final = r"[ ,，、;；:/|\n\-()]{0,3}"
_CALLED: Final = r"(?:收|手机号?码?|电话号?码?|联系电话|联系方式|tel|身份证号?码?|号码|地址|邮箱|的)?"
_BEFORE_CONTACT: Final = re.compile(rf"[{HAN}]{{2,6}}(?={_BESIDE}{_CALLED}{_BESIDE}[{_CONTACTS}])")
_AFTER_CONTACT: Final = re.compile(rf"(?<=[{_CONTACTS}]){_BESIDE}([{HAN}]{{2,5}})")
_CONTACT_WORDS: Final = ("收", "电话", "手机", "的")
_DOTTED: Final = re.compile(rf"[{HAN}]{{2,8}}(?:·[{HAN}]{{1,8}}){{1,3}}")
_UNUSUAL: Final = re.compile(rf"[{HAN}]{{2,4}}(?=收|电话|手机|[^{HAN}]|$)")


def find_chinese_names(text: str) -> Iterator[Span]:
    """The Chinese names of a folded text; finds may overlap."""
    if ANY_HAN.search(text) is None:
        return
    if not _IN_FIELDS.isdisjoint(text):
        yield from _in_fields(text)
    yield from _agents(text)
    yield from _mentioned(text)
    yield from _titled(text)
    yield from _greeted(text)
    if _CONTACT.search(text):
        yield from _before_contacts(text)
        yield from _after_contacts(text)
    yield from _alone(text)


def _in_fields(text: str) -> Iterator[Span]:
    """Names behind 我叫, 收件人: and the like; behind a colon also those without a usual surname."""
    for field in _FIELD.finditer(text):
        at = field.end()
        if dotted := _DOTTED.match(text, at):
            yield Span(*dotted.span(), PersonalKind.NAME)
        elif length := _field_length(text, at, field.group()):
            yield Span(at, at + length, PersonalKind.NAME)
        elif ":" in field[1] and (unusual := _UNUSUAL.match(text, at)) and _can_be_unusual(unusual.group()):
            yield Span(*unusual.span(), PersonalKind.NAME)


def _field_length(text: str, at: int, field: str) -> int:
    """How long the name is: a rare surname needs a sign that a name follows, or a usual given name."""
    length = name_length(text, at, is_certain=True)
    if any(sign in field for sign in ":是叫为"):
        return length
    if length == 2 and text[at : at + 2] in ordinary_words():
        return 0
    if text[at : at + 1] in common_surnames() or text[at : at + 2] in compound_surnames():
        return length
    return length if is_likely_given(text[at + 1 : at + length]) else 0


def _can_be_unusual(name: str) -> bool:
    is_word = not words("not_chinese_names").isdisjoint((name, name[:2])) or name[:2] in ordinary_words()
    return may_be_name(name) and not is_word


def _agents(text: str) -> Iterator[Span]:
    """Those who introduce themselves as an agent; 小王 and the like are names there."""
    for cue in _AGENT.finditer(text):
        at = cue.end()
        first = text[at : at + 1]
        is_nickname = bool(cue[1]) and (first in common_surnames() or is_likely_given(first))
        length = name_length(text, at, is_certain=False)
        if is_nickname and name_ends(text, at + 1):
            yield Span(cue.start(1), at + 1, PersonalKind.AGENT_NAME)
        elif length and name_ends(text, at + length):
            yield Span(at, at + length, PersonalKind.AGENT_NAME)


def _mentioned(text: str) -> Iterator[Span]:
    for cue in _MENTION.finditer(text):
        at = cue.end()
        length = name_length(text, at, is_certain=False) or rare_name_length(text, at)
        if is_likely_given(text[at + 1 : at + length]) and (length > 2 or name_ends(text, at + length)):
            yield Span(at, at + length, PersonalKind.NAME)


def _titled(text: str) -> Iterator[Span]:
    for title in _TITLED.finditer(text):
        end = title.start() - (text[title.start() - 1 : title.start()] == " ")
        starts = (end - length for length in (4, 3, 2, 1) if length <= end)
        start = next((start for start in starts if is_titled_name(text, start, end)), end)
        yield Span(start, end, PersonalKind.NAME)


def _greeted(text: str) -> Iterator[Span]:
    if _GREETING.search(text) is None:
        return
    for lead in _GREETED.finditer(text):
        at = lead.end()
        length = name_length(text, at, is_certain=False)
        if length and _GREETS.match(text, at + length):
            yield Span(at, at + length, PersonalKind.NAME)


def _before_contacts(text: str) -> Iterator[Span]:
    for before in _BEFORE_CONTACT.finditer(text):
        start, end = before.span()
        is_whole = start == 0 or not ANY_HAN.match(text, start - 1)
        if is_whole and name_length(text, start, is_certain=True) == end - start:
            yield Span(start, end, PersonalKind.NAME)
        else:
            yield from _last_name(text, start, end)


def _last_name(text: str, start: int, end: int) -> Iterator[Span]:
    """The name with which these characters end, apart from words such as 电话."""
    for word in _CONTACT_WORDS:
        end -= len(word) if text[start:end].endswith(word) else 0
    cut = text[:end]
    for at in range(max(start, end - 4), end - 1):
        if name_length(cut, at, is_certain=False) == end - at and not joins_surname(text, at):
            yield Span(at, end, PersonalKind.NAME)
            return


def _after_contacts(text: str) -> Iterator[Span]:
    for after in _AFTER_CONTACT.finditer(text):
        at = after.start(1)
        length = name_length(text, at, is_certain=False)
        if length and (is_likely_given(text[at + 1 : at + length]) or name_ends(text, at + length)):
            yield Span(at, at + length, PersonalKind.NAME)


def _alone(text: str) -> Iterator[Span]:
    """Names of three or four characters between spaces or marks."""
    for token in _TOKEN.finditer(text):
        name = token.group()
        given = name[2 if name[:2] in compound_surnames() else 1 :]
        if len(name) > 2 and is_likely_given(given) and name_length(text, token.start(), is_certain=False) == len(name):
            yield Span(*token.span(), PersonalKind.NAME)
