"""docs/evaluation-data.md says what is read."""

import re
from pathlib import Path

import numpy as np
import pytest

from eval.datasets.beir import read_beir
from eval.datasets.logged_turn import FIELDS
from eval.datasets.order_lines import REQUIRED
from eval.datasets.purchases import read_purchases
from eval.datasets.record import Record
from eval.datasets.rerank import read_rerank
from eval.datasets.turns import read_turns
from eval.datasets.words import DECISIONS

GUIDE = (Path(__file__).parents[3] / "docs" / "evaluation-data.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```\w+ (\S+)\n(.*?)```", GUIDE, re.DOTALL))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in EXAMPLES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_retrieval_examples_are_one_folder(folder: Path) -> None:
    data = read_beir(folder)
    assert (len(data.documents), [query.id for query in data.queries], data.n_unjudged) == (2, ["q1", "q2"], 1)
    assert data.qrels == {"q1": {"d1": 2}, "q2": {"d2": 1, "d1": 0}}
    assert (data.queries[0].customer_id, len(data.queries[1].context)) == ("c1", 2)


def test_the_rerank_example_is_read(folder: Path) -> None:
    data = read_rerank(folder / "rerank.jsonl")
    assert [[one.label for one in row.candidates] for row in data.rows] == [[1, 0], [0]]
    assert data.unknown_fields == ()


def test_the_purchase_examples_are_read(folder: Path) -> None:
    data = read_purchases(*(folder / f"{name}.csv" for name in ("orders", "test", "customers", "products")))
    assert (len(data.train), len(data.test), data.skus) == (3, 2, ("tea", "cup", "pot"))
    assert data.cut == np.datetime64("2026-01-05T16:00")
    assert data.customers is not None
    assert data.products is not None
    assert (data.customers.attributes["city"], data.products.ids) == (("上海", ""), ("tea", "pot"))
    assert data.unknown_fields == ()
    assert all(f"**{name}**" in GUIDE for name in REQUIRED)


def test_the_two_forms_of_turns_hold_the_same_turn(folder: Path) -> None:
    talked, cut = read_turns(folder / "conversations.jsonl"), read_turns(folder / "turns.jsonl")
    assert list(talked.turns()) == list(cut.turns())[:1]
    assert (talked.unknown_fields, cut.n_turns, cut.n_answered) == ((), 2, 1)


def test_the_first_turn_names_every_field_and_the_text_every_decision() -> None:
    first = EXAMPLES["turns.jsonl"].splitlines()[0]
    assert re.findall(r'"(\w+)": ', first) == list(FIELDS)
    assert f"{', '.join(list(DECISIONS)[:-1])} or {list(DECISIONS)[-1]}" in GUIDE


def test_the_times_of_the_import_are_those_of_evaluation() -> None:
    imported = (Path(__file__).parents[3] / "docs" / "files.md").read_text(encoding="utf-8")
    times = re.search(r"\*\*Times\*\*: (.*?), or a date cell", imported, re.DOTALL)
    assert times is not None
    for written in re.findall(r"`(.+?)`", times[1]):
        assert Record(Path("x"), 1, {"at": written}).moment("at") is not None
