"""English names: behind "my name is", "Mr.", "Hi" and the like, or beside a phone number or an address."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import Final

from knowledge.privacy.kinds import PersonalKind, Span
from knowledge.privacy.marks import MARKS
from knowledge.privacy.wordlists import first_names, words

_LETTER: Final = "a-zà-ɏ"
_WORD: Final = rf"[{_LETTER}]++(?:['’-][{_LETTER}]++){{0,2}}"
_NAME: Final = re.compile(rf"{_WORD}\.?")
_CERTAIN: Final = re.compile(
    r"(?<![a-z])(?:(?:my name is|my name's|name is|call me|ship to|deliver to|speaking to)[ :,-]{1,3}"
    r"|(?:name|recipient|contact person|contact|consignee|attn|attention|addressee|holder|ship to|deliver to) ?[:=] ?)"
    r"|(?<![a-z])(?:mr|mrs|ms|miss|mx|dr|prof)(?![a-z])\.? ?"
    r"|(?:我叫做?|我的名字[是叫]?|姓名|名字|收件人|收货人|取件人|联系人|寄件人|英文名"
    r"|叫我|称呼我?|持卡人|户名)[ :是为叫]{0,3}"
)
_CLOSING: Final = re.compile(
    r"(?<![a-z])(?:(?:regards|sincerely|yours truly|best wishes|cheers)[,\n] ?\n?|(?:name|recipient|consignee|attn) )"
)
_GREETING: Final = re.compile(
    r"(?<![a-z])(?:hi|hello|hey|dear|good morning|good afternoon|good evening|thanks|thank you)[ ,]{1,2}"
    r"|(?:您好|你好|亲爱的|尊敬的)[ ,]?|^(?=[a-z]{2,12} ?(?:您好|你好))"
)
_INTRODUCTION: Final = re.compile(
    r"(?<![a-z])(?:this is|it's|i am|i'm|am i speaking with|is this|speak to|speak with|ask for)[ ,]{1,2}"
    r"|(?:我是|这是) ?"
)
_MENTION: Final = re.compile(r"(?<![a-z])(?:for|from|to|by|with|and) ")
_AGENT: Final = re.compile(
    r"(?<![a-z])(?:i am|i'm|this is) (?:your )?(?:[a-z]{1,12} ){0,2}"
    r"(?:agent|advisor|adviser|assistant|consultant|stylist|representative),? "
)
_CERTAIN_HINTS: Final = (
    "name|recipient|contact|consignee|att|addressee|holder|ship to|deliver to|call me|speaking|mr|ms|miss|mx|dr|prof"
    "|我叫|名|收件人|收货人|联系人|寄件人|叫我|称呼|持卡人"
)
_CLOSING_HINTS: Final = "regards|sincerely|yours|wishes|cheers|name |recipient |consignee |attn "
_GREETING_HINTS: Final = "hi|hello|hey|dear|good |thank|您好|你好|亲爱的|尊敬的"
_INTRODUCTION_HINTS: Final = "this is|it's|i am|i'm|am i|is this|speak|ask for|我是|这是"
_MENTION_HINTS: Final = "for |from |to |by |with |and "
_ENDS: Final = re.compile(r" ?(?:[,.!?:;~\n，。！—-]|$|from\b|here\b|speaking\b|calling\b|您好|你好)")
_ALSO_SURNAMES: Final = frozenset(
    {"may", "day", "price", "english", "march", "store", "love", "long", "short", "good", "best"}
)
_TITLE_CASE: Final = re.compile(r"[^\W\d_a-z]'?(?:[^\W\d_A-Z]|[A-Z](?=[a-z]))*(?![^\W\d_])")
_CONTACT: Final = f"[{MARKS[PersonalKind.PHONE]}{MARKS[PersonalKind.ADDRESS]}{MARKS[PersonalKind.EMAIL]}]"
_ANY_CONTACT: Final = re.compile(_CONTACT)
_BESIDE: Final = re.compile(
    rf"(?<![{_LETTER}])({_WORD}(?: {_WORD}){{1,3}})[ ,;:|/\n()-]{{1,3}}"
    rf"(?:tel|phone|mobile|email|address)?[ :.]{{0,3}}{_CONTACT}"
)
_LATIN: Final = re.compile(r"[a-z]{2}")


class Trust(Enum):
    """How much the words in front say that a name follows, and so how much the name itself must show."""

    CERTAIN = auto()
    GREETING = auto()
    INTRODUCTION = auto()
    MENTION = auto()


_CUES: Final = (
    (_INTRODUCTION_HINTS.split("|"), _AGENT, Trust.INTRODUCTION, PersonalKind.AGENT_NAME),
    (_CERTAIN_HINTS.split("|"), _CERTAIN, Trust.CERTAIN, PersonalKind.NAME),
    (_CLOSING_HINTS.split("|"), _CLOSING, Trust.GREETING, PersonalKind.NAME),
    (_GREETING_HINTS.split("|"), _GREETING, Trust.GREETING, PersonalKind.NAME),
    (_INTRODUCTION_HINTS.split("|"), _INTRODUCTION, Trust.INTRODUCTION, PersonalKind.NAME),
    (_MENTION_HINTS.split("|"), _MENTION, Trust.MENTION, PersonalKind.NAME),
)
"""Words that are quick to look for, the cue itself, what it says of the name, and whose it is."""


def find_english_names(text: str, written: str) -> Iterator[Span]:
    """The English names of a folded text; finds may overlap.

    Args:
        text: The folded text.
        written: The same text, character by character, with its capitals.
    """
    if _ANY_CONTACT.search(text):
        for line in _BESIDE.finditer(text):
            yield from _beside(text, written, line)
    if _LATIN.search(text) is None:
        return
    for hints, pattern, trust, kind in _CUES:
        for cue in pattern.finditer(text) if any(hint in text for hint in hints) else ():
            end = _end(text, written, cue.end(), is_certain=trust is Trust.CERTAIN)
            if end > cue.end() and _is_name(text, written, cue.end(), end, trust):
                yield Span(cue.end(), end, kind)


def _is_name(text: str, written: str, start: int, end: int, trust: Trust) -> bool:
    parts = text[start:end].split()
    if trust is Trust.CERTAIN or parts[0].rstrip(".") in first_names():
        return trust is not Trust.MENTION or _is_capital(written, start)
    if trust is Trust.MENTION or not _is_capital(written, start) or not _ENDS.match(text, end):
        return False
    return trust is Trust.GREETING or len(parts) > 1


def _end(text: str, written: str, at: int, *, is_certain: bool) -> int:
    """Behind the last word of the name that begins at `at`; `at` when none does."""
    end, reached, n_words, starts_small = at, at, 0, not _TITLE_CASE.match(written, at)
    while n_words < 4 and (word := _NAME.match(text, reached)):
        bare = word.group().rstrip(".")
        is_capital = any(map(str.isupper, written[reached : word.end()]))
        if bare in words("not_first_names") and not (n_words and is_capital and bare in _ALSO_SURNAMES):
            break
        if not is_capital and not _may_be_small(bare, n_words, is_certain=is_certain, starts_small=starts_small):
            break
        end, n_words, reached = reached + len(bare), n_words + 1, word.end()
        if text[reached : reached + 1] != " ":
            break
        reached += 1
    return end


def _may_be_small(word: str, n_before: int, *, is_certain: bool, starts_small: bool) -> bool:
    """Whether a word without capitals can belong to a name."""
    if n_before == 0:
        return is_certain or word in first_names()
    return n_before == 1 and starts_small


def _is_capital(written: str, at: int) -> bool:
    return any(map(str.isupper, written[at : at + 2]))


def _beside(text: str, written: str, line: re.Match[str]) -> Iterator[Span]:
    """The capitalised words in front of a phone number or an address, or those from a known given name on."""
    starts = [line.start(1), *(line.start(1) + gap.end() for gap in re.finditer(" ", line[1]))]
    for at in starts:
        parts = text[at : line.end(1)].split()
        if len(parts) < 2 or not (words("not_first_names") - _ALSO_SURNAMES).isdisjoint(parts):
            continue
        if parts[0] in first_names() or _is_capitalised(written, starts, at, line.end(1)):
            yield Span(at, line.end(1), PersonalKind.NAME)
            return


def _is_capitalised(written: str, starts: Sequence[int], at: int, end: int) -> bool:
    """Whether every word from `at` on begins with a capital, and not all is in capitals, as abbreviations are."""
    return not written[at:end].isupper() and all(_is_capital(written, place) for place in starts if place >= at)
