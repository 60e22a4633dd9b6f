import re
from datetime import date, timedelta

import pytest

from copilot.curation.counts import NO_COUNTS, Counts
from copilot.curation.trends import Week
from copilot.web.desk.performance.plots import acceptance_plot, exposures_plot
from copilot.web.pages.translation import words_of

EN = words_of("en")


def weeks(n: int, *, first_days: int = 7) -> list[Week]:
    start = date(2026, 9, 7)
    found = [Week(start + timedelta(weeks=k), start + timedelta(weeks=k, days=6)) for k in range(n)]
    return [Week(found[0].last - timedelta(days=first_days - 1), found[0].last), *found[1:]] if n else []


def test_a_week_without_exposures_leaves_a_gap_in_the_line() -> None:
    shown = Counts(n_shown=40, n_accepted=10)
    drawn = acceptance_plot([shown, shown, NO_COUNTS, shown, shown], weeks(5), EN)
    assert (drawn.count("curve run"), drawn.count("band run"), drawn.count("<circle")) == (2, 2, 4)


def test_a_single_week_is_a_dot_with_its_interval() -> None:
    drawn = acceptance_plot([Counts(n_shown=40, n_accepted=10)], weeks(1), EN)
    assert (drawn.count("curve run"), drawn.count("whisker run"), drawn.count("<circle")) == (0, 1, 1)


def test_bars_are_as_high_as_their_counts_and_a_short_week_is_faint() -> None:
    drawn = exposures_plot([Counts(50), Counts(100), NO_COUNTS], weeks(3, first_days=2), EN)
    short, whole = (float(height) for height in re.findall(r'height="([\d.]+)" class="bar', drawn))
    assert whole == pytest.approx(2 * short)
    assert (drawn.count("bar weak"), drawn.count("bar run")) == (1, 1)


@pytest.mark.parametrize("n", [1, 2, 12, 53])
def test_nothing_leaves_the_frame_whatever_the_number_of_weeks(n: int) -> None:
    for drawn in (exposures_plot([Counts(9, 3)] * n, weeks(n), EN), acceptance_plot([Counts(9, 3)] * n, weeks(n), EN)):
        places = [float(at) for at in re.findall(r' (?:x|cx)="([\d.]+)"', drawn)]
        assert places
        assert all(0 <= at <= 520 for at in places)


def test_drawings_are_named_for_those_who_cannot_see_them() -> None:
    drawn = acceptance_plot([NO_COUNTS], weeks(1), EN)
    assert "<title>Weekly acceptance with its 95% interval</title>" in drawn
    assert 'role="img"' in drawn
