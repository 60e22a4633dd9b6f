"""The parts of a report that come from the run itself."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval.errors import EvalError, RunError
from eval.report.abstention import count_abstentions
from eval.report.certainty import CoveragePoint, certainty_of
from eval.report.growth import Growth, LibrarySize
from eval.report.recipe import facts
from eval.report.report import Subject
from eval.report.slices import slice_tables
from eval.report.timing import read_timing
from eval.runs.run import COLUMNS, TIMINGS_FILE, Run
from eval.runs.summary import Measured, Summary
from eval.statistics.estimate import Estimate

SOME = Estimate(0.5, 0.4, 0.6, 9)


def small_run(folder, rows):
    filled = [{"query_id": f"q{i}", **row} for i, row in enumerate(rows)]
    return Run(folder, {"run_id": "small"}, pa.Table.from_pylist(filled, COLUMNS))


def summary_of(n, metrics, slices=None):
    return Summary("small", "query", Measured(n, n, metrics), slices or {})


def replied(item_id, probability):
    why = [{"feature": "stage", "contribution": 1.0}]
    return [{"item_id": item_id, "version": 1, "text": "", "score": 1.0, "probability": probability, "why": why}]


class TestAbstentions:
    def test_are_counted_by_the_name_of_the_reason_with_the_first_as_example(self, tmp_path):
        rows = [{"abstain_reason": one} for one in ("unlikely: 0.31", "", "no_content", "unlikely: 0.20", None)]
        found = count_abstentions(small_run(tmp_path, rows))
        assert [(one.reason, one.n, one.example) for one in found.reasons] == [
            ("unlikely", 2, "0.31"),
            ("no_content", 1, ""),
        ]
        assert (found.n, found.share) == (3, 3 / 5)

    def test_are_nothing_when_every_query_got_a_suggestion(self, tmp_path):
        assert count_abstentions(small_run(tmp_path, [{"abstain_reason": ""}, {}])) is None


class TestTiming:
    def write(self, folder, **columns):
        pq.write_table(pa.table({"query_id": ["a", "b", "c"], **columns}), folder / TIMINGS_FILE)

    def test_has_the_stages_in_their_order_and_the_total_apart(self, tmp_path):
        self.write(tmp_path, encode=[1.0, 2.0, 3.0], total=[4.0, 5.0, 9.0], search=[1.0, None, 3.0])
        found = read_timing(tmp_path)
        assert [(one.stage, one.spread_ms.p50, one.spread_ms.n) for one in found.all] == [
            ("encode", 2.0, 3),
            ("search", 2.0, 2),
            ("total", 5.0, 3),
        ]
        assert found.largest_p99_ms == pytest.approx(9.0 - 0.02 * 4.0)

    def test_is_nothing_without_a_file_or_without_a_value(self, tmp_path):
        assert read_timing(tmp_path) is None
        self.write(tmp_path, encode=pa.array([None, None, None], pa.float64()))
        assert read_timing(tmp_path) is None

    @pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
    def test_refuses_what_is_no_duration(self, tmp_path, value):
        self.write(tmp_path, encode=[1.0, value, 2.0])
        with pytest.raises(RunError, match=r"column 'encode'.*expected milliseconds"):
            read_timing(tmp_path)

    def test_refuses_text_and_broken_files(self, tmp_path):
        self.write(tmp_path, encode=["fast", "slow", "slow"])
        with pytest.raises(RunError, match="column 'encode': not numbers"):
            read_timing(tmp_path)
        (tmp_path / TIMINGS_FILE).write_bytes(b"nonsense")
        with pytest.raises(RunError, match="cannot read"):
            read_timing(tmp_path)


class TestCertainty:
    ROWS = (
        {"relevant": ["a"], "replies": replied("a", 0.9)},
        {"relevant": ["a"], "replies": replied("b", 0.8)},
        {"relevant": ["a"], "replies": replied("a", 0.6)},
        {"relevant": ["a"], "replies": []},
        {"relevant": [], "replies": replied("a", 0.1)},
    )

    def found(self, folder, threshold):
        return certainty_of(small_run(folder, self.ROWS), summary_of(5, {"ECE": SOME}), threshold)

    def test_counts_the_queries_that_can_be_judged(self, tmp_path):
        found = self.found(tmp_path, None)
        assert (found.n_queries, sum(one.n for one in found.bins)) == (4, 3)
        assert found.chosen is None

    @pytest.mark.parametrize(
        ("threshold", "chosen"),
        [
            (0.8, CoveragePoint(0.8, 2 / 4, 1 / 2)),
            (0.7, CoveragePoint(0.8, 2 / 4, 1 / 2)),
            (0.0, CoveragePoint(0.6, 3 / 4, 2 / 3)),
            (0.95, None),
        ],
    )
    def test_the_threshold_takes_every_answer_that_reaches_it(self, tmp_path, threshold, chosen):
        assert self.found(tmp_path, threshold).chosen == chosen

    def test_steps_along_the_curve_end_where_the_answers_end(self, tmp_path):
        assert [one.coverage for one in self.found(tmp_path, None).points] == [1 / 4, 2 / 4, 3 / 4]

    def test_is_nothing_without_probabilities(self, tmp_path):
        run = small_run(tmp_path, [{"relevant": ["a"], "replies": replied("a", None)}])
        assert certainty_of(run, summary_of(1, {}), None) is None

    def test_refuses_a_threshold_that_is_no_probability(self, tmp_path):
        with pytest.raises(EvalError, match=r"threshold 42.*0 to 1"):
            self.found(tmp_path, 42)


class TestSlices:
    def table(self, folder, name, labels, rows=()):
        measured = {label: Measured(n, n, {"P@1": SOME} if n > 4 else {}) for label, n in labels.items()}
        whole = {"P@1": Estimate(0.25, 0.2, 0.3, 20)}
        run = small_run(folder, rows)
        (found,) = slice_tables(run, summary_of(20, whole, {name: measured, "stage": {}}), None, "P@1")
        return found

    def test_the_largest_part_comes_first(self, tmp_path):
        found = self.table(tmp_path, "tag", {"b": 5, "a": 5, "vip": 9})
        assert [one.label for one in found.parts] == ["vip", "a", "b"]

    def test_parts_with_an_order_keep_it(self, tmp_path):
        lengths = self.table(tmp_path, "length", {"16-40": 9, "41 and more": 5, "6-15": 5, "1-5": 7})
        assert [one.label for one in lengths.parts] == ["1-5", "6-15", "16-40", "41 and more"]
        tenures = self.table(
            tmp_path, "agent-tenure", {"unknown": 9, "over 180 days": 5, "30 to 180 days": 5, "under 30 days": 5}
        )
        assert [one.label for one in tenures.parts] == ["under 30 days", "30 to 180 days", "over 180 days", "unknown"]

    def test_a_part_is_set_beside_the_whole_unless_it_is_too_small(self, tmp_path):
        found = self.table(tmp_path, "tag", {"vip": 9, "new": 2})
        assert [found.to_whole(one) for one in found.parts] == [0.5 - 0.25, None]

    def test_queries_without_a_label_and_with_several_are_noticed(self, tmp_path):
        rows = [{"slice:tag": ["vip"]}, {"slice:tag": []}, {}]
        found = self.table(tmp_path, "tag", {"vip": 9, "new": 12}, rows)
        assert (found.n_unlabelled, found.overlaps) == (2, True)
        assert not self.table(tmp_path, "tag", {"vip": 9, "new": 11}, []).overlaps

    def test_no_more_are_shown_than_can_be_read(self, tmp_path):
        found = self.table(tmp_path, "tag", {f"t{i:02d}": 9 for i in range(33)})
        assert (len(found.shown), found.n_not_shown) == (1 + 20, 13)


class TestGrowth:
    def test_refuses_what_has_no_place_on_the_curve(self):
        with pytest.raises(EvalError, match="0 items; expected at least one"):
            LibrarySize(0, SOME)
        with pytest.raises(EvalError, match="nan with 10 items"):
            LibrarySize(10, Estimate(float("nan"), 0.0, 1.0, 0))
        with pytest.raises(EvalError, match="numbers that grow"):
            Growth("ours", (LibrarySize(100, SOME), LibrarySize(10, SOME)))
        with pytest.raises(EvalError, match="numbers that grow"):
            Growth("ours", ())


def test_what_differs_between_two_manifests_is_marked(alone):
    own = {"seed": 7, "versions": {"model": "m2"}, "policy": {"reply": {"stage": 0.2}, "threshold": 0.35}}
    other = {"seed": 7, "versions": {"model": "m1"}, "policy": {"reply": {"stage": 0.1}, "threshold": 0.35}, "k": 10}
    report = replace(alone, run=Subject("new", "b", own), baseline=Subject("old", "a", other))
    assert [(one.path, one.value, one.baseline_value) for one in facts(report) if one.differs] == [
        ("versions.model", "m2", "m1"),
        ("policy.reply.stage", "0.2", "0.1"),
        ("k", None, "10"),
    ]
    assert [one.path for one in facts(report) if not one.is_main] == ["policy.threshold"]
    assert not any(one.differs for one in facts(replace(report, baseline=None)))
