import json
import math
from datetime import UTC, datetime, timedelta

import pytest

from eval.errors import DataError, NothingMeasuredError
from eval.experiments.analysis import Design, Row, analyse
from eval.experiments.assignment import Variant
from eval.experiments.heterogeneity import Groups
from eval.experiments.sequential import Plan

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
DESIGN = Design("bolder", (Variant("control"), Variant("bold")), plan=Plan(40), groups=Groups(margin=0.1))


def row(unit: str, variant: str, value: float, hour: int = 0, tenure: str = "novice") -> Row:
    return Row(unit, variant, value, NOON + timedelta(hours=hour), tenure)


def balanced(n: int = 20, control: float = 0.0, bold: float = 1.0) -> list[Row]:
    """As many units of each variant, alternately one value above and one below."""
    rows = []
    for number in range(n):
        shift = 0.1 if number % 2 else -0.1
        rows += [row(f"c{number}", "control", control + shift), row(f"b{number}", "bold", bold + shift)]
    return rows


def test_each_unit_counts_once_however_often_it_was_seen() -> None:
    busy = [row("c0", "control", 1.0, hour) for hour in range(1, 99)]
    report = analyse(balanced() + busy, DESIGN, "acceptance")
    # 19 other units sum to +.1 (ten above, nine below); the busy one has (-.1 + 98 · 1) / 99
    assert report.variants["control"].mean == pytest.approx((0.1 + (98 - 0.1) / 99) / 20)
    assert report.variants["control"].n == 20
    assert report.n_rows == 40 + 98


def test_a_variant_is_compared_with_the_control() -> None:
    report = analyse(balanced(), DESIGN, "acceptance")
    (bold,) = report.comparisons
    assert (bold.variant, bold.effect.n) == ("bold", 40)
    assert bold.effect.mean == pytest.approx(1.0)
    # each arm: variance 20 · .01 / 19, so the error is √(2 · .01 / 19); 3.03545 errors at the planned number of units
    reach = 3.03545 * math.sqrt(0.02 / 19)
    assert (bold.effect.low, bold.effect.high) == pytest.approx((1 - reach, 1 + reach), abs=1e-5)
    assert bold.p_value < 1e-6


def test_several_variants_are_corrected_for_their_number() -> None:
    design = Design("many", tuple(Variant(name) for name in ("control", "bold", "calm")), plan=Plan(40))
    rows = balanced(bold=0.06)
    rows += [row(f"k{number}", "calm", 0.1 if number % 2 else -0.1) for number in range(20)]
    bold, calm = analyse(rows, design, "x").comparisons
    alone = analyse(balanced(bold=0.06), DESIGN, "x").comparisons[0]
    assert bold.p_value == pytest.approx(min(1.0, 2 * alone.p_value))
    assert bold.effect == alone.effect
    assert calm.p_value == 1.0


def test_the_control_may_be_any_variant() -> None:
    design = Design("bolder", DESIGN.variants, control="bold", plan=Plan(40))
    assert analyse(balanced(), design, "x").comparisons[0].effect.mean == pytest.approx(-1.0)


def test_a_unit_that_was_moved_counts_under_its_first_variant_until_then() -> None:
    moved = [row("m", "bold", 0.0, 1), row("m", "bold", 0.5, 2), row("m", "control", 9.0, 3), row("m", "bold", 9.0, 4)]
    report = analyse(balanced() + moved[::-1], DESIGN, "x")
    assert report.n_moved == 1
    assert report.variants["bold"].n == 21
    assert report.variants["bold"].mean == pytest.approx((20 + 0.25) / 21)
    assert "1 units were moved" in str(report)


def test_effects_are_shown_by_tenure() -> None:
    rows = balanced() + [row(one.unit_id + "x", one.variant, one.value, tenure="expert") for one in balanced(bold=-0.5)]
    tenure = analyse(rows, DESIGN, "x").comparisons[0].by_tenure
    assert [(one.group, round(one.effect.mean, 6)) for one in tenure.groups] == [("novice", 1.0), ("expert", -0.5)]
    assert tenure.lead.mean == pytest.approx(1.5)
    assert tenure.protected[0].verdict == "loses"


def test_a_unit_seen_by_agents_of_two_tenures_counts_in_both() -> None:
    rows = [*balanced(), *(row(one.unit_id, one.variant, 0.0, 1, "expert") for one in balanced())]
    report = analyse(rows, DESIGN, "x")
    assert [one.effect.n for one in report.comparisons[0].by_tenure.groups] == [40, 40]
    assert report.comparisons[0].effect.mean == pytest.approx(0.5)


def test_lost_units_are_reported_before_anything_else() -> None:
    rows = balanced(200)
    lost = [one for one in rows if one.variant == "control" or one.unit_id.endswith("0")]
    report = analyse(lost, DESIGN, "x")
    assert report.has_mismatch
    assert str(report).splitlines()[1].startswith("! the numbers of units do not fit the weights")
    assert not analyse(rows, DESIGN, "x").has_mismatch


def test_the_report_is_json_even_when_nothing_can_be_told_yet() -> None:
    report = analyse(balanced(3), DESIGN, "acceptance")
    again = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert again["comparisons"]["bold"]["effect"]["low"] is None
    assert again["comparisons"]["bold"]["effect"]["mean"] == pytest.approx(1.0)
    assert again["sample_ratio"] == {"n_units": {"control": 3, "bold": 3}, "p_value": 1.0, "mismatch": False}
    assert "too few units to tell" in str(report)


def test_a_variant_nobody_has_yet_is_reported_as_such() -> None:
    report = analyse([one for one in balanced() if one.variant == "control"][:2], DESIGN, "x")
    assert report.n_units == {"control": 2, "bold": 0}
    assert (list(report.variants), report.comparisons) == (["control"], ())
    json.dumps(report.to_dict(), allow_nan=False)


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [*balanced(), row("m", "bold", 3.0, 1), row("m", "control", 2.0, 2)]
    assert analyse(rows, DESIGN, "x") == analyse(rows[::-1], DESIGN, "x")


def test_no_rows_are_no_result() -> None:
    with pytest.raises(NothingMeasuredError, match="bolder"):
        analyse([], DESIGN, "x")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(row("u", "other", 1.0), "line 2: the variant 'other'"), (row("u", "bold", math.nan), "line 2: the value nan")],
)
def test_a_wrong_row_is_named_with_its_place(wrong: Row, said: str) -> None:
    with pytest.raises(DataError, match=said):
        analyse([row("u", "bold", 1.0), wrong], DESIGN, "x")


def test_a_control_that_is_no_variant_is_refused() -> None:
    with pytest.raises(DataError, match="'nobody'"):
        Design("x", DESIGN.variants, control="nobody")
