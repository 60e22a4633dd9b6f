"""Reading past slips: what was most likely meant, where the library's own words leave little doubt.

A pair of neighbouring characters that no text of the library has, beside a character that sounds or looks like one
with which both neighbours are known, is a slip (a noisy channel without a language model but the library: Kernighan,
Church and Gale, 1990). Pinyin is read as the characters whose pairs the library knows best. Whatever has no better
reading stays as it is, and a message in which too much would have to change is left alone: it speaks of other things.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, product
from string import ascii_lowercase
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.text import normalise
from knowledge.text_sounds import MAX_SPELLINGS, alike, read_as, spellings

CountWords = Callable[[Sequence[str]], NDArray[np.integer]]
"""In how many texts of the library each token occurs; tokens are those of `knowledge.text.tokenise`."""

CHARACTERS_A_SLIP: Final = 4
"""A message has at most one slip for so many Chinese characters, and at least one."""
MIN_EDGE_COUNT: Final = 4
"""A character that the library has is taken for a slip on one neighbour's word when so many texts speak for it."""
UNKNOWN_PAIR: Final = 0.02
"""What a pair counts that no text has, where pinyin is read."""
MIN_KNOWN_SHARE: Final = 0.6
"""Of the pairs of characters that pinyin is read as."""
MAX_READINGS: Final = 24
MAX_SYLLABLES: Final = 40
MIN_LETTERS: Final = 5
"""Shorter English words have too many neighbours."""

_UNSUSPECTED: Final = frozenset("的地得了吗么嘛吧呀啊呢哦嗯呗哈哪那是")
"""Particles stand beside anything; taken for another they change no question."""
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff"
_STICKER: Final = re.compile(
    r"\[(?:微笑|撇嘴|色|发呆|得意|流泪|害羞|闭嘴|睡|大哭|尴尬|发怒|调皮|呲牙|惊讶|难过|囧|抓狂|吐|偷笑|愉快|白眼|傲慢|困|惊恐|憨笑|悠闲|"
    r"咒骂|疑问|嘘|晕|衰|骷髅|敲打|再见|擦汗|抠鼻|鼓掌|坏笑|鄙视|委屈|快哭了|阴险|亲亲|可怜|笑脸|生病|脸红|破涕为笑|恐惧|失望|无语|"
    r"嘿哈|捂脸|奸笑|机智|皱眉|耶|吃瓜|加油|汗|天啊|emm|社会社会|旺柴|好的|打脸|哇|翻白眼|666|让我看看|叹气|苦涩|裂开|嘴唇|爱心|心碎|"
    r"拥抱|强|弱|握手|胜利|抱拳|勾引|拳头|ok|合十|啤酒|咖啡|蛋糕|玫瑰|凋谢|菜刀|炸弹|便便|月亮|太阳|庆祝|礼物|红包|发|福|烟花|爆竹|猪头|"
    r"跳跳|发抖|转圈|smile|rose|thumbsup|heart|grin|cry)\]"
)
"""Emoji of WeChat as they stand in a message's text."""
_HAN_RUN: Final = re.compile(rf"[{_HAN}]{{2,}}")
_LATIN: Final = re.compile(r"[a-z]+(?:'[a-z]+)*")
_SPELLED: Final = re.compile(rf"(?P<before>[{_HAN}]?) ?(?P<run>[a-z']+(?: [a-z']+)*) ?(?P<after>[{_HAN}]?)")
_ENGLISH: Final = re.compile(
    r"a|an|ban|bang|base|bin|can|cape|case|change|china|code|dance|date|face|fan|fine|gel|gun|hang|he|hence"
    r"|here|hi|home|hope|hue|ice|lane|like|line|long|made|make|male|me|men|mine|mini|mode|name|nice|no|none|note"
    r"|nude|ok|one|open|page|pan|pen|pin|pure|rice|ride|rose|rule|sale|same|shade|shape|she|size|so|song|sun"
    r"|tone|tube|tune|wine|woman|women|you"
)
"""English words that are pinyin by their letters."""


