"""What a file says of a conversation's outcome, as numbers of which more is better."""

from datetime import UTC, datetime

import pytest

from knowledge.archive.outcomes import outcomes_of
from knowledge.imports.cells import CHINA_TIME, ReadingRules
from knowledge.imports.rows import ConversationRow

RULES = ReadingRules(CHINA_TIME, datetime(2026, 3, 1, tzinfo=UTC))


def conversation(outcome: object) -> ConversationRow:
    cells = {"conversation_id": "k1", "messages": [{"role": "customer", "text": "在吗"}], "outcome": outcome}
    return ConversationRow.model_validate(cells, context=RULES)


@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        (None, {}),
        ({}, {}),
        ({"converted": True}, {"conversion": 1.0}),
        ({"converted": False, "order_id": None, "amount": None}, {"conversion": 0.0}),
        ({"satisfaction": 4}, {"satisfaction": 1.0}),
        ({"satisfaction": 3.5}, {"satisfaction": 0.0}),
        ({"complaint": True, "unsubscribed": False}, {"no_complaint": 0.0, "no_unsubscribe": 1.0}),
        ({"resolved": True, "read_share": 0.25}, {"resolved": 1.0, "read_share": 0.25}),
        ({"n_items": 3, "note": "gut", "loss": -1}, {}),
    ],
)
def test_outcomes_are_numbers_from_nought_to_one(outcome: object, found: dict[str, float]) -> None:
    assert outcomes_of(conversation(outcome), 4.0) == found


def test_what_counts_as_satisfied_is_a_setting() -> None:
    assert outcomes_of(conversation({"satisfaction": 3}), 3.0) == {"satisfaction": 1.0}
