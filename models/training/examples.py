"""Training pairs made ready for batches: what says the same, what is told by context, what may stand beside what."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.training.pairs import Pair
from models.training.wording import bigram_marks, is_one_word, near_duplicates, normalised

_MOST_PER_REPLY = 20
_MOST_WORDINGS = 30
_SHORTEST_REPLY = 6
_SHORTEST_MESSAGE = 4

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Examples:
    """Pairs by row number. `partners` gives, for a row, rows whose message is another wording for the same reply."""

    pairs: tuple[Pair, ...]
    message_ids: NDArray[np.int64]
    reply_ids: NDArray[np.int64]
    one_word: NDArray[np.bool_]
    has_context: NDArray[np.bool_]
    marks: NDArray[np.uint8]
    partners: Mapping[int, tuple[int, ...]]

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> "Examples":
        """Examples of pairs, in their order."""
        message_ids = _ids([normalised(pair.message) for pair in pairs])
        reply_ids = _ids([normalised(pair.reply) for pair in pairs])
        return cls(
            pairs=tuple(pairs),
            message_ids=message_ids,
            reply_ids=reply_ids,
            one_word=np.array([is_one_word(pair.reply) for pair in pairs], np.bool_),
            has_context=np.array([bool(pair.context) for pair in pairs], np.bool_),
            marks=bigram_marks([pair.reply for pair in pairs]),
            partners=_partners(pairs, message_ids, reply_ids),
        )

    def epoch(self, rng: np.random.Generator) -> Rows:
        """Row numbers of one pass in random order; of a reply used very often, a random few rows."""
        order = rng.permutation(len(self.pairs))
        used: dict[int, int] = defaultdict(int)
        kept = []
        for row in order.tolist():
            reply = int(self.reply_ids[row])
            used[reply] += 1
            if used[reply] <= _MOST_PER_REPLY:
                kept.append(row)
        return np.array(kept, np.intp)

    def batches(self, rng: np.random.Generator, size: int) -> list[Rows]:
        """One pass in batches of `size`; what is left over at the end waits for the next pass."""
        rows = self.epoch(rng)
        size = min(size, len(rows))
        return [rows[start : start + size] for start in range(0, len(rows) - size + 1, size)]

    def also_right(self, rows: Rows) -> NDArray[np.bool_]:
        """Which replies of a batch are no negatives for which rows: near duplicates of the right one, single words."""
        marks = self.marks[rows]
        return _but_own(near_duplicates(marks, marks) | self.one_word[rows][None])

    def same_message(self, rows: Rows) -> NDArray[np.bool_]:
        """Which rows of a batch ask the same, so that without context either reply is right."""
        ids = self.message_ids[rows]
        return _but_own(ids[:, None] == ids[None])

    def wordings(self, rows: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """Places in a batch whose message has other wordings, and for each the row of one of these."""
        places = [place for place, row in enumerate(rows.tolist()) if row in self.partners]
        chosen = [int(rng.choice(self.partners[int(rows[place])])) for place in places]
        return np.array(places, np.intp), np.array(chosen, np.intp)

    def same_reply(self, rows: Rows, places: Rows) -> NDArray[np.bool_]:
        """What is no negative for the messages at `places`: of their partners, then of the batch, those answered alike.

        Shape (n_places, n_places + n_rows); the partner of each stands in its own column.
        """
        replies = self.reply_ids[rows]
        asked = replies[places]
        return np.concatenate([_but_own(asked[:, None] == asked[None]), asked[:, None] == replies[None]], axis=1)


def _ids(texts: Sequence[str]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)


def _but_own(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    np.fill_diagonal(marked, val=False)
    return marked


def _partners(
    pairs: Sequence[Pair], message_ids: NDArray[np.int64], reply_ids: NDArray[np.int64]
) -> dict[int, tuple[int, ...]]:
    """Rows of the same telling reply; a reply to everything says nothing about what its messages share."""
    by_reply = defaultdict(list)
    for row, pair in enumerate(pairs):
        long_enough = (
            len(normalised(pair.reply)) >= _SHORTEST_REPLY and len(normalised(pair.message)) >= _SHORTEST_MESSAGE
        )
        if long_enough:
            by_reply[int(reply_ids[row])].append(row)
    partners = {}
    for rows in by_reply.values():
        wordings = {int(message_ids[row]): row for row in rows}
        if 2 <= len(wordings) <= _MOST_WORDINGS:
            for row in rows:
                partners[row] = tuple(other for said, other in wordings.items() if said != int(message_ids[row]))
    return partners
