"""Whether what an agent sent came from what had been shown: accepted, edited, or written independently.

Every sent message is weighed against every suggestion that was shown shortly before it, by the letters and by the
meaning they share; the likeliest pairs are found together, one message to one suggestion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from knowledge.duplicates.near import Encode, unit_vectors
from knowledge.errors import InvalidValueError
from knowledge.text import canonical

WINDOW: Final = timedelta(minutes=30)
LATER_MESSAGES: Final = 10
"""So many messages later an answer may stand, where the times are unknown."""
THRESHOLD: Final = 0.5
HALF_A_PART: Final = 8
TIE_BREAK: Final = 1e-6
"""Small against any probability that matters: of equal suggestions, the latest and highest one was used."""


class Verdict(StrEnum):
    """What became of a suggestion, or where a message came from."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    INDEPENDENT = "independent"


@dataclass(frozen=True)
class Sent:
    """A message of an agent; `position` counts the messages of its conversation from 1."""

    position: int
    text: str
    at: datetime | None = None


@dataclass(frozen=True)
class Shown:
    """A suggestion; `after_position` is the last message it could know."""

    set_id: str
    rank: int
    item_id: str
    text: str
    after_position: int
    at: datetime | None = None


@dataclass(frozen=True)
class Match:
    """A sent message, the suggestion it came from if any, and how sure that is.

    The confidence is the probability that the verdict holds: of an independent message, that it came from none of what
    was shown. `last_set_id` is the last set it could have come from; `edit_distance` counts characters.
    """

    sent: Sent
    shown: Shown | None
    verdict: Verdict
    confidence: float
    last_set_id: str
    edit_distance: int | None = None


@dataclass(frozen=True)
class Weights:
    """What each likeness of a sent text to a shown one counts, in log-odds."""

    intercept: float
    edits: float
    parts: float
    cosine: float

    def probabilities(self, likeness: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability that the one came from the other, of likenesses of shape (…, 3)."""
        return np.asarray(expit(self.intercept + likeness @ [self.edits, self.parts, self.cosine]), np.float64)


MEASURED: Final = Weights(intercept=-18.3, edits=14.64, parts=10.7, cosine=11.8)
"""Fitted by `docs/measurements/acceptance.py` to edits of the sample brand's scripts, with the default encoder."""


def match_sent(
    sent: Sequence[Sent],
    shown: Sequence[Shown],
    encode: Encode,
    *,
    window: timedelta = WINDOW,
    threshold: float = THRESHOLD,
    weights: Weights = MEASURED,
) -> list[Match]:
    """One match a sent message before which something was shown, in order of position.

    The order in which either list is given changes nothing. Messages that nothing was shown before are left out.

    Raises:
        InvalidValueError: the threshold or window is out of range, or positions repeat.
    """
    _check(sent, window, threshold)
    messages = sorted(sent, key=lambda one: one.position)
    offers = sorted(shown, key=_order)
    eligible = np.array([[_may_follow(one, offer, window) for offer in offers] for one in messages], bool)
    eligible = eligible.reshape(len(messages), len(offers))
    if not eligible.any():
        return []
    chances = np.where(eligible, _chances(messages, offers, encode, weights), 0.0)
    chosen = _assign(chances, offers, threshold)
    return [
        _match(message, offers, chances[row], chosen.get(row), last=int(np.flatnonzero(eligible[row])[-1]))
        for row, message in enumerate(messages)
        if eligible[row].any()
    ]


def likeness(one: str, other: str, cosine: float) -> tuple[float, float, float]:
    """How alike a sent and a shown text are: as wholes, in the part the shorter fills of the longer, and in meaning.

    A part counts for less the shorter it is, half at eight characters: 好的 stands in many a script by chance.
    """
    from rapidfuzz import fuzz
    from rapidfuzz.distance import Indel

    left, right = canonical(one), canonical(other)
    shorter = min(len(left), len(right))
    part = fuzz.partial_ratio(left, right) / 100 * shorter / (shorter + HALF_A_PART)
    return Indel.normalized_similarity(left, right), part, cosine


def _order(shown: Shown) -> tuple[int, float, str, int]:
    return shown.after_position, shown.at.timestamp() if shown.at else 0.0, shown.set_id, shown.rank


def _check(sent: Sequence[Sent], window: timedelta, threshold: float) -> None:
    if not 0 < threshold < 1:
        raise InvalidValueError("threshold", threshold, "a number between 0 and 1")
    if window <= timedelta(0):
        raise InvalidValueError("window", str(window), "a time above zero")
    positions = [one.position for one in sent]
    if len(set(positions)) != len(positions):
        raise InvalidValueError("position", sorted(positions), "each message of a conversation once")


def _may_follow(sent: Sent, shown: Shown, window: timedelta) -> bool:
    if sent.position <= shown.after_position:
        return False
    if sent.at is None or shown.at is None:
        return sent.position - shown.after_position <= LATER_MESSAGES
    return timedelta(0) <= sent.at - shown.at <= window


def _chances(
    messages: Sequence[Sent], offers: Sequence[Shown], encode: Encode, weights: Weights
) -> NDArray[np.float64]:
    """The probability that each message came from each offer, shape (n_messages, n_offers)."""
    vectors = unit_vectors([*(one.text for one in messages), *(one.text for one in offers)], encode)
    cosines = (vectors[: len(messages)] @ vectors[len(messages) :].T).tolist()
    table = [
        [likeness(one.text, offer.text, cosines[row][column]) for column, offer in enumerate(offers)]
        for row, one in enumerate(messages)
    ]
    chances = weights.probabilities(np.array(table))
    same = np.array([[canonical(one.text) == canonical(offer.text) for offer in offers] for one in messages])
    return np.where(same, 1.0, chances)


def _assign(chances: NDArray[np.float64], offers: Sequence[Shown], threshold: float) -> dict[int, int]:
    """The offer of each message that has one: the one-to-one assignment of the greatest sum of probabilities."""
    from scipy.optimize import linear_sum_assignment

    likely = chances >= threshold
    preference = np.empty(len(offers))
    preference[_latest_first(offers)] = -np.arange(len(offers)) * TIE_BREAK / len(offers)
    rows, columns = linear_sum_assignment(np.where(likely, chances + preference, 0.0), maximize=True)
    return {row: column for row, column in zip(rows.tolist(), columns.tolist(), strict=True) if likely[row, column]}


def _latest_first(offers: Sequence[Shown]) -> list[int]:
    """Places of ordered offers, those of the last set first and of one set the highest first."""
    sets = {offer.set_id: place for place, offer in enumerate(offers)}
    return sorted(range(len(offers)), key=lambda place: (-sets[offers[place].set_id], offers[place].rank))


def _match(
    message: Sent, offers: Sequence[Shown], chances: NDArray[np.float64], column: int | None, *, last: int
) -> Match:
    if column is None:
        return Match(message, None, Verdict.INDEPENDENT, 1.0 - float(chances.max()), offers[last].set_id)
    from rapidfuzz.distance import Levenshtein

    offer = offers[column]
    is_same = canonical(message.text) == canonical(offer.text)
    verdict = Verdict.ACCEPTED if is_same else Verdict.EDITED
    distance = Levenshtein.distance(offer.text, message.text)
    return Match(message, offer, verdict, float(chances[column]), offers[last].set_id, distance)
