from datetime import UTC, datetime, timedelta

from knowledge.health.dead import (
    Ending,
    OrphanSlots,
    Unused,
    expired,
    expiring,
    never_accepted,
    never_shown,
    orphan_slots,
)
from knowledge.health.rows import Exposure, LibraryScript

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def script(
    script_id: str, *, days_ago: float | None = None, ends_in: float | None = None, text: str = "好"
) -> LibraryScript:
    return LibraryScript(
        script_id,
        text,
        published_at=None if days_ago is None else NOON - timedelta(days=days_ago),
        valid_to=None if ends_in is None else NOON + timedelta(days=ends_in),
    )


def test_old_scripts_that_were_never_shown() -> None:
    scripts = [script("c"), script("a", days_ago=31), script("new", days_ago=29), script("shown", days_ago=99)]
    exposures = [Exposure("shown", 1, 0), Exposure("a", 0, 0)]
    assert never_shown(scripts, exposures, now=NOON) == [Unused("a", 0), Unused("c", 0)]


def test_a_script_whose_time_has_only_begun_is_not_dead() -> None:
    one = LibraryScript("a", "好", published_at=NOON - timedelta(days=90), valid_from=NOON - timedelta(days=1))
    assert never_shown([one], [], now=NOON) == []


def test_scripts_shown_often_and_never_used() -> None:
    scripts = [script(name) for name in "abcde"]
    exposures = [
        Exposure("a", 50, 0),
        Exposure("b", 49, 0),
        Exposure("c", 900, 1),
        Exposure("d", 70, 0),
        Exposure("retired", 500, 0),
    ]
    assert never_accepted(scripts, exposures) == [Unused("d", 70), Unused("a", 50)]


def test_what_has_ended_and_what_is_about_to() -> None:
    scripts = [
        script("open"),
        script("past", ends_in=-0.1),
        script("now", ends_in=0),
        script("soon", ends_in=14),
        script("later", ends_in=15),
    ]
    assert expired(scripts, now=NOON) == [Ending("past", NOON - timedelta(days=0.1))]
    assert [one.script_id for one in expiring(scripts, now=NOON)] == ["now", "soon"]


def test_slots_that_nothing_fills() -> None:
    scripts = [
        script("a", text="{{ customer.name }}您好，{{coupon.code}} {{coupon.code}}"),
        script("b", text="{{customer.name}}"),
        script("c", text="{{客户}}"),
    ]
    assert orphan_slots(scripts, {"customer.name"}) == [OrphanSlots("a", ("coupon.code",)), OrphanSlots("c", ("客户",))]


def test_an_empty_library_has_nothing_dead() -> None:
    assert never_shown([], [], now=NOON) == never_accepted([], []) == []
    assert expired([], now=NOON) == expiring([], now=NOON) == orphan_slots([], set()) == []
