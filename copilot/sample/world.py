"""The sample world: everyone in it, and as many conversations as one asks for, with causes known.

Good agents have easier customers, work the busy evenings and favour certain scripts, so the plain difference in sales
between conversations with and without a script misleads; comparing within ease tiers does not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from copilot.sample.agents import Agent, make_agents
from copilot.sample.brand import Brand, load_brand
from copilot.sample.conversation import Conversation
from copilot.sample.dice import Dice
from copilot.sample.earned_tags import with_earned_tags
from copilot.sample.encounters import Cast, Encounter, Meetings
from copilot.sample.orderbook import OrderBook
from copilot.sample.people import Customer, make_customers
from copilot.sample.purchases import Calendar, OrderLine, make_orders, order_lines
from copilot.sample.talk import Writer
from copilot.sample.topics import Topic, make_topics

RATED_ODDS = 0.6
REFUND_ODDS = 0.03


@dataclass(frozen=True)
class SampleConfig:
    """What sample to make; the same configuration always makes the same one, byte for byte.

    Attributes:
        today: The last day; nothing happens later.
        n_history_days: Days of orders and conversations before today.
    """

    seed: int = 7
    n_customers: int = 300
    n_conversations: int = 500
    today: date = date(2026, 11, 1)
    n_history_days: int = 425

    def __post_init__(self) -> None:
        if self.n_customers < 1 or self.n_conversations < 0:
            raise ValueError(
                f"a sample needs at least one customer and no negative number of conversations, "
                f"not {self.n_customers} and {self.n_conversations}"
            )
        if self.n_history_days < 30:
            raise ValueError(f"n_history_days must be at least 30, not {self.n_history_days}")

    @property
    def first_day(self) -> date:
        """The day the history begins."""
        return self.today - timedelta(days=self.n_history_days)

    def stream(self, purpose: int) -> np.random.Generator:
        """An independent stream of random numbers, so that more of one thing leaves the others as they are."""
        return np.random.default_rng([self.seed, purpose])


@dataclass(frozen=True)
class World:
    """Everyone and everything in the sample, before the conversations."""

    config: SampleConfig
    brand: Brand
    customers: Sequence[Customer]
    orders: Sequence[OrderLine]
    agents: Sequence[Agent]
    topics: Sequence[Topic]
    leanings: Mapping[str, float]

    @property
    def planted(self) -> dict[str, float]:
        """Effect of each script in the plan, on whatever its goal is."""
        return {planned.script_id: planned.effect for planned in self.brand.plan}

    def conversations(self, effects: Mapping[str, float] | None = None) -> Iterator[Conversation]:
        """The conversations in the order of time, lazily; `effects` as in `simulate`."""
        config = self.config
        cast = Cast(
            customers=self.customers,
            agents=self.agents,
            topics=self.topics,
            products=[product for product in self.brand.products if product.is_sold and product.stock],
            orders=OrderBook(self.orders),
            plan={planned.script_id: planned for planned in self.brand.plan},
            leanings=self.leanings,
        )
        meetings = Meetings(cast, Calendar(config.first_day, config.today), config.stream(4))
        fate = Dice(config.stream(5))
        writer = Writer(self.brand.shop, Dice(config.stream(6)), self.customers)
        chosen = self.planted if effects is None else effects
        for encounter in meetings.draw(config.n_conversations, chosen):
            yield self._conversation(encounter, fate, writer)

    def _conversation(self, encounter: Encounter, fate: Dice, writer: Writer) -> Conversation:
        cause = encounter.cause
        converted = fate.unit() < cause.sale.probability
        satisfied = fate.unit() < cause.satisfaction.probability
        mark = (5 if fate.chance(0.6) else 4) if satisfied else (3 if fate.chance(0.6) else fate.between(1, 2))
        rated, refunded, double = fate.chance(RATED_ODDS), fate.chance(REFUND_ODDS), fate.chance(0.15)
        messages = writer.messages(encounter, converted=converted, satisfied=satisfied)
        order: list[OrderLine] = []
        if converted:
            order_id = f"JHW{encounter.at:%Y%m%d}{encounter.number:06d}"
            basket = [(encounter.product, 2 if double else 1)]
            order = order_lines(
                order_id, encounter.customer, messages[-1].at, basket, refunded=refunded, today=self.config.today
            )
        return Conversation(
            conversation_id=f"k{encounter.number:06d}",
            messages=tuple(messages),
            customer_id=encounter.customer.customer_id,
            agent_id=encounter.agent.agent_id,
            channel=encounter.channel,
            scene=encounter.scene,
            stage=encounter.answers[0].topic.stage,
            converted=converted,
            satisfaction=mark if rated else None,
            order=tuple(order),
            cause=cause,
        )


def build_world(config: SampleConfig, brand: Brand | None = None) -> World:
    """The people, their orders, the agents and the needs of one configuration."""
    brand = brand or load_brand()
    people = make_customers(config.stream(1), config.n_customers, config.today, config.n_history_days)
    orders = make_orders(config.stream(2), people, brand.products, first=config.first_day, today=config.today)
    rng = config.stream(3)
    script_ids = [script.id for script in brand.scripts]
    leanings = rng.normal(0.0, 1.0, len(script_ids)).clip(-1.8, 1.8).round(4).tolist()
    return World(
        config=config,
        brand=brand,
        customers=with_earned_tags(people, orders, brand.products, config.today),
        orders=orders,
        agents=make_agents(rng, brand.shop.agents, script_ids),
        topics=make_topics(rng, brand),
        leanings=dict(zip(script_ids, leanings, strict=True)),
    )


def simulate(config: SampleConfig, *, effects: Mapping[str, float] | None = None) -> Iterator[Conversation]:
    """The conversations of a sample, in the order of time, made as they are asked for.

    Args:
        config: The sample; `n_conversations` of 100,000 and more are fine.
        effects: What each script adds to the probability of a sale, in place of the brand's plan. A script not named
            adds nothing, so `{}` is the world where no script matters and only agents and customers do; who meets
            whom and which script is sent stay the same.
    """
    return build_world(config).conversations(effects)
