"""What customers ask and nothing in the library answers."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from knowledge.duplicates.near import Encode, near_duplicates
from knowledge.duplicates.similarity import IN_A_LIST
from knowledge.duplicates.stars import star_groups
from knowledge.errors import InvalidValueError
from knowledge.health.rows import Asked, Unanswered
from knowledge.text import canonical

Mask = Callable[[str], str]
"""A text with names, numbers and the like replaced."""

MOST_TEXTS = 5_000
"""Different messages that are grouped, the most frequent ones; a message costs some milliseconds to encode."""
N_EXAMPLES = 5


@dataclass(frozen=True)
class Gap:
    """Messages that say the same and were asked in vain; all texts are masked.

    `triggers` are the most frequent of them, fit to be a script's triggers. Conversations count once, whatever the
    customer repeated. `at_stake_fen` is what those without an order would have brought at the average order of the
    report; it is unknown without any. `stage` is the one most of them came up in, `last_at` when the last one was
    asked.
    """

    triggers: tuple[str, ...]
    n_messages: int
    n_texts: int
    n_conversations: int
    n_customers: int
    why: Mapping[Unanswered, int]
    n_converted: int
    n_not_converted: int
    amount_fen: int
    at_stake_fen: int | None
    stage: str = ""
    last_at: datetime | None = None

    @property
    def n_unknown(self) -> int:
        """Conversations of which nobody knows whether they ended in an order."""
        return self.n_conversations - self.n_converted - self.n_not_converted


@dataclass(frozen=True)
class Coverage:
    """All gaps, worth most first, and the messages that are in none: without words, or too rare to be grouped."""

    gaps: tuple[Gap, ...]
    n_messages: int
    n_without_words: int
    n_left_out: int


def coverage_gaps(
    asked: Iterable[Asked],
    encode: Encode,
    mask: Mask,
    *,
    threshold: float = IN_A_LIST,
    least_messages: int = 2,
    most_texts: int = MOST_TEXTS,
    n_triggers: int = N_EXAMPLES,
) -> Coverage:
    """The gaps of at least so many messages; by what is at stake, then by messages, then by text.

    Each names up to `n_triggers` of its texts.

    Raises:
        InvalidValueError: a number is out of range, or the vectors have a wrong shape.
    """
    limits = {"least_messages": least_messages, "most_texts": most_texts, "n_triggers": n_triggers}
    for name, value in limits.items():
        if value < 1:
            raise InvalidValueError(name, value, "1 or more")
    rows = list(asked)
    by_text = _by_text(rows, mask)
    kept = dict(sorted(by_text.items(), key=lambda one: (-len(one[1]), one[0]))[:most_texts])
    average = _average_order(rows)
    gaps = [
        _gap([one for text in texts for one in kept[text]], texts, average, n_triggers)
        for texts in _groups(kept, encode, threshold)
        if sum(len(kept[text]) for text in texts) >= least_messages
    ]
    n_with_words = sum(map(len, by_text.values()))
    return Coverage(
        gaps=tuple(sorted(gaps, key=lambda gap: (-(gap.at_stake_fen or 0), -gap.n_messages, gap.triggers))),
        n_messages=len(rows),
        n_without_words=len(rows) - n_with_words,
        n_left_out=n_with_words - sum(map(len, kept.values())),
    )


def has_words(text: str) -> bool:
    """Whether a text has a letter, character or digit to be understood by."""
    return any(sign.isalnum() for sign in canonical(text))


def _by_text(rows: Sequence[Asked], mask: Mask) -> dict[str, list[Asked]]:
    """The rows of each masked text, in its most frequent spelling; each different message is masked once."""
    by_message: dict[str, list[Asked]] = {}
    for row in rows:
        by_message.setdefault(row.message, []).append(row)
    forms: dict[str, list[Asked]] = {}
    spellings: dict[str, Counter[str]] = {}
    for message in sorted(by_message):
        text = mask(message).strip()
        if has_words(text):
            form = canonical(text)
            forms.setdefault(form, []).extend(by_message[message])
            spellings.setdefault(form, Counter())[text] += len(by_message[message])
    return {_commonest(spellings[form])[0]: members for form, members in forms.items()}


def _commonest(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda text: (-counts[text], len(text), text))


def _groups(kept: Mapping[str, Sequence[Asked]], encode: Encode, threshold: float) -> list[list[str]]:
    """The texts of each star, the most frequent first."""
    texts = sorted(kept)
    pairs = near_duplicates(texts, encode, threshold)
    stars = star_groups(len(texts), pairs, weights=[len(kept[text]) for text in texts])
    counts = {text: len(kept[text]) for text in texts}
    return [_commonest({texts[place]: counts[texts[place]] for place in star.all}) for star in stars]


def _average_order(rows: Iterable[Asked]) -> float | None:
    """What a conversation with an order brought on average, in hundredths; None without any."""
    amounts = [one.amount_fen for one in _conversations(rows) if one.converted and one.amount_fen is not None]
    return sum(amounts) / len(amounts) if amounts else None


def _conversations(rows: Iterable[Asked]) -> list[Asked]:
    """One row a conversation, one that knows of an order if any does; a message without one stands for itself."""
    by_id: dict[str, Asked] = {}
    alone = []
    for row in rows:
        if row.conversation_id is None:
            alone.append(row)
        elif row.conversation_id not in by_id or (row.converted and not by_id[row.conversation_id].converted):
            by_id[row.conversation_id] = row
    return [*by_id.values(), *alone]


def _gap(rows: Sequence[Asked], texts: Sequence[str], average: float | None, n_triggers: int) -> Gap:
    talks = _conversations(rows)
    n_not_converted = sum(talk.converted is False for talk in talks)
    return Gap(
        triggers=tuple(texts[:n_triggers]),
        n_messages=len(rows),
        n_texts=len(texts),
        n_conversations=len(talks),
        n_customers=len({row.customer_id for row in rows if row.customer_id is not None}),
        why=dict(sorted(Counter(row.why for row in rows).items())),
        n_converted=sum(talk.converted is True for talk in talks),
        n_not_converted=n_not_converted,
        amount_fen=sum(talk.amount_fen or 0 for talk in talks if talk.converted),
        at_stake_fen=None if average is None else round(n_not_converted * average),
        stage=_commonest(Counter(row.stage for row in rows))[0],
        last_at=max(row.at for row in rows),
    )
