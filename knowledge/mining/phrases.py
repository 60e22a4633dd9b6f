"""What customers say when they want something: lines that are typical of a need and that nobody can be known by."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.archive.table import ReplyTable
from knowledge.text import canonical

LEAST_CUSTOMERS = 3
SHORTEST, LONGEST = 2, 60
TOO_ALIKE = 0.6
LEAST_LIFT = 2.0


@dataclass(frozen=True)
class Phrase:
    """A line, and how many customers said it."""

    text: str
    n: int


class Phrases:
    """The lines of all messages, by who said them and what they wanted.

    A line may be shown when three customers said it, or when every pair of neighbouring characters in it was written by
    three: then it holds no word that only one of them uses.
    """

    def __init__(self, table: ReplyTable, need_of_text: NDArray[np.int32]) -> None:
        self._spelled: dict[str, Counter[str]] = defaultdict(Counter)
        self._customers: dict[str, set[int]] = defaultdict(set)
        self._needs: dict[str, Counter[int]] = defaultdict(Counter)
        self._pairs: dict[str, set[int]] = defaultdict(set)
        for text, customer in _said(table):
            self._add(table.message.texts[text], customer, int(need_of_text[text]))
        self._by_need: dict[int, list[str]] = defaultdict(list)
        for key, needs in self._needs.items():
            for need in needs:
                self._by_need[need].append(key)
        self._n_of_need = Counter(
            {need: sum(self._needs[key][need] for key in keys) for need, keys in self._by_need.items()}
        )

    def typical(self, needs: Sequence[int], most: int) -> list[Phrase]:
        """The lines that tell these needs best, the most telling first, no two alike."""
        keys = dict.fromkeys(key for need in needs for key in self._by_need.get(need, ()))
        scored = sorted(((self._score(key, needs), key) for key in keys), key=lambda pair: (-pair[0], pair[1]))
        chosen: list[str] = []
        for score, key in scored:
            if score <= 0 or len(chosen) == most:
                break
            if self._may_be_shown(key) and not any(_alike(key, other) for other in chosen):
                chosen.append(key)
        return [Phrase(self._spelled[key].most_common(1)[0][0], len(self._customers[key])) for key in chosen]

    def _add(self, message: str, customer: int, need: int) -> None:
        for line in message.split("\n"):
            text = line.strip()
            if "{{" in text or not SHORTEST <= len(text) <= LONGEST:
                continue
            key = canonical(text)
            self._spelled[key][text] += 1
            self._customers[key].add(customer)
            self._needs[key][need] += 1
            for pair in _pairs(key):
                if len(self._pairs[pair]) < LEAST_CUSTOMERS:
                    self._pairs[pair].add(customer)

    def _score(self, key: str, needs: Sequence[int]) -> float:
        """How much more often it is said here than elsewhere, times how often."""
        here = sum(self._needs[key][need] for need in needs)
        overall = sum(self._needs[key].values())
        share_of_all = sum(self._n_of_need[need] for need in needs) / max(1, sum(self._n_of_need.values()))
        lift = here / overall / max(share_of_all, 1e-9)
        return here * np.log(lift) if lift >= min(LEAST_LIFT, 0.9 / max(share_of_all, 1e-9)) else 0.0

    def _may_be_shown(self, key: str) -> bool:
        if len(self._customers[key]) >= LEAST_CUSTOMERS:
            return True
        return all(len(self._pairs[pair]) >= LEAST_CUSTOMERS for pair in _pairs(key))


def _said(table: ReplyTable) -> Iterator[tuple[int, int]]:
    """Which message was said by which customer, every pair once."""
    customers: dict[str, int] = {}
    of_talk = np.array(
        [customers.setdefault(talk.customer_id or talk.conversation_id, len(customers)) for talk in table.talks],
        np.int64,
    )
    if not len(table):
        return
    pairs = np.unique(np.column_stack([table.message.of_row.astype(np.int64), of_talk[table.talk]]), axis=0)
    yield from ((int(text), int(customer)) for text, customer in pairs)


def _pairs(key: str) -> Iterator[str]:
    yield from (key[place : place + 2] for place in range(max(1, len(key) - 1)))


def _alike(one: str, other: str) -> bool:
    a, b = set(_pairs(one)), set(_pairs(other))
    return len(a & b) > TOO_ALIKE * min(len(a), len(b))
