import asyncio

import pytest

from copilot.web.hub import REMEMBERED, EventName, Hub


def run(work) -> None:
    asyncio.run(work())


def test_news_arrive_in_their_order_with_rising_ids() -> None:
    async def work() -> None:
        hub = Hub(8)
        hub.start(asyncio.get_running_loop())
        listener = hub.subscribe(None)
        for number in range(3):
            hub.publish(EventName.MESSAGE, {"conversation_id": "c", "position": number})
        events = [await listener.next(1) for _ in range(3)]
        assert [event.data["position"] for event in events if event] == [0, 1, 2]
        assert [event.id.split("-")[1] for event in events if event] == ["1", "2", "3"]

    run(work)


def test_a_slow_listener_is_told_to_refresh_and_holds_little() -> None:
    async def work() -> None:
        hub = Hub(2)
        hub.start(asyncio.get_running_loop())
        listener = hub.subscribe(None)
        for _ in range(3):
            hub.publish(EventName.MESSAGE, {"conversation_id": "c"})
        event = await listener.next(1)
        assert event is not None
        assert (event.name, event.data) == (EventName.REFRESH, {"reason": "slow"})
        with pytest.raises(TimeoutError):
            await listener.next(0.01)

    run(work)


def test_closing_ends_every_stream_old_and_new() -> None:
    async def work() -> None:
        hub = Hub(2)
        hub.start(asyncio.get_running_loop())
        before = hub.subscribe(None)
        hub.publish(EventName.MESSAGE, {"conversation_id": "c"})
        hub.close()
        assert await before.next(1) is None
        assert await hub.subscribe(None).next(1) is None

    run(work)


def test_one_who_has_left_gets_nothing_and_is_not_kept() -> None:
    async def work() -> None:
        hub = Hub(2)
        hub.start(asyncio.get_running_loop())
        hub.unsubscribe(hub.subscribe("c"))
        assert hub.n_listeners == 0

    run(work)


def test_who_was_away_for_a_moment_learns_what_was_missed() -> None:
    async def work() -> None:
        hub = Hub(2)
        hub.start(asyncio.get_running_loop())
        before = hub.last_id
        assert hub.since(before) == []
        for number in range(3):
            hub.publish(EventName.MESSAGE, {"conversation_id": "c", "position": number})
        assert [event.data["position"] for event in hub.since(before) or []] == [0, 1, 2]
        assert hub.since(hub.last_id) == []

    run(work)


def test_what_was_missed_is_unknown_after_long_or_from_another_process() -> None:
    async def work() -> None:
        hub = Hub(2)
        hub.start(asyncio.get_running_loop())
        first = hub.last_id
        for _ in range(REMEMBERED + 1):
            hub.publish(EventName.MESSAGE, {"conversation_id": "c"})
        assert hub.since(first) is None
        run_id = first.partition("-")[0]
        assert len(hub.since(f"{run_id}-1") or []) == REMEMBERED
        for unknown in ("another-1", f"{run_id}-x", "", "nonsense"):
            assert hub.since(unknown) is None

    run(work)


def test_a_part_of_the_application_hears_everything_and_is_not_counted() -> None:
    async def work() -> None:
        hub = Hub(1)
        hub.start(asyncio.get_running_loop())
        part = hub.follow(8)
        for number in range(3):
            hub.publish(EventName.CHANGE, {"conversation_id": str(number)})
        assert [event.data["conversation_id"] for event in [await part.next() for _ in range(3)] if event] == list(
            "012"
        )
        assert hub.n_listeners == 0
        hub.close()
        assert await part.next() is None

    run(work)
