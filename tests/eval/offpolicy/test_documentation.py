"""docs/off-policy.md says what the code does."""

import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from eval.datasets.decision_rows import COLUMNS, FEATURE_PREFIX, REQUIRED
from eval.datasets.decisions import Decisions, read_decisions
from eval.offpolicy.evaluation import ESTIMATORS, OF_DECISIONS, applicable
from eval.offpolicy.intervals import N_RESAMPLES
from eval.offpolicy.reward_models import Ridge, draw_folds
from eval.offpolicy.support import Floor

GUIDE = (Path(__file__).parents[3] / "docs" / "off-policy.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```jsonl (\S+)\n(.*?)```", GUIDE, re.DOTALL))


def example(name: str, folder: Path) -> Decisions:
    path = folder / name
    path.write_text(EXAMPLES[name], encoding="utf-8")
    return read_decisions(path)


def column(section: str) -> list[str]:
    """The first cells of the table of a section, below its head."""
    text = GUIDE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]


def test_every_column_is_documented_and_every_required_one_bold() -> None:
    cells = [cell for cell in column("The file") if "`" in cell]
    named = [name for cell in cells for name in re.findall(r"`(.*?)`", cell)]
    assert set(named) == {*COLUMNS, f"{FEATURE_PREFIX}…"}
    assert tuple(cell.strip("*`") for cell in cells if cell.startswith("**")) == REQUIRED


def test_every_estimator_is_documented() -> None:
    assert [cell.strip("`") for cell in column("Which estimator")[1:]] == list(ESTIMATORS)


def test_the_example_of_single_decisions_can_be_read_and_judged(tmp_path: Path) -> None:
    decisions = example("decisions.jsonl", tmp_path)
    assert (decisions.n_rounds, decisions.n_places, decisions.n_clusters) == (2, 1, 2)
    assert applicable(decisions) == OF_DECISIONS
    folds = draw_folds(decisions, np.random.default_rng(0))
    assert ESTIMATORS["ips"].terms(decisions, folds).value == pytest.approx((5 / 8 * 1 + 2 * 0) / 2)


def test_the_example_of_lists_can_be_read_and_judged(tmp_path: Path) -> None:
    decisions = example("lists.jsonl", tmp_path)
    assert [one.name for one in applicable(decisions)] == ["iips", "rips", "sips"]
    values = [one.terms(decisions, np.zeros(1, np.int32)).value for one in applicable(decisions)]
    assert values == pytest.approx([5 / 4, 1 / 5, 1 / 5])


def test_the_numbers_of_the_guide_are_those_of_the_code() -> None:
    floor = asdict(Floor())
    assert floor == {"effective_n": 100, "overlap": 0.999, "n_clusters": 30, "n_events": 10}
    for line in ("| effective sample size | 100 rounds |", "| 99.9 % |", "| independent clusters | 30 |", "| 10 |"):
        assert line in GUIDE
    assert f"{N_RESAMPLES:,} times" in GUIDE
    assert f"n / (n + {Ridge().item_penalty:.0f})" in GUIDE
