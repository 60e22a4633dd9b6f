from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from copilot.curation import tending
from copilot.curation.library_health import (
    Finding,
    Kind,
    Library,
    Use,
    by_urgency,
    compared_findings,
    dated_findings,
    library_stamp,
    read_library,
    still_true,
    used_findings,
)
from knowledge.errors import InvalidValueError, NotFoundError, StaleVersionError
from knowledge.health.rows import Exposure, Tally, TwoWindows
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Script, ScriptVersion

NOW = datetime(2026, 11, 14, 12, tzinfo=UTC)
ACT = {"actor": "e1", "now": NOW}


def by_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    vectors = np.full((len(texts), 512), 1e-4, np.float32)
    for row, text in enumerate(texts):
        for sign in text:
            vectors[row, ord(sign) % 512] += 1
    return vectors


def write(shop, script_id: str, text: str, *triggers: str, publish: bool = True, **content) -> None:
    with shop.workspace.database.write() as session:
        what = ScriptContent(text, triggers, **content)
        save_draft(session, DEFAULT_TENANT, script_id, what, actor="e1", now=NOW - timedelta(days=60))
        if publish:
            publish_script(session, DEFAULT_TENANT, script_id, actor="e1", now=NOW - timedelta(days=60))


def library_of(shop) -> Library:
    with shop.workspace.database.read() as session:
        return read_library(session, DEFAULT_TENANT)


def ids(findings: Sequence[Finding], kind: Kind) -> list[tuple[str, ...]]:
    return [one.script_ids for one in findings if one.kind is kind]


def test_what_has_ended_ends_soon_or_can_never_be_filled_is_found_at_once(shop) -> None:
    write(shop, "past", "活动", valid_to=NOW - timedelta(days=1))
    write(shop, "soon", "活动", valid_to=NOW + timedelta(days=13))
    write(shop, "later", "活动", valid_to=NOW + timedelta(days=15))
    write(shop, "slot", "{{customer.name}}您好，{{customer.shoe_size}}码")
    write(shop, "draft", "活动", publish=False, valid_to=NOW)
    found = dated_findings(library_of(shop), NOW)
    assert (ids(found, Kind.EXPIRED), ids(found, Kind.EXPIRING)) == ([("past",)], [("soon",)])
    assert [(one.script_ids, one.slots) for one in found if one.kind is Kind.ORPHAN_SLOTS] == [
        (("slot",), ("customer.shoe_size",))
    ]


def test_use_tells_what_is_never_shown_never_accepted_and_less_accepted(shop) -> None:
    for script_id in ("unseen", "unused", "falling"):
        write(shop, script_id, script_id)
    use = Use(
        [Exposure("unused", 50, 0), Exposure("falling", 200, 60), Exposure("gone", 99, 0)],
        [TwoWindows("falling", Tally(100, 50), Tally(100, 10)), TwoWindows("gone", Tally(100, 50), Tally(100, 0))],
        [],
    )
    seen = used_findings(library_of(shop), use, NOW)
    assert ids(seen.findings, Kind.NEVER_SHOWN) == [("unseen",)]
    assert [(one.script_ids, one.n_shown) for one in seen.findings if one.kind is Kind.NEVER_ACCEPTED] == [
        (("unused",), 50)
    ]
    (fall,) = [one for one in seen.findings if one.kind is Kind.DECAYED]
    assert fall.script_ids == ("falling",)
    assert fall.fall is not None
    assert (fall.fall.earlier, fall.fall.n_earlier, fall.fall.recent, fall.fall.n_recent) == (0.5, 100, 0.1, 100)


def test_scripts_are_compared_and_what_they_state_is_told_of_each(shop) -> None:
    write(shop, "a", "拆封后7天内可以退货", "可以退货吗")
    write(shop, "b", "拆封后15天内可以退货", "可以退货吗")
    write(shop, "c", "拆封后7天内可以退货！", "怎么退")
    seen = compared_findings(library_of(shop), by_letters)
    conflicts = [one for one in seen.findings if one.kind is Kind.CONFLICT]
    assert (conflicts[0].script_ids, conflicts[0].said) == (("a", "b"), ("7天", "15天"))
    assert ids(seen.findings, Kind.DUPLICATE) == [("a", "c")]


def test_a_finding_lasts_only_while_its_scripts_say_what_they_said(shop) -> None:
    write(shop, "a", "拆封后7天内可以退货", "可以退货吗")
    write(shop, "b", "拆封后15天内可以退货", "可以退货吗")
    before = library_of(shop)
    seen = compared_findings(before, by_letters)
    assert still_true(seen, before) == list(seen.findings)
    write(shop, "b", "拆封后7天内都可以退货", "可以退货吗")
    after = library_of(shop)
    assert still_true(seen, after) == []
    one = seen.findings[0]
    assert before.id_of(one) != after.id_of(one)


def test_the_stamp_changes_with_every_change_of_the_library(shop) -> None:
    def stamp() -> tuple[object, ...]:
        with shop.workspace.database.read() as session:
            return library_stamp(session, DEFAULT_TENANT)

    stamps = [stamp()]
    write(shop, "a", "可以")
    stamps.append(stamp())
    with shop.workspace.database.write() as session:
        tending.retire(session, DEFAULT_TENANT, "a", expected_version=1, **ACT)
    stamps.append(stamp())
    assert len(set(stamps)) == 3


