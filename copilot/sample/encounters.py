"""Who meets whom, when, about what and with which script: everything of a conversation but its words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from copilot.sample.agents import Agent, assignment_odds, freehand_odds, script_odds
from copilot.sample.archetypes import ARCHETYPES
from copilot.sample.brand import PlannedEffect, Product, Script
from copilot.sample.conversation import Channel, Scene
from copilot.sample.dice import Dice, running_sums
from copilot.sample.mechanism import Cause, Chance, base_sale, base_satisfaction, evening_of
from copilot.sample.names import Language
from copilot.sample.orderbook import OrderBook
from copilot.sample.people import Customer
from copilot.sample.purchases import Calendar, OrderLine
from copilot.sample.season import hour_odds, moment
from copilot.sample.slots import needs_order
from copilot.sample.suitability import admits, appetite
from copilot.sample.topics import Topic, is_live

FIRST_HOUR, LAST_HOUR = 9, 21
GROUP_ODDS = 0.14
WEB_ODDS = 0.18
SECOND_TOPIC_ODDS = 0.45
MERIT_UNIT = 0.06
N_BROWSED = 4
MAX_TRIES = 3


@dataclass(frozen=True)
class Answer:
    """A need raised in a conversation, the product meant, and the script that answered; None when the agent typed."""

    topic: Topic
    product: Product
    script: Script | None


@dataclass(frozen=True)
class Encounter:
    """A conversation about to be written."""

    number: int
    at: datetime
    customer: Customer
    agent: Agent
    scene: Scene
    channel: Channel
    answers: tuple[Answer, ...]
    last_order: OrderLine | None
    cause: Cause

    @property
    def product(self) -> Product:
        """What the conversation turns around, and what is bought if anything is."""
        return self.answers[0].product


@dataclass(frozen=True)
class Cast:
    """Everyone and everything that can meet.

    Attributes:
        plan: What agents believe each planned script to be worth, whatever the world then does.
        leanings: How much the best agents favour each script beyond its worth.
    """

    customers: Sequence[Customer]
    agents: Sequence[Agent]
    topics: Sequence[Topic]
    products: Sequence[Product]
    orders: OrderBook
    plan: Mapping[str, PlannedEffect]
    leanings: Mapping[str, float]


class Meetings:
    """Draws encounters, in the order of time, from one seeded stream."""

    def __init__(self, cast: Cast, calendar: Calendar, rng: np.random.Generator) -> None:
        self._cast = cast
        self._calendar = calendar
        self._dice = Dice(rng)
        self._topic_sums = {
            (kind.key, scene): running_sums([topic.odds(kind, scene) for topic in cast.topics])
            for kind in ARCHETYPES
            for scene in ("direct", "group")
        }
        self._hours = {kind.key: running_sums(_open_hours(kind.peaks)) for kind in ARCHETYPES}
        self._agent_sums: dict[tuple[int, float, Language, Scene], list[float]] = {}
        self._script_choices: dict[tuple[str, str], tuple[list[Script | None], list[float]]] = {}

    def draw(self, n: int, effects: Mapping[str, float]) -> Iterator[Encounter]:
        """The encounters, lazily; only their causes depend on the effects."""
        for number, (at, row) in enumerate(self._schedule(n), start=1):
            yield self._encounter(number, at, self._cast.customers[row], effects)

    def _schedule(self, n: int) -> list[tuple[datetime, int]]:
        """Moments and customers, by time; easy customers come back more often."""
        customers = self._cast.customers
        sums = running_sums([1.0 + 0.25 * customer.ease for customer in customers])
        last = self._calendar.index_of(self._calendar.today) - 1
        schedule = []
        for _ in range(n):
            row = self._dice.pick_weighted(range(len(customers)), sums)
            joined = self._calendar.index_of(customers[row].joined_at.date() + timedelta(days=1))
            day = self._calendar.first + timedelta(days=self._calendar.draw(self._dice, min(joined, last), last))
            hour = self._dice.pick_weighted(range(24), self._hours[customers[row].archetype_key])
            schedule.append((moment(day, hour, self._dice.between(0, 3599)), row))
        return sorted(schedule)

    def _encounter(self, number: int, at: datetime, customer: Customer, effects: Mapping[str, float]) -> Encounter:
        dice = self._dice
        scene: Scene = "group" if customer.language != "en" and dice.chance(GROUP_ODDS) else "direct"
        channel: Channel = "web" if scene == "direct" and dice.chance(WEB_ODDS) else "wecom"
        agent = self._agent(customer, at.hour, scene)
        last_order = self._cast.orders.latest(customer.customer_id, at)
        answers = tuple(self._answers(Turn(customer, agent, scene, at.date(), last_order is not None)))
        cause = self._cause(customer, agent, at.hour, answers, effects)
        return Encounter(number, at, customer, agent, scene, channel, answers, last_order, cause)

    def _cause(
        self, customer: Customer, agent: Agent, hour: int, answers: Sequence[Answer], effects: Mapping[str, float]
    ) -> Cause:
        topic, ease = answers[0].topic, customer.ease
        won: dict[str, float] = {"conversion": 0.0, "satisfaction": 0.0}
        for answer in answers:
            if answer.script:
                won[answer.topic.goal] += effects.get(answer.script.id, 0.0)
        return Cause(
            needs=tuple(answer.topic.need for answer in answers),
            goal=topic.goal,
            ease=ease,
            hour=hour,
            sale=Chance(
                base=base_sale(ease=ease, hour=hour, goal=topic.goal, need_points=topic.points),
                skill=agent.skill,
                effect=won["conversion"],
            ),
            satisfaction=Chance(
                base=base_satisfaction(ease=ease, hour=hour, need_points=topic.points),
                skill=agent.skill,
                effect=won["satisfaction"],
            ),
        )

    def _agent(self, customer: Customer, hour: int, scene: Scene) -> Agent:
        key = (customer.ease, evening_of(hour), customer.language, scene)
        if key not in self._agent_sums:
            ease, evening, language, _ = key
            self._agent_sums[key] = running_sums(
                [
                    assignment_odds(agent, ease=ease, evening=evening, language=language, scene=scene)
                    for agent in self._cast.agents
                ]
            )
        return self._dice.pick_weighted(self._cast.agents, self._agent_sums[key])

    def _answers(self, turn: "Turn") -> Iterator[Answer]:
        first = self._topic(turn)
        yield self._answer(first, turn)
        second = self._topic(turn)
        if _follows(second, first) and self._dice.chance(SECOND_TOPIC_ODDS):
            yield self._answer(second, turn)

    def _topic(self, turn: "Turn") -> Topic:
        """A need of the customer's; one that some script may answer, unless three tries fail."""
        sums = self._topic_sums[turn.customer.archetype_key, turn.scene]
        for _ in range(MAX_TRIES):
            topic = self._dice.pick_weighted(self._cast.topics, sums)
            if any(self._may_send(script, turn) for script in topic.scripts):
                break
        return topic

    def _answer(self, topic: Topic, turn: "Turn") -> Answer:
        script = self._dice.pick_weighted(*self._choices(topic, turn.agent))
        if script and not self._may_send(script, turn):
            script = None
        return Answer(topic, self._product(topic, script, turn.customer), script)

    def _may_send(self, script: Script, turn: "Turn") -> bool:
        if (script.scenes and turn.scene not in script.scenes) or not is_live(script, turn.day, self._calendar.today):
            return False
        if needs_order(script.text) and not turn.has_order:
            return False
        return admits(script.audience, turn.customer, turn.day)

    def _choices(self, topic: Topic, agent: Agent) -> tuple[list[Script | None], list[float]]:
        """The scripts within the agent's reach and typing, with the running sums of their odds."""
        key = (topic.need, agent.agent_id)
        if key not in self._script_choices:
            scripts = [script for script in topic.scripts if _reaches(script.scope, agent)]
            odds = [
                script_odds(agent, script.id, merit=self._merit(script), leaning=self._cast.leanings[script.id])
                for script in scripts
            ]
            self._script_choices[key] = ([*scripts, None], running_sums([*odds, freehand_odds(agent)]))
        return self._script_choices[key]

    def _merit(self, script: Script) -> float:
        planned = self._cast.plan.get(script.id)
        return planned.effect / MERIT_UNIT if planned else 0.0

    def _product(self, topic: Topic, script: Script | None, customer: Customer) -> Product:
        """What the answer names, or else the most tempting of a few products."""
        named = [product for product in topic.products if script and product.sku in script.skus]
        if named or topic.products:
            return self._dice.pick(named or topic.products)
        browsed = [self._dice.pick(self._cast.products) for _ in range(N_BROWSED)]
        return max(browsed, key=lambda product: appetite(product, customer, self._calendar.today))


@dataclass(frozen=True)
class Turn:
    """What decides whether a script may be sent."""

    customer: Customer
    agent: Agent
    scene: Scene
    day: date
    has_order: bool


def _follows(second: Topic, first: Topic) -> bool:
    """Whether people would go on to this; nobody greets twice or turns from a parcel to a gift."""
    return second is not first and second.goal == first.goal and second.stage != "获客"


def _reaches(scope: str, agent: Agent) -> bool:
    """Whether the agent sees scripts of this scope."""
    kind, _, owner = scope.partition(":")
    return kind == "organisation" or owner in {agent.agent_id, agent.team}


def _open_hours(peaks: Sequence[int]) -> list[float]:
    odds = hour_odds(peaks)
    odds[:FIRST_HOUR] = 0.0
    odds[LAST_HOUR + 1 :] = 0.0
    return [float(odd) for odd in odds]
