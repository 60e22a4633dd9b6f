import asyncio
import threading

import pytest
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from copilot.web.app import create_app
from copilot.web.errors import BusyError
from copilot.web.options import WebOptions
from copilot.web.pool import EnginePool


def test_work_beyond_threads_and_line_is_refused() -> None:
    async def work() -> None:
        pool, gate = EnginePool(workers=1, queue=1), threading.Event()
        held = [asyncio.create_task(pool.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await pool.run(gate.wait)
        gate.set()
        assert await asyncio.gather(*held) == [True, True]
        assert await pool.run(lambda: 7) == 7
        assert pool.n_pending == 0
        pool.close()

    asyncio.run(work())


def test_an_error_in_the_work_reaches_the_caller_and_frees_its_place() -> None:
    async def work() -> None:
        pool = EnginePool(workers=1, queue=0)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await pool.run(lambda: 1 // 0)
        pool.close()

    asyncio.run(work())


def test_a_full_line_answers_503_with_retry_after_and_the_message_is_kept(runtime: Runtime) -> None:
    with TestClient(create_app(runtime, WebOptions(workers=1, queue=-1))) as client:
        refused = client.post("/v1/suggest", json={"message": "在吗"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["type"] == "urn:copilot:problem:busy"
        conversation_id = client.post("/v1/conversations", json={}).json()["id"]
        path = f"/v1/conversations/{conversation_id}/messages"
        assert client.post(path, json={"role": "customer", "text": "在吗"}).status_code == 201
        page = client.get(f"/console/c/{conversation_id}/suggestions")
        assert (page.status_code, "load delay:1s" in page.text) == (200, True)
        assert "copilot_busy_total 3.0" in client.get("/metrics").text
