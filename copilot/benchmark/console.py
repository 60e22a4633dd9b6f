"""From a customer's message over the API to the suggestion in the page: a real server, and many open consoles."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from copilot.benchmark.apart import n_cores, one_thread_each
from copilot.benchmark.console_pages import open_pages
from copilot.benchmark.console_server import make_demo_shop, served
from copilot.benchmark.console_traffic import Posted, Shop, draw_texts, send
from copilot.benchmark.machine import load
from copilot.errors import NotReadyError
from copilot.settings import Settings
from eval.latency import Spread

Progress = Callable[[int, int, str], None]
N_STEPS = 5
SETTLE_S = 3.0
"""So long pages are waited for after the last message; what is not visible by then is missed."""
WARM_UP_S = 5.0
"""Messages before the measured ones, which fill caches as a day's first messages would."""


@dataclass(frozen=True)
class ConsoleConfig:
    """How many consoles are open, how many customer messages arrive a second, and for how long."""

    n_consoles: int = 20
    rate_per_s: float = 5.0
    seconds: float = 30.0
    seed: int = 7
    keep: Path | None = None


@dataclass(frozen=True)
class ConsoleReport:
    """Milliseconds from just before a message is posted until its suggestions were painted in its page.

    `post_ms` is until the server had answered the post. `n_missed` messages showed no suggestions in time. Processor
    seconds are those of the server while messages were sent; `load` is the machine's before and after.
    """

    n_consoles: int
    rate_per_s: float
    seconds: float
    encoder: str
    n_cores: int
    n_posted: int
    n_missed: int
    visible_ms: Spread
    post_ms: Spread
    server_cpu_s: float
    load_before: float
    load_after: float


def run_console(settings: Settings, config: ConsoleConfig, progress: Progress) -> ConsoleReport:
    """Measure a sample shop made for this; the settings' own workspace is left alone.

    Raises:
        NotReadyError: a browser or what drives it is missing, the server did not start, or nothing became visible.
    """
    with _folder(config.keep) as folder, one_thread_each():
        own = settings.model_copy(update={"workspace": folder / "shop", "database_url": None})
        progress(0, N_STEPS, "making the sample shop")
        make_demo_shop(own)
        progress(1, N_STEPS, "starting the server")
        with served(own) as server:
            rng = np.random.default_rng([config.seed, config.n_consoles])
            shop = Shop.open(server.url, config.n_consoles)
            progress(2, N_STEPS, f"opening {config.n_consoles} consoles")
            with open_pages(server.url, shop) as pages:
                progress(3, N_STEPS, "warming up")
                send(shop, draw_texts(rng, round(WARM_UP_S * config.rate_per_s)), config.rate_per_s, rng)
                texts = draw_texts(rng, round(config.seconds * config.rate_per_s))
                progress(4, N_STEPS, f"sending {len(texts)} messages")
                load_before, cpu_before = load(), server.cpu_s()
                posted = send(shop, texts, config.rate_per_s, rng)
                cpu_s, load_after = server.cpu_s() - cpu_before, load()
                visible_at = pages.wait(SETTLE_S)
    taken_ms = visible_ms(posted, visible_at)
    if not taken_ms:
        raise NotReadyError("no suggestion became visible in any page; does `copilot serve` show suggestions?")
    return ConsoleReport(
        n_consoles=config.n_consoles,
        rate_per_s=config.rate_per_s,
        seconds=config.seconds,
        encoder=settings.encoder,
        n_cores=n_cores(),
        n_posted=len(posted),
        n_missed=len(posted) - len(taken_ms),
        visible_ms=Spread.of(taken_ms),
        post_ms=Spread.of([1000 * (one.answered_at - one.at) for one in posted]),
        server_cpu_s=cpu_s,
        load_before=load_before,
        load_after=load_after,
    )


def visible_ms(posted: Sequence[Posted], visible_at: Sequence[dict[int, float]]) -> list[float]:
    """How long each message took to be answered in its page; one that never was is left out.

    `visible_at` says for each console when, in seconds, the suggestions for each version were visible.
    """
    found = ((one, visible_at[one.console].get(one.version)) for one in posted)
    return [1000 * (at - one.at) for one, at in found if at is not None]


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with TemporaryDirectory(prefix="copilot-console-") as folder:
        yield Path(folder)
