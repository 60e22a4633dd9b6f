"""What was known before a reply was sent: the customer's past, the hour, the place. Nothing that came later."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.archive.outcomes import CONVERSION, SATISFACTION
from knowledge.archive.table import ReplyTable, TalkRow
from knowledge.text import normalise

Features = NDArray[np.float32]
PRIOR_WEIGHT = 4.0
"""Conversations that a customer's own past must outweigh before their rate is believed over everybody's."""
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
    rates = {name: _mean_of(talks, name) for name in (CONVERSION, SATISFACTION)}
    seen: dict[str, dict[str, list[float]]] = {}
    n_before = np.zeros(len(talks))
    before = {name: np.full(len(talks), rate) for name, rate in rates.items()}
    for row, talk in enumerate(talks):
        if not talk.customer_id:
            continue
        past = seen.setdefault(talk.customer_id, {"n": [0.0], **{name: [0.0, 0.0] for name in rates}})
        n_before[row] = past["n"][0]
        past["n"][0] += 1
        for name, rate in rates.items():
            total, n = past[name]
            before[name][row] = (total + PRIOR_WEIGHT * rate) / (n + PRIOR_WEIGHT)
            if name in talk.outcomes:
                past[name] = [total + talk.outcomes[name], n + 1]
    return {
        f"{PAST}conversations": np.log1p(n_before),
        f"{PAST}none": (n_before == 0).astype(np.float64),
        **{f"{PAST}{name}": values for name, values in before.items()},
    }


def _mean_of(talks: list[TalkRow], outcome: str) -> float:
    known = [talk.outcomes[outcome] for talk in talks if outcome in talk.outcomes]
    return math.fsum(known) / len(known) if known else 0.0


def _writing(table: ReplyTable) -> dict[str, NDArray[np.float64]]:
    """How the customer writes: in Latin letters, in traditional characters, at what length."""
    latin = np.array([_is_latin(text) for text in table.message.texts], np.float64)
    respelled = np.array([_is_respelled(text) for text in table.message.texts], np.float64)
    length = np.array([math.log1p(len(text)) for text in table.message.texts])
    rows = table.message.of_row
    return {"latin letters": latin[rows], "traditional characters": respelled[rows], "length": length[rows]}


def _is_latin(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return bool(letters) and sum(character.isascii() for character in letters) > len(letters) / 2


def _is_respelled(text: str) -> bool:
    """Whether a character beside capitals and widths changes in the one spelling."""
    plain = text.casefold()
    return any(character > "\u3400" and character not in plain for character in normalise(text))
