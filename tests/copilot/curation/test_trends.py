from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from copilot.curation.trends import Period, Week, starts_of, weeks_of
from knowledge.errors import InvalidValueError

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_period_ends_with_today_where_the_shop_is() -> None:
    late = datetime(2026, 11, 1, 20, tzinfo=UTC)  # four in the morning of the second, in Shanghai
    period = Period.ending(late, 7, SHANGHAI)
    assert (period.first, period.last, period.n_days) == (date(2026, 10, 27), date(2026, 11, 2), 7)
    assert period.since == datetime(2026, 10, 26, 16, tzinfo=UTC)
    assert period.until == datetime(2026, 11, 2, 16, tzinfo=UTC)


def test_weeks_are_counted_back_so_that_only_the_first_may_be_short() -> None:
    weeks = weeks_of(Period(date(2026, 11, 1), date(2026, 11, 10), UTC))
    assert weeks == [Week(date(2026, 11, 1), date(2026, 11, 3)), Week(date(2026, 11, 4), date(2026, 11, 10))]
    assert [week.is_whole for week in weeks] == [False, True]
    assert starts_of(weeks, UTC) == [datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)]


def test_one_day_is_a_week_of_one_day() -> None:
    (week,) = weeks_of(Period(date(2026, 11, 1), date(2026, 11, 1), UTC))
    assert (week.n_days, week.is_whole) == (1, False)


@pytest.mark.parametrize("last", [date(2026, 10, 31), date(2027, 11, 2)])
def test_a_period_that_ends_before_it_begins_or_lasts_longer_than_a_year_is_refused(last: date) -> None:
    with pytest.raises(InvalidValueError, match=last.isoformat()):
        Period(date(2026, 11, 1), last, UTC)
