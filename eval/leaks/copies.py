"""Texts that are copies of each other, found without comparing every pair."""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

MIN_CHARACTERS = 10
"""Shorter texts are alike by chance."""
MIN_OVERLAP = 0.8

Bigrams = frozenset[str]


def plain(text: str) -> str:
    """The letters and digits of a text, in one width and case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


class CopyFinder:
    """Finds which of some texts are copies of another: a Jaccard overlap of character bigrams of at least 0.8.

    Only texts that share one of their rarest bigrams are compared (prefix filtering: Bayardo, Ma and Srikant, Scaling
    up all pairs similarity search, WWW 2007), which misses none.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._bigrams = [bigrams_of(text) for text in texts]
        self._counts = Counter(pair for pairs in self._bigrams for pair in pairs)
        self._by_prefix: dict[str, list[int]] = defaultdict(list)
        for number, pairs in enumerate(self._bigrams):
            for pair in self._prefix(pairs):
                self._by_prefix[pair].append(number)

    def copies_of(self, text: str) -> Iterator[tuple[int, float]]:
        """The numbers of the texts that are copies of this one, ascending, with their overlap."""
        pairs = bigrams_of(text)
        near = {number for pair in self._prefix(pairs) for number in self._by_prefix.get(pair, ())}
        for number in sorted(near):
            overlap = len(pairs & self._bigrams[number]) / len(pairs | self._bigrams[number])
            if overlap >= MIN_OVERLAP:
                yield number, overlap

    def _prefix(self, pairs: Bigrams) -> list[str]:
        """The rarest bigrams: a copy has at least one of them too."""
        n_common = math.ceil(MIN_OVERLAP * len(pairs))
        return sorted(pairs, key=lambda pair: (self._counts[pair], pair))[: len(pairs) - n_common + 1] if pairs else []


def bigrams_of(text: str) -> Bigrams:
    """The pairs of neighbouring characters; none for a text too short to be a copy."""
    bare = plain(text)
    if len(bare) < MIN_CHARACTERS:
        return frozenset()
    return frozenset(bare[i : i + 2] for i in range(len(bare) - 1))
