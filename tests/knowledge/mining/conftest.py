"""Tables of replies made from short lists."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from knowledge.archive.table import ReplyTable, TalkRow, Words


def words_of(texts: Sequence[str]) -> Words:
    numbers: dict[str, int] = {}
    rows = np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int32)
    return Words(list(numbers), rows)


def table_of(rows: Sequence[tuple[str, int, int, str, str]]) -> ReplyTable:
    """A table of rows of customer, session, turn, message and reply; rows of a customer are one conversation."""
    customers = list(dict.fromkeys(row[0] for row in rows))
    talks = [TalkRow(f"k-{one}", one, "a1", "", "", "", 0.0, {}) for one in customers]
    n = len(rows)
    return ReplyTable(
        talks=talks,
        talk=np.array([customers.index(row[0]) for row in rows], np.int32),
        session=np.array([row[1] for row in rows], np.int32),
        position=np.arange(n, dtype=np.int32),
        turn=np.array([row[2] for row in rows], np.int32),
        at=np.zeros(n),
        answered=np.zeros(n, np.bool_),
        agent=words_of(["a1"] * n),
        script=words_of([""] * n),
        message=words_of([row[3] for row in rows]),
        reply=words_of([row[4] for row in rows]),
    )


@pytest.fixture(scope="session")
def words() -> Callable[[Sequence[str]], Words]:
    return words_of


@pytest.fixture(scope="session")
def table() -> Callable[..., ReplyTable]:
    return table_of
