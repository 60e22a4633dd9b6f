"""The words of evaluation files are those of the files that are loaded; the packages do not know each other."""

from enum import StrEnum

import pytest

from eval.datasets import amounts, conversations, moments, order_agreement, order_cells, order_lines, words
from knowledge.imports import cells, money
from knowledge.imports import words as loaded
from knowledge.imports.formats import FORMATS
from knowledge.imports.kinds import ImportKind
from knowledge.imports.planners import order_rows
from knowledge.imports.rows import ConversationRow, MessageRow
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import DecisionKind, MessageRole, Scene, Stage


@pytest.mark.parametrize(
    ("ours", "choices", "aliases"),
    [
        (words.SPEAKERS, MessageRole, loaded.ROLES),
        (words.SCENES, Scene, loaded.SCENES),
        (words.STAGES, Stage, loaded.STAGES),
        (words.DECISIONS, DecisionKind, {}),
    ],
)
def test_every_word_means_what_it_means_when_loaded(
    ours: dict[str, str], choices: type[StrEnum], aliases: dict[str, StrEnum]
) -> None:
    assert ours == {**{word: choice.value for word, choice in aliases.items()}, **{c.value: c.value for c in choices}}


def test_a_context_may_also_be_of_unknown_speakers() -> None:
    assert words.ROLES == {**words.SPEAKERS, "unknown": "unknown"}


def test_every_status_of_an_undone_order_is_known() -> None:
    undone = {"cancelled", "refunded", "returned"}
    aliases = {word for word, status in loaded.ORDER_STATUSES.items() if status in undone}
    assert undone == UNDONE_STATUSES
    assert undone | aliases == words.UNDONE_STATUSES


def test_an_orders_file_is_understood_as_when_loaded() -> None:
    assert set(order_cells.COLUMNS) == set(FORMATS[ImportKind.ORDERS].columns)
    assert set(order_cells.REQUIRED) == set(FORMATS[ImportKind.ORDERS].required_columns)
    assert (amounts.MARKS, amounts.SHARED_MARKS) == (money.MARKS, money.SHARED_MARKS)
    assert order_lines.CLOCK_SKEW == cells.CLOCK_SKEW
    assert order_agreement.APART.item() == order_rows.APART


@pytest.mark.parametrize(
    "text",
    ["12", "¥1,299.00", "-￥5", "￥ -5", "10 USD", "usd10", "US$ 3", "10元", "¥10元", "¥10 USD", "10 XYZ", "", "¥"],
)
def test_an_amount_is_parted_as_when_loaded(text: str) -> None:
    assert amounts.parted(text) == money.parted(text)


def test_times_without_a_zone_are_in_the_zone_of_the_import() -> None:
    assert moments.CHINA_TIME == cells.CHINA_TIME


def test_every_field_of_a_conversation_that_can_be_loaded_is_known() -> None:
    assert set(ConversationRow.model_fields) == conversations.FIELDS
    assert set(MessageRow.model_fields) <= conversations.MESSAGE_FIELDS
