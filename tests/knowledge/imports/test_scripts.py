"""Scripts: versions follow each other, and history is never rewritten."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from knowledge.imports import ImportReport

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]

VERSIONS = "SELECT version, text, status, published_at, ended_at FROM script_version ORDER BY version"
T0, T1, T2 = (f"2026-11-21 0{hour}:00:00.000000" for hour in (4, 5, 6))


@pytest.fixture
def later(load: Load, clock: Any) -> Load:
    """Import an hour later."""

    def load_later(*args: str) -> ImportReport:
        clock.now += timedelta(hours=1)
        return load(*args)

    return load_later


def live_and_latest(rows: Rows) -> tuple[object, ...]:
    return rows("SELECT live_version, latest_version FROM script")[0]


def test_a_script_without_a_status_is_published(load: Load, rows: Rows) -> None:
    load("scripts", "id,text\ns1,你好\n")
    assert rows(VERSIONS) == [(1, "你好", "published", T0, None)]
    assert live_and_latest(rows) == (1, 1)


def test_everything_a_row_says_is_kept(load: Load, rows: Rows) -> None:
    script = {
        "id": "s1", "text": "您好", "kind": "faq", "title": "问候", "triggers": "在吗|你好", "stage": "获客",
        "scene": "一对一", "channels": "wecom", "audience": {"all": ["会员"]}, "skus": "A", "scope": "team:t1",
        "owner": "u1", "valid_from": "2026-01-01", "valid_to": "2026-12-31", "attachments": "a.png|b.png",
    }  # fmt: skip
    assert load("scripts", json.dumps(script), "scripts.jsonl").n_added == 1
    assert rows("SELECT kind, title, owner FROM script") == [("faq", "问候", "u1")]
    version = rows(
        "SELECT triggers, stages, scenes, channels, audience, skus, attachments, scope, valid_from, valid_to "
        "FROM script_version"
    )[0]
    assert [json.loads(str(value)) for value in version[:7]] == [
        ["在吗", "你好"], ["获客"], ["direct"], ["wecom"], {"all": ["会员"]}, ["A"], ["a.png", "b.png"],
    ]  # fmt: skip
    assert version[7:] == ("team:t1", "2025-12-31 16:00:00.000000", "2026-12-31 15:59:59.000000")


def test_a_changed_text_is_a_new_version_and_ends_the_old_one(load: Load, later: Load, rows: Rows) -> None:
    load("scripts", "id,text,triggers\ns1,你好,在吗\n")
    report = later("scripts", "id,text\ns1,您好\n")
    assert (report.n_changed, report.n_added) == (1, 0)
    assert rows(VERSIONS) == [(1, "你好", "retired", T0, T1), (2, "您好", "published", T1, None)]
    assert live_and_latest(rows) == (2, 2)
    assert rows("SELECT triggers FROM script_version WHERE version = 2") == [('["\\u5728\\u5417"]',)]
    assert rows("SELECT kind, item_id FROM index_change") == [("script", "s1")] * 2


def test_the_same_row_again_is_unchanged(load: Load, later: Load, contents: Callable[[], object]) -> None:
    content = "id,text,status,stage\ns1,你好,published,转化\ns2,稿,draft,\ns3,旧,retired,\n"
    load("scripts", content)
    before = contents()
    assert later("scripts", content).n_unchanged == 3
    assert contents() == before


def test_a_draft_leaves_the_live_version_alone_until_it_is_published(load: Load, later: Load, rows: Rows) -> None:
    load("scripts", "id,text,status\ns1,一,published\n")
    later("scripts", "id,text,status\ns1,二,draft\n")
    assert live_and_latest(rows) == (1, 2)
    assert later("scripts", "id,text,status\ns1,二,draft\n").n_unchanged == 1
    clock_of_publication = "2026-11-21 07:00:00.000000"
    later("scripts", "id,text,status\ns1,二,published\n")
    assert rows(VERSIONS) == [
        (1, "一", "retired", T0, clock_of_publication),
        (2, "二", "published", clock_of_publication, None),
    ]
    assert live_and_latest(rows) == (2, 2)


def test_a_retired_script_is_no_longer_live_and_comes_back_as_a_new_version(
    load: Load, later: Load, rows: Rows
) -> None:
    load("scripts", "id,text,status\ns1,一,published\n")
    later("scripts", "id,text,status\ns1,一,retired\n")
    assert rows(VERSIONS) == [(1, "一", "retired", T0, T1)]
    assert live_and_latest(rows) == (None, 1)
    later("scripts", "id,text,status\ns1,一,published\n")
    assert rows(VERSIONS) == [(1, "一", "retired", T0, T1), (2, "一", "published", T2, None)]
    assert live_and_latest(rows) == (2, 2)


def test_a_published_script_that_goes_back_to_draft_is_taken_off(load: Load, later: Load, rows: Rows) -> None:
    load("scripts", "id,text,status\ns1,一,published\n")
    later("scripts", "id,text,status\ns1,一,draft\n")
    assert rows(VERSIONS) == [(1, "一", "retired", T0, T1), (2, "一", "draft", None, None)]
    assert live_and_latest(rows) == (None, 2)


def test_a_newer_draft_does_not_make_the_live_text_look_changed(load: Load, later: Load, rows: Rows) -> None:
    load("scripts", "id,text,status\ns1,一,published\n")
    later("scripts", "id,text,status\ns1,二,draft\n")
    assert later("scripts", "id,text,status\ns1,一,published\n").n_unchanged == 1
    assert live_and_latest(rows) == (1, 2)


def test_a_new_title_changes_the_script_but_makes_no_version(load: Load, later: Load, rows: Rows) -> None:
    load("scripts", "id,text,title\ns1,一,旧\n")
    assert later("scripts", "id,text,title\ns1,一,新\n").n_changed == 1
    assert rows("SELECT title, live_version, latest_version FROM script") == [("新", 1, 1)]
    assert rows("SELECT count(*) FROM script_version") == [(1,)]


def test_skus_that_no_product_has_are_counted_and_named(load: Load) -> None:
    load("products", "sku,name\nA,x\n")
    report = load("scripts", "id,text,skus\ns1,一,A|Z\ns2,二,Z\n")
    assert [(each.name, each.count, each.examples) for each in report.warnings] == [("unknown_skus", 2, ("Z",))]
