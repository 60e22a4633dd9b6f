"""A policy learned from decisions takes over only where it wins."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from copilot.engine.policy import REPLY_FEATURES, Calibration, Performance, Policy, ReplyWeights
from copilot.engine.policy_file import read_policy
from copilot.errors import BadRequestError, NotReadyError
from copilot.training.calibrating import FirstReplies, fitted_calibration
from copilot.training.file_log import read_file_log, write_file_log
from copilot.training.judging import judge_orders, ranks
from copilot.training.log import DecisionLog
from copilot.training.ranges import Ranges
from copilot.training.ranker import train_ranker
from copilot.training.settings import RankerSettings
from copilot.training.writing import write_ranker
from eval.metrics.calibration import debiased_calibration_error
from models.rankers.examination import known_examination
from models.rankers.slates import Slates

HERE = REPLY_FEATURES.index("trigger_similarity")


def calibrated(maker, **options: float) -> Policy:
    """The default policy with probabilities that come true in a world."""
    first = FirstReplies.of(maker(20_000, 999, **options), ReplyWeights())
    found, _ = fitted_calibration(first, np.random.default_rng(0), Calibration())
    return replace(Policy(), calibration=found)


def small_log(features: list[list[float]], taken: list[int], *, groups: list[int] | None = None) -> DecisionLog:
    """Lists by the one feature `trigger_similarity`; `taken` is the place taken in each, -1 for none."""
    rows = [value for one in features for value in one]
    slate = np.repeat(np.arange(len(features)), [len(one) for one in features])
    columns = np.zeros((len(rows), len(REPLY_FEATURES)))
    columns[:, HERE] = rows
    places = np.concatenate([np.arange(len(one)) for one in features])
    n_places = int(places.max()) + 1
    return DecisionLog(
        source="test",
        data_hash="",
        slates=Slates(columns, slate, places == np.array(taken)[slate]),
        set_ids=[f"s{i}" for i in range(len(features))],
        item_ids=[f"i{i}" for i in range(len(rows))],
        propensities=np.eye(n_places)[places],
        groups=np.array(groups if groups is not None else range(len(features))),
        uses=None,
        left_out={},
    )


def test_agents_who_want_otherwise_are_followed(wrong_world) -> None:
    serving = calibrated(wrong_world)
    found = train_ranker(wrong_world(6000, 1), serving, RankerSettings())
    assert found.order.won
    assert found.beats_baseline
    assert found.order.metrics["nDCG@3"].difference.low > 0
    assert found.policy.reply.reply_words > 2 * found.policy.reply.trigger_similarity
    assert found.order.examination.judged_with == pytest.approx((1.0, 0.6, 0.4), abs=0.12)
    assert found.policy.version != serving.version


def test_a_policy_that_is_right_stays(right_world) -> None:
    serving = calibrated(right_world)
    found = train_ranker(right_world(3000, 1), serving, RankerSettings())
    assert not found.beats_baseline
    assert found.policy == serving


@pytest.mark.slow
@pytest.mark.parametrize("swapped", [0.3, 0.0])
def test_a_policy_that_is_right_is_replaced_no_more_often_than_chance_allows(right_world, swapped: float) -> None:
    serving = calibrated(right_world, swapped=swapped)
    found = [train_ranker(right_world(900, seed, swapped=swapped), serving, RankerSettings()) for seed in range(60)]
    assert sum(one.beats_baseline for one in found) <= 6  # two tests of 2.5 % each: 3 expected at most, 6 is p > .95


def test_probabilities_come_true_on_later_decisions(right_world) -> None:
    found = train_ranker(right_world(12_000, 3), Policy(), RankerSettings())
    assert found.trust.won
    assert found.trust.gain.low > 0
    assert found.trust.after.ece.mean < found.trust.before.ece.mean / 3
    later = FirstReplies.of(right_world(12_000, 4), found.policy.reply)
    assert debiased_calibration_error(later.probabilities(found.policy.calibration), later.sent) <= 0.03


def test_another_calibration_shows_as_much_as_before(right_world) -> None:
    log = right_world(6000, 5)
    found = train_ranker(log, Policy(), RankerSettings())
    assert not found.order.won
    shown = FirstReplies.of(log, Policy().reply)
    before = shown.probabilities(Policy().calibration) >= Policy().reply_threshold
    after = shown.probabilities(found.policy.calibration) >= found.policy.reply_threshold
    assert np.mean(before != after) < 0.002
    assert found.policy.reply_threshold != Policy().reply_threshold


def test_a_wished_precision_sets_the_threshold(right_world) -> None:
    usual = train_ranker(right_world(8000, 6), Policy(), RankerSettings())
    found = train_ranker(right_world(8000, 6), Policy(), RankerSettings(wished_precision=0.45))
    assert found.policy.reply_threshold > usual.policy.reply_threshold
    assert found.trust.threshold.precision.mean > 0.45
    assert found.trust.threshold.promised.low >= 0.45
    assert 0 < found.trust.threshold.coverage.mean < 1


def test_a_precision_out_of_reach_is_said_and_changes_nothing(right_world) -> None:
    found = train_ranker(right_world(3000, 6), Policy(), RankerSettings(wished_precision=0.99))
    assert "no threshold surely reaches a precision of 0.99" in found.trust.threshold.why


def test_the_same_log_and_seed_give_the_same(wrong_world) -> None:
    one, other = (train_ranker(wrong_world(1500, 7), Policy(), RankerSettings(seed=3)) for _ in range(2))
    assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())
    assert one.policy == other.policy


def test_each_taking_counts_as_one_over_how_often_its_place_is_looked_at() -> None:
    log = small_log([[0.9, 0.5], [0.9, 0.5], [0.9, 0.5]], [0, 0, 1])
    before, after = log.slates.features[:, HERE], -log.slates.features[:, HERE]
    found = judge_orders(log, before, after, known_examination([1.0, 0.5]), np.random.default_rng(1))
    first, second = 1.0, 1 / np.log2(3)
    # the taking at the second place stands for two: weights 1, 1, 2
    assert found["accept@1"].before.mean == pytest.approx(2 / 4)
    assert found["accept@1"].after.mean == pytest.approx(2 / 4)
    assert found["nDCG@3"].before.mean == pytest.approx((2 * first + 2 * second) / 4)
    naive = judge_orders(log, before, after, known_examination([1.0, 1.0]), np.random.default_rng(1))
    assert naive["accept@1"].difference.mean == pytest.approx(1 / 3 - 2 / 3)


def test_an_order_against_itself_differs_in_nothing(right_world) -> None:
    log = right_world(400, 8)
    scores = log.scores(ReplyWeights())
    found = judge_orders(log, scores, scores, known_examination([1.0, 0.6, 0.4]), np.random.default_rng(1))
    assert (found["nDCG@3"].difference.low, found["nDCG@3"].difference.high) == (0.0, 0.0)
    assert not found["nDCG@3"].is_better


def test_equal_scores_stay_as_they_were_shown() -> None:
    slates = small_log([[0.5, 0.7, 0.5]], [0]).slates
    assert ranks(slates, slates.features[:, HERE]).tolist() == [1, 0, 2]


def test_ranges_follow_each_other_and_share_no_conversation(right_world) -> None:
    log = replace(right_world(1000, 9), groups=np.arange(1000) // 7)
    ranges = Ranges.of(log, RankerSettings())
    ends = [[int(one.set_ids[place][1:]) for place in (0, -1)] for one in (ranges.fit, ranges.calibrate, ranges.judge)]
    assert ends[0][1] < ends[1][0] <= ends[1][1] < ends[2][0]
    seen = [set(one.groups.tolist()) for one in (ranges.fit, ranges.calibrate, ranges.judge)]
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]


def test_too_few_decisions_are_named_with_what_is_missing(right_world) -> None:
    with pytest.raises(NotReadyError, match=r"120 decided sets.*about \d+ more decisions. Nothing was changed"):
        train_ranker(right_world(120, 1), Policy(), RankerSettings())


def test_a_curve_shorter_than_the_lists_is_refused(right_world) -> None:
    with pytest.raises(BadRequestError, match="a number for each of 3 places"):
        train_ranker(right_world(900, 1), Policy(), RankerSettings(examination=(1.0, 0.5)))


def test_another_belief_makes_the_performance_anew() -> None:
    log = replace(small_log([[0.5, 0.4]], [0]), uses=np.array([[10.0, 4.0], [0.0, 0.0]]))
    column = log.believing(Performance(0.2, 10.0)).slates.features[:, REPLY_FEATURES.index("performance")]
    assert column == pytest.approx([(4 + 2) / 20 - 0.2, 0.0])


def test_what_is_written_can_be_read_and_replaces_only_its_own(wrong_world, tmp_path: Path) -> None:
    found = train_ranker(wrong_world(1500, 7), Policy(), RankerSettings())
    out = tmp_path / "ranker"
    for _ in range(2):
        write_ranker(found, out)
    assert read_policy(out / "policy.json") == found.policy
    record = json.loads((out / "training.json").read_text())
    assert record["beats_baseline"] is found.beats_baseline
    assert record["order"]["metrics"]["nDCG@3"]["difference"].keys() == {"mean", "low", "high", "n"}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ranker"]
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(BadRequestError, match="a new or empty folder"):
        write_ranker(found, tmp_path / "notes")


def test_a_log_comes_back_from_its_file(wrong_world, tmp_path: Path) -> None:
    log = wrong_world(300, 2)
    write_file_log(log, tmp_path / "log.jsonl")
    again = read_file_log(tmp_path / "log.jsonl")
    assert (again.set_ids, again.groups.tolist()) == (log.set_ids, log.groups.tolist())
    assert again.slates.taken.tolist() == log.slates.taken.tolist()
    assert again.slates.features == pytest.approx(log.slates.features)
    assert again.propensities == pytest.approx(log.propensities)


def test_a_file_with_other_features_is_refused(wrong_world, tmp_path: Path) -> None:
    write_file_log(wrong_world(5, 2), tmp_path / "log.jsonl")
    text = (tmp_path / "log.jsonl").read_text()
    (tmp_path / "less.jsonl").write_text(text.replace("x_recency", "x_regency"))
    with pytest.raises(BadRequestError, match="x_recency as well"):
        read_file_log(tmp_path / "less.jsonl")
    (tmp_path / "half.jsonl").write_text(text.replace('"reward": 0.0', '"reward": 0.5'))
    with pytest.raises(BadRequestError, match=r"reward: got 0\.5"):
        read_file_log(tmp_path / "half.jsonl")
