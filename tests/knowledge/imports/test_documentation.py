"""docs/files.md says what the code does."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.audience import Audience
from knowledge.imports import ImportKind, ImportReport
from knowledge.imports.formats import FORMATS
from knowledge.imports.readers.opening import READERS

GUIDE = (Path(__file__).parents[3] / "docs" / "files.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(example) for example in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_column_is_documented_and_every_required_one_bold(kind: ImportKind) -> None:
    row = re.search(rf"^\| `{kind}` \| (.*) \|$", GUIDE, re.MULTILINE)
    assert row is not None
    columns = row[1].split(", ")
    assert tuple(column.strip("*") for column in columns) == FORMATS[kind].columns
    assert tuple(column.strip("*") for column in columns if column.startswith("**")) == FORMATS[kind].required_columns


def test_every_suffix_is_documented() -> None:
    assert all(f"`{suffix}`" in GUIDE for suffix in READERS if suffix not in {".xlsm", ".ndjson"})


def test_the_example_of_an_audience_names_every_field() -> None:
    assert set(EXAMPLES[0]) == set(Audience.model_fields)
    assert Audience.parse(EXAMPLES[0]).to_rule() == EXAMPLES[0]


def test_the_example_of_a_conversation_can_be_imported(load: Callable[..., ImportReport]) -> None:
    report = load("conversations", json.dumps(EXAMPLES[1]), "conversations.jsonl")
    assert (report.n_added, report.n_rejected, report.unknown_columns) == (1, 0, ())


def test_the_example_of_a_report_has_the_fields_of_one(load: Callable[..., ImportReport]) -> None:
    report = json.loads(load("products", "sku,name,price,colour\nA,x,abc,red\nB,x,1,red\n").to_json())
    assert set(EXAMPLES[2]) == set(report)
    assert EXAMPLES[2]["rejected"] == report["rejected"]
    assert EXAMPLES[2]["unknown_columns"] == report["unknown_columns"]
