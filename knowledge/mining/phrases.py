"""What customers say when they want something: lines that are typical of a need and that nobody can be known by."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.archive.table import ReplyTable
from knowledge.mining.skeletons import MASK, NO_NAMES, SLOT, Names
from knowledge.text import canonical, tokenise

LEAST_CUSTOMERS = 3
SHORTEST, LONGEST = 2, 60
TOO_ALIKE = 0.6
"""Share of the shorter line's pairs of characters that another line already shown may have."""
WORDS = re.compile(r"[A-Za-z]{3}|[\u3400-\u9fff].*[\u3400-\u9fff]")
"""A line without three Latin letters in a row or two Chinese characters is a number, an answer or a sigh."""
BROADEST = 0.25
"""Needs that hold a larger share of everything said are no needs, but what is left when few scripts are in use."""
LEAST_HERE = 2
"""Customers who must have said a line right before a reply."""
LEAST_LIFT = 2.0
"""How much more often than elsewhere a line must be said to be typical, where there is an elsewhere."""
BESIDE_A_NAME = 2
"""Characters that may stand beside a name without saying anything: 就是, 这个, [商品]."""
LEAST_TELLING = 0.01
"""Where nearly everybody wants the same no line tells it from anything, and the most frequent ones come first."""


@dataclass(frozen=True)
class Phrase:
    """A line, and how many customers said it."""

    text: str
    n: int


class Phrases:
    """The lines of all messages, by who said them and what they wanted.

    A line may be shown when three customers said it, or when three wrote every word and number in it and, of Chinese
    characters, every pair of neighbours: then it holds no word that only one of them uses.
    """

    def __init__(self, table: ReplyTable, need_of_text: NDArray[np.int32], names: Names = NO_NAMES) -> None:
        self._names = names
        self._spelled: dict[str, Counter[str]] = defaultdict(Counter)
        self._customers: dict[str, set[int]] = defaultdict(set)
        self._needs: dict[str, Counter[int]] = defaultdict(Counter)
        self._users: dict[str, set[int]] = defaultdict(set)
        for text, customers in _said(table):
            self._add(table.message.texts[text], customers, int(need_of_text[text]))
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
        return self._best({key: self._score(key, needs) for key in keys}, most)

    def before(self, messages: Sequence[str], needs: Sequence[int], most: int) -> list[Phrase]:
        """The lines that tell when a reply is sent that answered these messages, one a customer, out of these needs.

        Those typical of the needs; but needs that take in much of everything tell nothing, and then only what two
        customers said right before this very reply, and much more often than before any other, counts.
        """
        if self._share(needs) <= BROADEST:
            return self.typical(needs, most)
        said = Counter(key for message in messages for key in {canonical(line) for line in _lines(message)})
        n_here, n_overall = said.total(), sum(self._n_of_need.values())
        scores = {}
        for key, n in said.items():
            lift = (n / n_here) / (sum(self._needs[key].values()) / n_overall) if self._needs.get(key) else 0.0
            scores[key] = float(n * np.log(lift)) if n >= LEAST_HERE and lift >= LEAST_LIFT else 0.0
        return self._best(scores, most)

    def _best(self, scores: Mapping[str, float], most: int) -> list[Phrase]:
        chosen: dict[str, str] = {}
        for key, score in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])):
            if score <= 0 or len(chosen) == most:
                break
            text = self._shown(key)
            if text and not any(_alike(key, other) for other in chosen):
                chosen[key] = text
        return [Phrase(text, len(self._customers[key])) for key, text in chosen.items()]

    def _add(self, message: str, customers: Sequence[int], need: int) -> None:
        for text in _lines(message):
            key = canonical(text)
            self._spelled[key][text] += len(customers)
            self._customers[key].update(customers)
            self._needs[key][need] += len(customers)
            for token in set(tokenise(text)):
                if len(self._users[token]) < LEAST_CUSTOMERS:
                    self._users[token].update(customers[:LEAST_CUSTOMERS])

    def _score(self, key: str, needs: Sequence[int]) -> float:
        """How much more often it is said here than elsewhere, times how often."""
        here = sum(self._needs[key][need] for need in needs)
        overall = sum(self._needs[key].values())
        share_of_all = self._share(needs)
        lift = here / overall / max(share_of_all, 1e-9)
        if lift < min(LEAST_LIFT, 0.9 / max(share_of_all, 1e-9)):
            return 0.0
        return here * max(float(np.log(lift)), LEAST_TELLING)

    def _share(self, needs: Sequence[int]) -> float:
        """How much of everything said is said in these needs."""
        return sum(self._n_of_need[need] for need in needs) / max(1, sum(self._n_of_need.values()))

    def _shown(self, key: str) -> str:
        """The line in its most usual spelling, or nothing where it may not be shown."""
        text = min(self._spelled[key].items(), key=lambda spelled: (-spelled[1], spelled[0]))[0]
        if self._is_a_name(text):
            return ""
        if len(self._customers[key]) >= LEAST_CUSTOMERS:
            return text
        return text if all(len(self._users[token]) >= LEAST_CUSTOMERS for token in tokenise(text)) else ""

    def _is_a_name(self, text: str) -> bool:
        """Whether a line only names something: "[product] so-and-so" tells what is meant, not what is wanted."""
        without = self._names.with_slots([text])[0]
        return without != text and len(canonical(SLOT.sub("", without))) <= BESIDE_A_NAME


def _said(table: ReplyTable) -> Iterator[tuple[int, list[int]]]:
    """Every message with the customers who said it."""
    customers: dict[str, int] = {}
    of_talk = np.array(
        [customers.setdefault(talk.customer_id or talk.conversation_id, len(customers)) for talk in table.talks],
        np.int64,
    )
    if not len(table):
        return
    pairs = np.unique(np.column_stack([table.message.of_row.astype(np.int64), of_talk[table.talk]]), axis=0)
    texts, starts = np.unique(pairs[:, 0], return_index=True)
    for text, part in zip(texts.tolist(), np.split(pairs[:, 1], starts[1:]), strict=True):
        yield text, part.tolist()


def _lines(message: str) -> Iterator[str]:
    for line in message.split("\n"):
        text = line.strip()
        if SHORTEST <= len(text) <= LONGEST and _says_something(text):
            yield text


def _says_something(text: str) -> bool:
    """Whether a line has words and nothing that stands for personal data: a number alone is what one customer has."""
    return "{{" not in text and not MASK.search(text.lower()) and bool(WORDS.search(text))


def _pairs(key: str) -> Iterator[str]:
    yield from (key[place : place + 2] for place in range(max(1, len(key) - 1)))


def _alike(one: str, other: str) -> bool:
    a, b = set(_pairs(one)), set(_pairs(other))
    return len(a & b) > TOO_ALIKE * min(len(a), len(b))
