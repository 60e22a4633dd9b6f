"""What it costs to choose products for one customer: at the first message, and in a conversation that goes on."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from time import perf_counter

from copilot.engine.engine import Engine
from copilot.engine.request import SuggestRequest
from copilot.runtime import Runtime
from copilot.settings import Settings
from eval.latency import Spread

STAGE, CUSTOMER_STAGE = "products", "customer"


@dataclass(frozen=True)
class ProductTimes:
    """Milliseconds of the stage `products` inside of suggestions, by what is kept of the customer.

    Cold is the first message of a customer: neither the row with tags, orders and events nor what a recommender makes
    of it is known, nor the cards of most products; `customer_ms` is reading that row, which comes on top. Warm is the
    next message of the same customers, about something else. `warm_up_s` is what a server reads ahead when it starts.
    """

    cold_ms: Spread
    warm_ms: Spread
    customer_ms: Spread
    warm_up_s: float
    recommender: str


def measure_products(
    settings: Settings, warm_up: Sequence[SuggestRequest], asked: Sequence[SuggestRequest]
) -> ProductTimes:
    """Let every customer write twice: what is asked, and then what another one asked; no customer may occur twice."""
    with closing(Runtime.open(settings)) as runtime:
        engine = runtime.engine
        start = perf_counter()
        engine.warm_up().result()
        warm_up_s = perf_counter() - start
        for request in warm_up:
            engine.suggest(request)
        cold, warm = (_timings(engine, some) for some in (asked, _about_something_else(asked)))
        recommender = runtime.in_use.recommender
    return ProductTimes(
        Spread.of([stages[STAGE] for stages in cold]),
        Spread.of([stages[STAGE] for stages in warm]),
        Spread.of([stages[CUSTOMER_STAGE] for stages in cold]),
        warm_up_s,
        recommender,
    )


def _timings(engine: Engine, asked: Sequence[SuggestRequest]) -> list[dict[str, float]]:
    return [dict(engine.suggest(request).timing_ms) for request in asked]


def _about_something_else(asked: Sequence[SuggestRequest]) -> list[SuggestRequest]:
    """The same customers, each with the message of the next."""
    others = [*asked[1:], *asked[:1]]
    return [
        replace(request, message=other.message, context=other.context)
        for request, other in zip(asked, others, strict=True)
    ]
