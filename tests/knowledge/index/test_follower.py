import threading
from typing import Any

import pytest

from knowledge.errors import SearchIndexError
from knowledge.index import library_index
from knowledge.index.follower import Follower, Watermark

SOON_S = 20.0


@pytest.fixture
def following(shop: Any) -> Any:
    index = shop.index()
    index.start_following()
    yield index
    index.close()


def test_a_following_index_finds_what_was_published(shop: Any, following: Any) -> None:
    seq = shop.publish("s", "您好", "在吗")
    assert following.wait_for(seq, SOON_S)
    assert following.watermark >= seq
    assert following.scripts.ordinal("s") is not None
    seq = shop.retire("s")
    assert following.wait_for(seq, SOON_S)
    assert following.scripts.ordinal("s") is None


def test_waiting_without_a_thread_catches_up_at_once(shop: Any) -> None:
    index = shop.index()
    seq = shop.publish("s", "您好", "在吗")
    assert index.wait_for(seq, 0)
    assert not index.wait_for(seq + 1, 0)


def test_listeners_are_told_once_what_has_changed(shop: Any) -> None:
    index = shop.index()
    told: list[list[tuple[str, str]]] = []
    index.on_changes(told.append)
    shop.customer_changed("c2")
    shop.customer_changed("c1")
    shop.customer_changed("c2")
    shop.publish("s", "您好", "在吗")
    index.catch_up()
    index.catch_up()
    assert told == [[("customer", "c1"), ("customer", "c2"), ("script", "s")]]


def test_a_failing_change_does_not_keep_out_the_others(shop: Any) -> None:
    index = shop.index()
    shop.encoder.broken_by = "坏"
    bad = shop.publish("bad", "坏的", "在吗")
    good = shop.publish("good", "好的", "你好")
    with pytest.raises(SearchIndexError, match="script bad: RuntimeError"):
        index.catch_up()
    assert index.scripts.ordinal("good") is not None
    assert index.scripts.ordinal("bad") is None
    assert index.watermark == bad - 1
    assert "RuntimeError" in index.status.last_error
    shop.encoder.broken_by = None
    assert index.catch_up() == good
    assert index.scripts.ordinal("bad") is not None
    assert index.status.last_error is None


def test_a_change_that_failed_and_was_then_corrected_is_forgotten(shop: Any) -> None:
    index = shop.index()
    shop.encoder.broken_by = "坏"
    shop.publish("s", "坏的", "在吗")
    with pytest.raises(SearchIndexError):
        index.catch_up()
    seq = shop.publish("s", "好的", "在吗")
    assert index.catch_up() == seq
    assert index.scripts.version(index.scripts.ordinal("s")) == 2


def test_a_bad_item_does_not_keep_the_index_from_opening(shop: Any) -> None:
    shop.publish("bad", "坏的", "在吗")
    shop.publish("good", "好的", "你好")
    shop.encoder.broken_by = "坏"
    for _ in range(2):
        index = shop.index()
        assert index.scripts.ordinal("good") is not None
        assert "RuntimeError" in index.status.last_error
        assert any(problem.startswith("script bad") for problem in shop.verify().problems)
        shop.encoder.broken_by = None
        shop.build()
        shop.publish("bad", "很坏的", "在吗")
        shop.encoder.broken_by = "很坏"


def test_the_thread_outlives_a_failing_change(shop: Any, following: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_index, "STEPS_BETWEEN_RETRIES", 2)
    shop.encoder.broken_by = "坏"
    shop.publish("bad", "坏的", "在吗")
    shop.publish("good", "好的", "你好")
    shop.encoder.broken_by = None
    assert following.wait_for(shop.publish("later", "还在", "后来"), SOON_S)
    assert following.scripts.n_live == 3
    assert following.status.is_following


def test_a_step_that_fails_is_tried_again() -> None:
    tries: list[int] = []
    done = threading.Event()

    def step() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("disk gone")
        done.set()

    follower = Follower(step, "test")
    follower.start()
    assert done.wait(SOON_S)
    follower.stop()
    assert not follower.is_running
    assert follower.last_error is None


def test_a_watermark_never_falls() -> None:
    watermark = Watermark(5)
    watermark.raise_to(3)
    assert watermark.seq == 5
    assert watermark.wait_for(5, 0)
    assert not watermark.wait_for(6, 0)
