"""What is on file about the people of a conversation, found however it is spelled."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from knowledge.privacy.folding import HAN, fold
from knowledge.privacy.kinds import KnownPersonal, PersonalKind, Span
from knowledge.privacy.marks import ANY_MARK

_SAME: Final = str.maketrans("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖oli", "00123456789" + "1" + "123456789" + "011")
_DROPPED: Final = re.compile(rf"[^\w{ANY_MARK}]|_")
_LATIN: Final = re.compile(r"[a-z0-9]")
_DETAIL: Final = re.compile(rf"[{HAN}]{{1,12}}(?:省|自治区|市|自治州|区|县)(?=.{{4}})")
_MIN_NAME: Final = 2
_MIN_NUMBER: Final = 4


@dataclass(frozen=True)
class Bare:
    """A text's letters and digits alone, digits in one spelling, and where each stands in the folded text."""

    text: str
    places: tuple[int, ...]


def find_known(text: str, known: KnownPersonal) -> Iterator[Span]:
    """The known values in a folded text; finds may overlap."""
    bare = _bare(text)
    for kind, values, least in _by_kind(known):
        for value in dict.fromkeys(form for given in values for form in _forms(given, kind)):
            if len(value) >= least:
                yield from _occurrences(text, bare, value, kind)


def _by_kind(known: KnownPersonal) -> Iterator[tuple[PersonalKind, tuple[str, ...], int]]:
    yield PersonalKind.ADDRESS, known.addresses, _MIN_NUMBER
    yield PersonalKind.EMAIL, known.emails, _MIN_NUMBER
    yield PersonalKind.ID_NUMBER, known.id_numbers, _MIN_NUMBER
    yield PersonalKind.ORDER_NUMBER, known.order_ids, _MIN_NUMBER
    yield PersonalKind.PHONE, known.phones, _MIN_NUMBER
    yield PersonalKind.WECHAT, known.wechats, _MIN_NUMBER
    yield PersonalKind.AGENT_NAME, known.agent_names, _MIN_NAME
    yield PersonalKind.NAME, known.names, _MIN_NAME


def _forms(value: str, kind: PersonalKind) -> Iterator[str]:
    """The ways a value is given: an address also without its province and city, an English name by its first word."""
    folded = fold(value).text
    yield _bare(folded).text
    if kind is PersonalKind.ADDRESS:
        rest = folded
        while (head := _DETAIL.match(rest)) and head.end():
            rest = rest[head.end() :]
            yield _bare(rest).text
    if kind in (PersonalKind.NAME, PersonalKind.AGENT_NAME) and " " in folded.strip():
        first = _bare(folded.split()[0]).text
        yield from [first] if len(first) > _MIN_NAME else []


def _bare(folded: str) -> Bare:
    kept = [(character, place) for place, character in enumerate(folded) if not _DROPPED.match(character)]
    return Bare("".join(character for character, _ in kept).translate(_SAME), tuple(place for _, place in kept))


def _occurrences(text: str, bare: Bare, value: str, kind: PersonalKind) -> Iterator[Span]:
    at = bare.text.find(value)
    while at >= 0:
        start, end = bare.places[at], bare.places[at + len(value) - 1] + 1
        if not _cuts_word(text, start, end):
            yield Span(start, end, kind)
        at = bare.text.find(value, at + 1)


def _cuts_word(text: str, start: int, end: int) -> bool:
    """Whether the stretch begins or ends inside an English word or a longer number."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return _joins(before, text[start]) or _joins(text[end - 1], after)


def _joins(one: str, other: str) -> bool:
    if not (_LATIN.match(one) and _LATIN.match(other)):
        return False
    return one.isdecimal() == other.isdecimal()
