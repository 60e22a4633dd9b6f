import json
from datetime import UTC, datetime
from itertools import pairwise
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.store.artefact import Artefact, Kind
from models.store.errors import (
    ArtefactInUseError,
    DamagedArtefactError,
    DamagedStoreError,
    NothingBeforeError,
    RefusedArtefactError,
    UnknownArtefactError,
    WorseArtefactError,
)
from models.store.standing import Standing, Switch

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def test_nothing_is_promoted_in_a_store_that_does_not_exist(shelf) -> None:
    assert [shelf.store.standing(kind) for kind in Kind] == [Standing(), Standing(), Standing()]
    assert not shelf.folder.exists()


def test_each_promotion_is_in_the_history(shelf) -> None:
    first, second = shelf.add("first").version, shelf.add("second").version
    shelf.promote(first, why="better")
    shelf.promote(second)
    shelf.roll_back(why="worse")
    standing = shelf.store.standing(Kind.RANKER)
    assert standing.serving == first
    assert [(one.action, one.before, one.after, one.why) for one in standing.history] == [
        ("promote", None, first, "better"),
        ("promote", first, second, ""),
        ("rollback", second, first, "worse"),
    ]
    assert [one.at.minute for one in standing.history] == [3, 4, 5]
    assert shelf.store.standing(Kind.ENCODER) == Standing()


def test_rollbacks_lead_back_to_what_is_built_in_and_no_further(shelf) -> None:
    versions = [shelf.add(word).version for word in ("first", "second", "third")]
    for version in versions:
        shelf.promote(version)
    found = [shelf.roll_back().after for _ in versions]
    assert found == [versions[1], versions[0], None]
    assert shelf.serving() is None
    with pytest.raises(NothingBeforeError, match="built in"):
        shelf.roll_back()


def test_promoting_what_serves_changes_nothing(shelf) -> None:
    version = shelf.add("first").version
    shelf.promote(version)
    assert not shelf.promote(version).changes
    assert len(shelf.store.standing(Kind.RANKER).history) == 1


def test_a_damaged_artefact_is_refused_and_the_serving_one_goes_on(shelf, damage) -> None:
    first, second = shelf.add("first"), shelf.add("second")
    shelf.promote(first.version)
    damage(second)
    with pytest.raises(DamagedArtefactError, match=r"files/model is not what was added.*second-0"):
        shelf.promote(second.version)
    (second.folder / "model").unlink()
    with pytest.raises(DamagedArtefactError):
        shelf.promote(second.version)
    assert shelf.serving() == first.version
    assert [one.version for one in shelf.store.verify() if one.problem] == [second.version]


def test_what_cannot_be_loaded_any_more_is_refused(shelf) -> None:
    first = shelf.add("first")

    def refuse(_: object) -> str:
        raise RefusedArtefactError("this version reads another format")

    with pytest.raises(RefusedArtefactError, match="another format"):
        shelf.store.promote(Kind.RANKER, first.version, check=refuse, at=shelf.now)
    assert shelf.serving() is None


def test_what_does_not_beat_its_baseline_needs_a_word(shelf) -> None:
    worse = shelf.add("worse", beats_baseline=False)
    better, unknown = shelf.add("better", beats_baseline=True), shelf.add("unknown", beats_baseline="maybe")
    assert [one.beats_baseline for one in (worse, better, unknown)] == [False, True, None]
    with pytest.raises(WorseArtefactError, match="--accept-worse"):
        shelf.promote(worse.version)
    assert shelf.serving() is None
    assert shelf.promote(better.version).changes
    assert shelf.promote(worse.version, accept_worse=True).changes


def test_what_has_to_be_prepared_is_ready_before_the_switch(shelf) -> None:
    seen: list[tuple[str | None, str | None]] = []

    def prepare(artefact: Artefact | None) -> None:
        seen.append((artefact.version if artefact else None, shelf.serving()))

    version = shelf.add("first").version
    shelf.promote(version, prepare=prepare)
    shelf.promote(version, prepare=prepare)
    shelf.roll_back(prepare=prepare)
    assert seen == [(version, None), (None, version)]


def test_a_failing_preparation_leaves_what_serves(shelf) -> None:
    def fail(_: object) -> None:
        raise OSError("no index")

    version = shelf.add("first").version
    with pytest.raises(OSError, match="no index"):
        shelf.promote(version, prepare=fail)
    assert shelf.store.standing(Kind.RANKER) == Standing()


def test_a_rollback_passes_over_what_is_damaged(shelf, damage) -> None:
    artefacts = [shelf.add(word) for word in ("first", "second", "third")]
    for artefact in artefacts:
        shelf.promote(artefact.version)
    damage(artefacts[1])
    switch = shelf.roll_back()
    assert (switch.after, switch.skipped) == (artefacts[0].version, (artefacts[1].version,))
    assert shelf.store.standing(Kind.RANKER).line == (artefacts[0].version,)
    assert shelf.store.standing(Kind.RANKER).history[-1] == switch


def test_a_rollback_past_nothing_but_damage_is_to_what_is_built_in(shelf, damage) -> None:
    artefacts = [shelf.add(word) for word in ("first", "second")]
    for artefact in artefacts:
        shelf.promote(artefact.version)
    damage(artefacts[0])
    assert shelf.roll_back().after is None
    assert shelf.serving() is None


