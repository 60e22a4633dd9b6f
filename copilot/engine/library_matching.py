"""How well the entries of a shelf match what was typed: each way of matching by itself, the best of them counts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from copilot.engine.library_shelf import TITLE_ROW, Entry, Shelf
from copilot.engine.replies import REPLY, TRIGGER
from copilot.engine.retrieval import Search
from knowledge.text import canonical, normalise, tokenise
from knowledge.text_initials import Sounded

How = Literal["exact", "words", "meaning", "pinyin", "initials"]

ID, TITLE, ID_BEGINS, TITLE_BEGINS, SAME_TRIGGER, IN_TITLE = 1.0, 0.99, 0.97, 0.95, 0.93, 0.9
WORD_BEGINS = 0.55
PINYIN = np.array([0.84, 0.6, 0.76])
INITIALS = np.array([0.8, 0.35, 0.72])
"""For a title, a reply's text and a trigger."""
AT_START, WHOLE = 0.04, 0.02
STRONGER, WEAKER = 0.6, 0.25
"""What the better and the other of words and meaning count."""
MIN_WORDS, MIN_MEANING = 0.1, 0.5
"""Of the weight of the words, and of the similarity in meaning (0 is unrelated, 1 the same)."""
MIN_TOKENS = 0.5
N_SEARCHED = 100
N_SOUNDED = 400


@dataclass(frozen=True)
class Match:
    """An entry that matches: its place on the shelf, how, how well, and the text that does."""

    place: int
    how: How
    score: float
    matched: str = ""


def best_of(matches: Iterable[Match]) -> dict[int, Match]:
    """The best match of each entry."""
    best: dict[int, Match] = {}
    for match in matches:
        if match.place not in best or best[match.place].score < match.score:
            best[match.place] = match
    return best


def by_name(shelf: Shelf, fits: NDArray[np.bool_], typed: str) -> list[Match]:
    """Entries whose id or title is, begins with or, for titles, contains what was typed."""
    as_id, wanted = " ".join(typed.split()).casefold(), canonical(typed)
    ids = (place for place in shelf.ids.beginning(as_id) if fits[place])
    titles = (place for place in shelf.titles.holding(wanted) if fits[place])
    found = [_by_id(place, shelf.entries[place], as_id) for place in ids]
    return found + [match for place in titles if (match := _by_title(place, shelf.entries[place], wanted)).score]


def by_sound(shelf: Shelf, fits: NDArray[np.bool_], typed: str) -> list[Match]:
    """Entries in which something is read as typed, by full pinyin or by initials."""
    found = [each for one in shelf.sounds.find_pinyin(typed) for each in _sounded(shelf, fits, one, "pinyin", PINYIN)]
    return found + _sounded(shelf, fits, shelf.sounds.find_initials(typed), "initials", INITIALS)


def by_content(search: Search, places: NDArray[np.intp]) -> list[Match]:
    """Entries that the index proposes, by the words and by the meaning they share with what was typed.

    `places` gives the entry of each item of the index, -1 for none.
    """
    fields, search = (TRIGGER, REPLY), search.asking(_telling(search.query.tokens))
    items = np.unique(np.concatenate([search.find(field, N_SEARCHED) for field in fields])).astype(np.int32)
    trigger, reply = (search.score(field, items) for field in fields)
    words, meaning = np.maximum(trigger.words, reply.words), np.maximum(trigger.similarity, reply.similarity)
    words[words < MIN_WORDS] = 0.0
    meaning[meaning < MIN_MEANING] = 0.0
    scores = STRONGER * np.maximum(words, meaning) + WEAKER * np.minimum(words, meaning)
    by_trigger = np.where(words >= meaning, trigger.words >= reply.words, trigger.similarity >= reply.similarity)
    found = []
    for row in np.flatnonzero(scores > 0).tolist():
        is_named = by_trigger[row] and trigger.rows[row] >= 0
        matched = search.view.row_text(TRIGGER, int(trigger.rows[row])) if is_named else ""
        how: How = "words" if words[row] >= meaning[row] else "meaning"
        found.append(Match(int(places[items[row]]), how, float(scores[row]), matched))
    return found + _same_triggers(search, places)


def by_text(shelf: Shelf, fits: NDArray[np.bool_], typed: str) -> list[Match]:
    """Entries that the index does not hold, by what they share of the words typed, each word alike."""
    wanted = _telling(tokenise(typed))
    found = []
    for place in np.flatnonzero(fits).tolist() if wanted else ():
        rows = shelf.entries[place].rows
        shares = [sum(token in row for token in wanted) / len(wanted) for row in rows]
        if max(shares) >= MIN_TOKENS:
            found.append(Match(place, "words", STRONGER * max(shares)))
    return found


def _by_id(place: int, entry: Entry, wanted: str) -> Match:
    is_whole = len(entry.script_id) == len(wanted)
    return Match(place, "exact", ID if is_whole else ID_BEGINS, entry.script_id)


def _by_title(place: int, entry: Entry, wanted: str) -> Match:
    """How a title that has these characters matches; in Latin letters they must be a word or begin one."""
    title = entry.rows[TITLE_ROW]
    if title.startswith(wanted):
        return Match(place, "exact", TITLE if wanted == title else TITLE_BEGINS, entry.title)
    if not wanted.isascii():
        return Match(place, "words", IN_TITLE, entry.title)
    word = re.search(rf"\b{re.escape(wanted)}(\b)?", normalise(entry.title))
    score = 0.0 if word is None else IN_TITLE if word.group(1) is not None else WORD_BEGINS
    return Match(place, "words", score, entry.title)


def _telling(tokens: Sequence[str]) -> list[str]:
    """Words and pairs of characters, each once; single characters, which stand in any text, where there is no more."""
    return list(dict.fromkeys([token for token in tokens if len(token) > 1] or tokens))


def _same_triggers(search: Search, places: NDArray[np.intp]) -> list[Match]:
    items = search.find_exact(TRIGGER).tolist()
    return [Match(int(places[item]), "exact", SAME_TRIGGER, search.query.text) for item in items]


def _sounded(
    shelf: Shelf, fits: NDArray[np.bool_], found: Sounded, how: How, scores: NDArray[np.float64]
) -> list[Match]:
    """The best place of each entry, of the best entries."""
    places = shelf.row_places[found.rows]
    score = scores[shelf.row_kinds[found.rows]] + AT_START * (found.starts == 0)
    score += WHOLE * (shelf.row_lengths[found.rows] == found.length)
    keep = np.flatnonzero(fits[places])
    best = keep[np.lexsort((-score[keep], places[keep]))]
    firsts = best[np.flatnonzero(np.diff(places[best], prepend=-1))]
    firsts = firsts[np.argsort(-score[firsts], kind="stable")[:N_SOUNDED]]
    return [
        Match(place, how, value, shelf.sounds.characters(found, which))
        for which, place, value in zip(firsts.tolist(), places[firsts].tolist(), score[firsts].tolist(), strict=True)
    ]
