import asyncio
import json

import pytest

from copilot.web.console.live.listeners import EVERYTHING, Listener, PageEvent, PagePart, as_text, refresh_text
from copilot.web.console.live.presence import Person
from copilot.web.pages.translation import words_of


def listener(waiting: int = 8) -> Listener:
    return Listener(Person("page-1"), words_of("en"), "c", waiting)


def test_an_event_is_one_line_of_json_whatever_it_holds() -> None:
    text = as_text(PageEvent.BUBBLES, {"html": "<p>一行\n二行\r\n三行</p>"})
    name, data, *rest = text.split("\n")
    assert (name, rest) == ("event: bubbles", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {"html": "<p>一行\n二行\r\n三行</p>"}


def test_everything_is_every_part_of_the_page() -> None:
    assert refresh_text(*PagePart) == EVERYTHING
    assert json.loads(EVERYTHING.split("data: ")[1])["parts"] == ["list", "thread", "suggestions", "customer"]


def test_a_page_gets_its_events_in_order() -> None:
    async def work() -> None:
        page = listener()
        page.offer("one")
        page.offer("two")
        assert [await page.next(1), await page.next(1)] == ["one", "two"]

    asyncio.run(work())


def test_a_page_too_far_behind_reads_everything_again_instead() -> None:
    async def work() -> None:
        page = listener(waiting=2)
        for text in ("one", "two", "three"):
            page.offer(text)
        assert await page.next(1) == EVERYTHING
        with pytest.raises(TimeoutError):
            await page.next(0.01)

    asyncio.run(work())


def test_an_ended_stream_says_so_whatever_waited() -> None:
    async def work() -> None:
        page = listener()
        page.offer("one")
        page.end()
        assert await page.next(1) is None

    asyncio.run(work())
