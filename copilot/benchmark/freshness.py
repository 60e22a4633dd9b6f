"""How long it takes from publishing a script until another process suggests it."""

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from queue import Empty, Queue
from time import monotonic, sleep

import numpy as np

from copilot.engine.request import SuggestRequest
from copilot.errors import NotReadyError
from copilot.runtime import Runtime
from copilot.settings import Settings
from eval.latency import Spread
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, retire_script, save_draft
from knowledge.tables import DEFAULT_TENANT
from knowledge.text import canonical
from knowledge.workspace import Workspace, utc_now

ACTOR = "benchmark"
POLL_S = 0.001
GIVE_UP_S = 10.0
OPEN_WITHIN_S = 120.0
LONGEST_PAUSE_S = 0.1
"""Scripts are published at random moments of the follower's period, which is half as long."""

Inbox = Queue[str | None]
"""Scripts to look out for; nothing more comes after `None`."""
Outbox = Queue[float]
"""Moments: one when a watcher begins to look for a script, one when it has found it."""
Watcher = Callable[[Settings, Inbox, Outbox], None]


@dataclass(frozen=True)
class Freshness:
    """Milliseconds from pressing "publish" until the script is found in another process.

    `lookup_ms`: one that follows changes in the background has it in its index. `suggest_ms`: one that looks for
    changes only when it is asked, and is asked without pause, shows it in an answer.
    """

    lookup_ms: Spread
    suggest_ms: Spread


def measure_freshness(settings: Settings, n_scripts: int, rng: np.random.Generator) -> Freshness:
    """Publish `n_scripts` scripts for each kind of watcher; they are retired afterwards.

    Raises:
        NotReadyError: a script was not found in time.
    """
    watchers: tuple[Watcher, Watcher] = (watch_index, watch_answers)
    lookup_ms, suggest_ms = (_publish_watched(settings, watcher, n_scripts, rng) for watcher in watchers)
    return Freshness(Spread.of(lookup_ms), Spread.of(suggest_ms))


def watch_index(settings: Settings, inbox: Inbox, outbox: Outbox) -> None:
    """Look scripts up in an index that follows the database in the background."""
    with closing(Runtime.open(settings)) as runtime:
        runtime.index.start_following()
        while (script_id := inbox.get()) is not None:
            wanted = canonical(trigger_of(script_id))
            _look(lambda wanted=wanted: bool(len(runtime.index.scripts.exact("trigger", wanted))), outbox)  # type: ignore[misc]


def watch_answers(settings: Settings, inbox: Inbox, outbox: Outbox) -> None:
    """Ask for suggestions until one is the script."""
    with closing(Runtime.open(settings)) as runtime:
        while (script_id := inbox.get()) is not None:
            request = SuggestRequest(message=trigger_of(script_id))

            def is_suggested(request: SuggestRequest = request, wanted: str = script_id) -> bool:
                return any(reply.script_id == wanted for reply in runtime.engine.suggest(request).replies)

            _look(is_suggested, outbox)


def trigger_of(script_id: str) -> str:
    """What customers say when a script published by the benchmark is wanted."""
    return f"有没有编号{script_id}的活动"


def _look(is_there: Callable[[], bool], outbox: Outbox) -> None:
    """Say when looking begins and when it has succeeded; say nothing more when it takes too long."""
    start = monotonic()
    outbox.put(start)
    while not is_there():
        if monotonic() - start > GIVE_UP_S:
            return
        sleep(POLL_S)
    outbox.put(monotonic())


def _publish_watched(settings: Settings, watcher: Watcher, n_scripts: int, rng: np.random.Generator) -> list[float]:
    """Milliseconds until the watcher has found each of the scripts."""
    context = get_context("spawn")
    script_ids = [f"{watcher.__name__.removeprefix('watch_')}{number:02d}" for number in range(n_scripts)]
    with (
        closing(Workspace.open(settings.workspace)) as workspace,
        context.Manager() as manager,
        ProcessPoolExecutor(1, mp_context=context) as pool,
    ):
        inbox, outbox = manager.Queue(), manager.Queue()
        watching = pool.submit(watcher, settings, inbox, outbox)
        taken_ms = []
        try:
            for script_id in script_ids:
                inbox.put(script_id)
                _next_moment(outbox, watching, OPEN_WITHIN_S)
                sleep(rng.uniform(0, LONGEST_PAUSE_S))
                pressed = monotonic()
                _publish(workspace, script_id)
                taken_ms.append(1000 * (_next_moment(outbox, watching, 2 * GIVE_UP_S) - pressed))
        finally:
            inbox.put(None)
            _retire(workspace, script_ids[: len(taken_ms)])
        watching.result()
        return taken_ms


def _next_moment(outbox: Outbox, watching: Future[None], within_s: float) -> float:
    """What the watcher says next; its error, if it has ended with one."""
    deadline = monotonic() + within_s
    while monotonic() < deadline:
        try:
            return outbox.get(timeout=1.0)
        except Empty:
            if watching.done():
                watching.result()
    raise NotReadyError(f"another process did not find a published script within {within_s:.0f} s")


def _publish(workspace: Workspace, script_id: str) -> None:
    content = ScriptContent(
        text=f"编号{script_id}的活动正在进行，今天下单可以参加，规则都写在活动页面，需要我发给您吗？",
        triggers=(trigger_of(script_id),),
    )
    with workspace.database.write() as session:
        save_draft(session, DEFAULT_TENANT, script_id, content, actor=ACTOR, now=utc_now())
        publish_script(session, DEFAULT_TENANT, script_id, actor=ACTOR, now=utc_now())


def _retire(workspace: Workspace, script_ids: list[str]) -> None:
    with workspace.database.write() as session:
        for script_id in script_ids:
            retire_script(session, DEFAULT_TENANT, script_id, actor=ACTOR, now=utc_now())