def test_what_matters_most_comes_first_and_within_a_kind_what_is_read_most() -> None:
    found = [
        Finding(Kind.NEVER_SHOWN, ("a",)),
        Finding(Kind.DUPLICATE, ("b", "c")),
        Finding(Kind.DUPLICATE, ("d", "e")),
        Finding(Kind.EXPIRING, ("f",), valid_to=NOW + timedelta(days=2)),
        Finding(Kind.EXPIRING, ("g",), valid_to=NOW + timedelta(days=1)),
        Finding(Kind.CONFLICT, ("h", "i")),
    ]
    assert [one.script_ids[0] for one in by_urgency(found, {"d": 5, "c": 2})] == ["h", "g", "f", "d", "b", "a"]


def live(shop, script_id: str) -> ScriptVersion | None:
    with shop.workspace.database.read() as session:
        script = session.get(Script, (DEFAULT_TENANT, script_id))
        assert script is not None
        return session.get(ScriptVersion, (DEFAULT_TENANT, script_id, script.live_version or 0))


def test_a_script_is_retired_and_brought_back(shop) -> None:
    write(shop, "a", "可以")
    with shop.workspace.database.write() as session:
        change = tending.retire(session, DEFAULT_TENANT, "a", expected_version=1, **ACT)
    assert live(shop, "a") is None
    with shop.workspace.database.write() as session:
        tending.undo(session, DEFAULT_TENANT, change.id, **ACT)
    back = live(shop, "a")
    assert back is not None
    assert back.text == "可以"
    with shop.workspace.database.write() as session, pytest.raises(InvalidValueError):
        tending.undo(session, DEFAULT_TENANT, change.id, **ACT)


@pytest.mark.parametrize(("ended", "expected"), [(5, 35), (-5, 30)])
def test_a_script_is_valid_longer_from_its_end_or_from_now_and_as_before_when_undone(shop, ended, expected) -> None:
    write(shop, "a", "活动", valid_to=NOW + timedelta(days=ended))
    with shop.workspace.database.write() as session:
        change = tending.extend(session, DEFAULT_TENANT, "a", days=30, expected_version=1, **ACT)
    longer = live(shop, "a")
    assert longer is not None
    assert (longer.valid_to, longer.version) == (NOW + timedelta(days=expected), 2)
    with shop.workspace.database.write() as session:
        tending.undo(session, DEFAULT_TENANT, change.id, **ACT)
    before = live(shop, "a")
    assert before is not None
    assert before.valid_to == NOW + timedelta(days=ended)


def test_what_was_seen_in_another_version_or_cannot_be_is_refused(shop) -> None:
    write(shop, "a", "活动", valid_to=NOW)
    write(shop, "endless", "活动")
    write(shop, "edited", "活动", valid_to=NOW)
    write(shop, "edited", "新活动", valid_to=NOW, publish=False)
    with shop.workspace.database.write() as session:
        with pytest.raises(StaleVersionError):
            tending.retire(session, DEFAULT_TENANT, "a", expected_version=2, **ACT)
        with pytest.raises(InvalidValueError, match="end of validity"):
            tending.extend(session, DEFAULT_TENANT, "endless", days=30, expected_version=1, **ACT)
        with pytest.raises(InvalidValueError, match="edited"):
            tending.extend(session, DEFAULT_TENANT, "edited", days=30, expected_version=2, **ACT)
        with pytest.raises(InvalidValueError, match="days"):
            tending.extend(session, DEFAULT_TENANT, "a", days=0, expected_version=1, **ACT)
        with pytest.raises(NotFoundError):
            tending.retire(session, DEFAULT_TENANT, "nobody", expected_version=1, **ACT)
        with pytest.raises(NotFoundError):
            tending.undo(session, DEFAULT_TENANT, "nothing", **ACT)


def test_what_was_called_fine_is_so_until_its_day_or_until_undone(shop) -> None:
    def fine(at: datetime) -> set[str]:
        with shop.workspace.database.read() as session:
            return tending.read_fine(session, DEFAULT_TENANT, at)

    with shop.workspace.database.write() as session:
        change = tending.call_fine(session, DEFAULT_TENANT, "f1", ("a",), days=30, **ACT)
    assert fine(NOW + timedelta(days=29)) == {"f1"}
    assert fine(NOW + timedelta(days=30)) == set()
    with shop.workspace.database.write() as session:
        tending.undo(session, DEFAULT_TENANT, change.id, **ACT)
    assert fine(NOW) == set()
    with shop.workspace.database.write() as session, pytest.raises(InvalidValueError):
        tending.undo(session, DEFAULT_TENANT, change.id, **ACT)


def test_a_finding_is_another_one_when_what_is_said_differs() -> None:
    library = Library([], {})
    one = Finding(Kind.CONFLICT, (), said=("7天", "15天"))
    assert library.id_of(one) != library.id_of(replace(one, said=("7天", "30天")))