def test_what_serves_or_may_serve_again_cannot_be_removed(shelf) -> None:
    first, second, third, fourth = (shelf.add(word).version for word in ("first", "second", "third", "fourth"))
    for version in (first, second, third):
        shelf.promote(version)
    shelf.store.set_shadow(Kind.RANKER, fourth, check=lambda _: "")
    for version in (second, third, fourth):
        with pytest.raises(ArtefactInUseError, match=version):
            shelf.store.remove(Kind.RANKER, version)
    assert shelf.store.remove(Kind.RANKER, first[:8]) == first
    assert shelf.store.standing(Kind.RANKER).line == (second, third)
    assert shelf.store.end_shadow(Kind.RANKER) == fourth
    assert shelf.store.remove(Kind.RANKER, fourth) == fourth
    with pytest.raises(UnknownArtefactError):
        shelf.store.get(Kind.RANKER, first)


def test_a_damaged_artefact_can_be_removed(shelf) -> None:
    artefact = shelf.add("first")
    (artefact.place / "artefact.json").unlink()
    assert shelf.store.remove(Kind.RANKER, artefact.version) == artefact.version
    assert not artefact.place.exists()


def test_the_shadow_is_checked_and_stays_through_promotions(shelf, damage) -> None:
    first, second = shelf.add("first"), shelf.add("second")
    damage(second)
    with pytest.raises(DamagedArtefactError):
        shelf.store.set_shadow(Kind.RANKER, second.version, check=lambda _: "")
    shelf.store.set_shadow(Kind.RANKER, first.version, check=lambda _: "")
    shelf.promote(first.version)
    assert shelf.store.standing(Kind.RANKER).shadow == first.version
    assert shelf.store.end_shadow(Kind.RANKER) == first.version
    assert shelf.store.end_shadow(Kind.RANKER) is None


def test_a_missing_artefact_that_serves_is_named(shelf) -> None:
    version = shelf.add("first").version
    shelf.promote(version)
    (shelf.folder / "ranker" / version).rename(shelf.folder.parent / "away")
    (verdict,) = shelf.store.verify()
    assert (verdict.version, verdict.problem) == (version, "it is in use and is not there")


@pytest.mark.parametrize("content", ["", "{}", '{"format": 2, "kinds": {}}', '{"format": 1, "kinds": {"ranker": 3}}'])
def test_a_damaged_record_is_noticed_and_not_written_over(shelf, content: str) -> None:
    version = shelf.add("first").version
    (shelf.folder / "serving.json").write_text(content)
    with pytest.raises(DamagedStoreError, match=r"serving\.json cannot be read"):
        shelf.promote(version)
    assert (shelf.folder / "serving.json").read_text() == content


def test_the_record_is_json_that_others_can_read(shelf) -> None:
    version = shelf.add("first").version
    shelf.promote(version, why="更好")
    content = json.loads((shelf.folder / "serving.json").read_text(encoding="utf-8"))
    assert content["kinds"]["ranker"] == {
        "serving": version,
        "line": [version],
        "shadow": None,
        "history": [
            {
                "at": "2026-11-02T12:02:00+00:00",
                "action": "promote",
                "before": None,
                "after": version,
                "why": "更好",
                "skipped": [],
            }
        ],
    }


def test_promotions_at_once_do_not_lose_one_another(shelf) -> None:
    kinds = list(Kind)
    versions = {(kind, word): shelf.add(word, kind).version for kind in kinds for word in ("first", "second")}
    together = Barrier(len(versions))

    def promote(kind: Kind, version: str) -> None:
        together.wait()
        shelf.promote(version, kind)

    threads = [Thread(target=promote, args=(kind, version)) for (kind, _), version in versions.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kind in kinds:
        standing = shelf.store.standing(kind)
        wanted = {versions[kind, "first"], versions[kind, "second"]}
        assert set(standing.line) == wanted
        assert {one.after for one in standing.history} == wanted
        assert standing.history[1].before == standing.history[0].after


Steps = st.lists(st.one_of(st.sampled_from("abc"), st.none()), max_size=30)


@given(Steps)
def test_the_line_is_a_stack(steps: list[str | None]) -> None:
    """A letter is a promotion, None a rollback; the model is a plain list."""
    standing, line = Standing(), list[str]()
    for step in steps:
        before = standing.serving
        if step is not None:
            standing = standing.promoted(Switch(NOON, "promote", before, step))
            line = line if line[-1:] == [step] else [*line, step]
        elif line:
            line = line[:-1]
            standing = standing.rolled_back(Switch(NOON, "rollback", before, line[-1] if line else None))
        assert standing.serving == (line[-1] if line else None)
        assert standing.in_use == frozenset(line[-2:])


@given(st.lists(st.sampled_from("abc"), max_size=10), st.sampled_from("abc"))
def test_what_is_taken_out_of_the_line_leaves_no_step_from_a_version_to_itself(line: list[str], gone: str) -> None:
    rest = Standing(tuple(line)).without(gone).line
    assert gone not in rest
    assert all(one != other for one, other in pairwise(rest))
    assert [one for one in line if one != gone][-1:] == list(rest[-1:])