def mended(text: str, count: CountWords) -> str:
    """The text as it was most likely meant, in its normal form; the text itself where nothing is to be mended."""
    normal = normalise(text)
    spoken = _STICKER.sub(" ", normal).strip() or normal
    read = _read_pinyin(spoken, count)
    meant = _with_known_words(_without_slips(read, count), count)
    return text if meant == normal else meant


def _without_slips(text: str, count: CountWords) -> str:
    n_han = sum(len(run.group()) for run in _HAN_RUN.finditer(text))
    left = max(1, n_han // CHARACTERS_A_SLIP)
    parts: list[str] = []
    end = 0
    for run in _HAN_RUN.finditer(text):
        meant, n_slips = _mended_run(run.group(), count, left)
        if n_slips > left:
            return text
        left -= n_slips
        parts += [text[end : run.start()], meant]
        end = run.end()
    return "".join([*parts, text[end:]])


def _mended_run(run: str, count: CountWords, most: int) -> tuple[str, int]:
    """A run of Chinese characters without its slips, and how many there were; stops where there are too many."""
    n_slips = 0
    while (found := _first_slip(run, count)) is not None:
        run, n_slips = found, n_slips + 1
        if n_slips > most:
            break
    return run, n_slips


def _first_slip(run: str, count: CountWords) -> str | None:
    """The run with its first slip mended; nothing when there is none that can be."""
    known = count(_pairs(run)) > 0
    if known.all():
        return None
    for place in range(len(run)):
        before = bool(known[place - 1]) if place else None
        after = bool(known[place]) if place < len(known) else None
        for mend in (_undoubled, _unswapped, _replaced):
            if (meant := mend(run, place, before, after, count)) is not None:
                return meant
    return None


def _undoubled(run: str, place: int, before: bool | None, after: bool | None, count: CountWords) -> str | None:
    """One of two equal characters, where nobody writes the two together and both neighbours know the one."""
    if after is not False or before is False or run[place] != run[place + 1]:
        return None
    meant = run[:place] + run[place + 1 :]
    return meant if len(meant) > 1 and _are_known(_pairs(meant[max(0, place - 1) : place + 2]), count) else None


def _unswapped(run: str, place: int, before: bool | None, after: bool | None, count: CountWords) -> str | None:
    """Two neighbours the other way round, where no pair around them is known."""
    if before is True or after is not False or len(run) < 3 or run[place] in _UNSUSPECTED:
        return None
    begin, end = max(0, place - 1), place + 3
    around = run[begin:end]
    swapped = run[begin:place] + run[place + 1] + run[place] + run[place + 2 : end]
    if count(_pairs(around)).any() or not _are_known(_pairs(swapped), count):
        return None
    return run[:begin] + swapped + run[end:]


def _replaced(run: str, place: int, before: bool | None, after: bool | None, count: CountWords) -> str | None:
    """Another character that sounds or looks alike, where no neighbour is known beside this one."""
    if before or after or run[place] in _UNSUSPECTED:
        return None
    candidates = alike(run[place])
    sides = []
    if before is not None:
        sides.append(count([run[place - 1] + one for one in candidates]))
    if after is not None:
        sides.append(count([one + run[place + 1] for one in candidates]))
    if not sides or not candidates:
        return None
    fewest = np.min(sides, axis=0)
    best = int(np.argmax(fewest + np.sum(sides, axis=0) * 1e-6))
    is_clear = len(sides) == 2 or not count([run[place]])[0]
    least = 1 if is_clear else MIN_EDGE_COUNT
    return run[:place] + candidates[best] + run[place + 1 :] if fewest[best] >= least else None


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]


def _are_known(pairs: Sequence[str], count: CountWords) -> bool:
    return bool((count(pairs) > 0).all())


