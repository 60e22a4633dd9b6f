"""What was known before a reply was sent: the customer's past, the hour, the place. Nothing that came later."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.archive.outcomes import CONVERSION, SATISFACTION
from knowledge.archive.table import ReplyTable, TalkRow
from knowledge.mining.skeletons import SLOT
from knowledge.text import normalise

Features = NDArray[np.float32]
PRIOR_WEIGHT = 4.0
"""Conversations that a customer's own past must outweigh before their rate is believed over everybody's."""
UNKNOWN_RATE = 0.5
"""Of anything before the first conversation."""
HOURS, WEEKDAYS = 24, 7
MANY_TURNS = 8
PAST = "earlier "
EPOCH_WEEKDAY = 4
"""The first of January 1970 was a Thursday, in days after Sunday."""


@dataclass(frozen=True)
class PriorFeatures:
    """Features of each reply, shape (n_rows, n_features), and what they are called."""

    values: Features
    names: tuple[str, ...]

    @property
    def of_moment(self) -> Features:
        """Those that say nothing of the customer's past, which an earlier agent has made."""
        return self.values[:, [not name.startswith(PAST) for name in self.names]]


def features_of(table: ReplyTable, *, utc_offset_hours: float) -> PriorFeatures:
    """What may have swayed both the choice of a reply and what came of it, known when the reply was sent."""
    talks = _of_talks(table.talks, utc_offset_hours)
    columns = {
        **{name: values[table.talk] for name, values in talks.items()},
        "turn": np.minimum(table.turn, MANY_TURNS) / MANY_TURNS,
        "first turn": (table.turn == 0).astype(np.float64),
        **_writing(table),
    }
    kept = {name: values for name, values in columns.items() if np.ptp(values) > 0} if len(table) else columns
    values = np.column_stack(list(kept.values())) if kept else np.zeros((len(table), 0))
    return PriorFeatures(values.astype(np.float32), tuple(kept))


def _of_talks(talks: list[TalkRow], utc_offset_hours: float) -> dict[str, NDArray[np.float64]]:
    at = np.array([talk.started_at for talk in talks])
    return {
        **_choices("scene", [talk.scene for talk in talks]),
        **_choices("channel", [talk.channel for talk in talks]),
        **_choices("stage", [talk.stage for talk in talks]),
        **_clock(at, utc_offset_hours),
        **_past(talks),
    }


def _choices(name: str, values: list[str]) -> dict[str, NDArray[np.float64]]:
    """One column a value."""
    known = np.array(values, object)
    return {f"{name} {value}": (known == value).astype(np.float64) for value in sorted(set(values))}


def _clock(at: NDArray[np.float64], utc_offset_hours: float) -> dict[str, NDArray[np.float64]]:
    """Hour and weekday where the shop is; all zeros where there is no time."""
    local = at / 3600 + utc_offset_hours
    known = ~np.isnan(local)
    hour = np.where(known, np.nan_to_num(local) % HOURS, -1).astype(int)
    weekday = np.where(known, (np.nan_to_num(local) // HOURS + EPOCH_WEEKDAY) % WEEKDAYS, -1).astype(int)
    return {
        **{f"hour {one}": (hour == one).astype(np.float64) for one in range(HOURS)},
        **{f"weekday {one}": (weekday == one).astype(np.float64) for one in range(WEEKDAYS)},
    }


def _past(talks: list[TalkRow]) -> dict[str, NDArray[np.float64]]:
    """The customer's earlier conversations, how many and how they went; talks stand in the order of time."""
    n_before = _numbers_before(talks)
    return {
        f"{PAST}conversations": np.log1p(n_before),
        f"{PAST}none": (n_before == 0).astype(np.float64),
        **{f"{PAST}{name}": _rates_before(talks, name) for name in (CONVERSION, SATISFACTION)},
    }


def _has_past(talk: TalkRow) -> bool:
    """Whether it is known who it is with and what came before it; without a time nothing came before or after."""
    return bool(talk.customer_id) and not math.isnan(talk.started_at)


def _numbers_before(talks: list[TalkRow]) -> NDArray[np.float64]:
    seen: Counter[str] = Counter()
    n_before = np.zeros(len(talks))
    for row, talk in enumerate(talks):
        if _has_past(talk):
            n_before[row] = seen[talk.customer_id]
            seen[talk.customer_id] += 1
    return n_before


def _rates_before(talks: list[TalkRow], outcome: str) -> NDArray[np.float64]:
    """How often it went well with the customer before, drawn towards how often it did with everybody until then."""
    everybody, seen = _Tally(), defaultdict[str, _Tally](_Tally)
    rates = np.full(len(talks), UNKNOWN_RATE)
    for row, talk in enumerate(talks):
        if not _has_past(talk):
            continue
        overall, own = everybody.rate(UNKNOWN_RATE), seen[talk.customer_id]
        rates[row] = own.rate(overall)
        if outcome in talk.outcomes:
            own.add(talk.outcomes[outcome])
            everybody.add(talk.outcomes[outcome])
    return rates


@dataclass
class _Tally:
    """A running mean."""

    total: float = 0.0
    n: int = 0

    def add(self, value: float) -> None:
        self.total += value
        self.n += 1

    def rate(self, prior: float) -> float:
        """The mean, drawn towards another rate the less there is."""
        return (self.total + PRIOR_WEIGHT * prior) / (self.n + PRIOR_WEIGHT)


def _writing(table: ReplyTable) -> dict[str, NDArray[np.float64]]:
    """How the customer writes: in Latin letters, in traditional characters, at what length."""
    latin = np.array([_is_latin(text) for text in table.message.texts], np.float64)
    respelled = np.array([_is_respelled(text) for text in table.message.texts], np.float64)
    length = np.array([math.log1p(len(text)) for text in table.message.texts])
    rows = table.message.of_row
    return {"latin letters": latin[rows], "traditional characters": respelled[rows], "length": length[rows]}


def _is_latin(text: str) -> bool:
    letters = [character for character in SLOT.sub("", text) if character.isalpha()]
    return bool(letters) and sum(character.isascii() for character in letters) > len(letters) / 2


def _is_respelled(text: str) -> bool:
    """Whether a character beside capitals and widths changes in the one spelling."""
    plain = text.casefold()
    return any(character > "\u3400" and character not in plain for character in normalise(text))