def _with_known_words(text: str, count: CountWords) -> str:
    """The text with each English word that is unknown and one slip from a known one as the commonest such word."""
    return _LATIN.sub(lambda found: _known_word(found.group(), count), text)


def _known_word(word: str, count: CountWords) -> str:
    if len(word) < MIN_LETTERS or count([word])[0]:
        return word
    near = _one_slip_away(word)
    counts = count(near)
    best = int(counts.argmax())
    return near[best] if counts[best] else word


def _one_slip_away(word: str) -> list[str]:
    """Words that differ by one letter after the first, or by two letters swapped; those swapped come first."""
    splits = [(word[:i], word[i:]) for i in range(1, len(word))]
    swapped = [head + tail[1] + tail[0] + tail[2:] for head, tail in splits if len(tail) > 1]
    dropped = [head + tail[1:] for head, tail in splits]
    other = [head + letter + tail[1:] for head, tail in splits for letter in ascii_lowercase]
    longer = [head + letter + tail for head, tail in [*splits, (word, "")] for letter in ascii_lowercase]
    return list(dict.fromkeys([*swapped, *dropped, *other, *longer]))


def _read_pinyin(text: str, count: CountWords) -> str:
    """The text with its pinyin as characters, as far as it is pinyin."""
    words = _LATIN.findall(text)
    if not words or (not _HAN_RUN.search(text) and not all(map(spellings, words))):
        return text
    return _SPELLED.sub(lambda found: _read_run(found, count), text)


def _read_run(found: re.Match[str], count: CountWords) -> str:
    before, run, after = found.group("before", "run", "after")
    words = run.split(" ")
    if len(run) <= 2 or all(map(_ENGLISH.fullmatch, words)) or (count(words) > 0).all():
        return found.group()
    ways = islice(product(*map(spellings, words)), MAX_SPELLINGS)
    spelled = [[syllable for word in way for syllable in word] for way in ways]
    choices = ([*before, *map(read_as, way), *after] for way in spelled if len(way) <= MAX_SYLLABLES)
    readings = [reading for one in choices if len(one) > 1 and (reading := _likeliest(one, count))]
    return max(readings, key=lambda reading: reading.score).text if readings else found.group()


@dataclass(frozen=True)
class _Reading:
    """The best way to read the syllables so far."""

    text: str
    score: float
    n_known: int


def _likeliest(choices: Sequence[str], count: CountWords) -> _Reading | None:
    """One character of each choice, so that their pairs are known best (Viterbi, 1967); nothing if too few are."""
    readings = [_Reading(one, 0.0, 0) for one in _usual(choices[0], count)]
    for choice in choices[1:]:
        followers = _usual(choice, count)
        if not readings or not followers:
            return None
        readings = _continued(readings, followers, count)
    if not readings:
        return None
    best = max(readings, key=lambda one: one.score)
    n_pairs = len(choices) - 1
    return best if best.n_known >= max(1, MIN_KNOWN_SHARE * n_pairs) else None


def _continued(readings: Sequence[_Reading], followers: str, count: CountWords) -> list[_Reading]:
    counts = count([one.text[-1] + after for one in readings for after in followers])
    table = counts.reshape(len(readings), len(followers))
    scores = np.log(table + UNKNOWN_PAIR) + np.array([[one.score] for one in readings])
    best = scores.argmax(axis=0)
    return [
        _Reading(readings[i].text + after, float(scores[i, place]), readings[i].n_known + int(table[i, place] > 0))
        for place, (i, after) in enumerate(zip(best.tolist(), followers, strict=True))
    ]


def _usual(characters: str, count: CountWords) -> str:
    """Those of some characters that the library has, the commonest first; a single one always."""
    if len(characters) == 1:
        return characters
    counts = count(list(characters))
    best = [i for i in np.argsort(-counts, kind="stable")[:MAX_READINGS].tolist() if counts[i] > 0]
    return "".join(characters[i] for i in best)
