"""What the generator knows and nobody else should: the effects, the skills, and who was given to whom."""

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from copilot.sample.agents import EASE_PULL, EVENING_PULL, GROUP_PULL, LANGUAGE_PULL, Agent
from copilot.sample.brand import Goal
from copilot.sample.conversation import Conversation
from copilot.sample.mechanism import EASE_POINTS
from copilot.sample.world import World

EASY = 2


class ScriptTruth(TypedDict):
    """What a script does.

    Attributes:
        goal: What the effect is on: the sale, or a satisfaction of 4 or 5.
        effect_points: Percentage points.
        leaning: How much the best agents favour the script, whatever it is worth.
    """

    need: str
    goal: Goal
    effect_points: float
    leaning: float
    n_uses: int


class AgentTruth(TypedDict):
    """`share_easy` is the share of conversations with customers of ease 2 or 3."""

    name: str
    standing: float
    skill_points: float
    n_conversations: int
    share_easy: float


class AssignmentTruth(TypedDict):
    """How an agent was chosen for a customer."""

    odds: str
    ease_pull: float
    evening_pull: float
    language_pull: float
    group_pull: float


class ConversationTruth(TypedDict):
    """Why one conversation went as it did; probabilities lie in [0, 1]."""

    needs: list[str]
    ease: int
    sale_base: float
    sale_probability: float
    satisfaction_base: float
    satisfaction_probability: float


class Truth(TypedDict):
    """The content of truth.json."""

    seed: int
    ease_points: list[float]
    scripts: dict[str, ScriptTruth]
    agents: dict[str, AgentTruth]
    assignment: AssignmentTruth
    customer_ease: dict[str, int]
    conversations: dict[str, ConversationTruth]


def truth_of(world: World, conversations: Sequence[Conversation]) -> Truth:
    """The truth about a world and the conversations that took place in it."""
    return {
        "seed": world.config.seed,
        "ease_points": [round(100 * points, 1) for points in EASE_POINTS],
        "scripts": _scripts(world, conversations),
        "agents": {agent.agent_id: _agent(agent, conversations) for agent in world.agents},
        "assignment": {
            "odds": "exp(standing * (ease_pull * (ease - 1.5) + evening_pull * evening)), where evening is -1 before "
            "12:00, 1 from 19:00 and 0 between; times language_pull for English with an agent who has an English "
            "name, and group_pull in groups for the community team",
            "ease_pull": EASE_PULL,
            "evening_pull": EVENING_PULL,
            "language_pull": LANGUAGE_PULL,
            "group_pull": GROUP_PULL,
        },
        "customer_ease": {customer.customer_id: customer.ease for customer in world.customers},
        "conversations": {talk.conversation_id: _conversation(talk) for talk in conversations},
    }


def _scripts(world: World, conversations: Sequence[Conversation]) -> dict[str, ScriptTruth]:
    uses = Counter(script_id for conversation in conversations for script_id in set(conversation.script_ids))
    return {
        planned.script_id: {
            "need": planned.need,
            "goal": planned.goal,
            "effect_points": round(100 * planned.effect, 2),
            "leaning": world.leanings[planned.script_id],
            "n_uses": uses[planned.script_id],
        }
        for planned in world.brand.plan
    }


def _agent(agent: Agent, conversations: Sequence[Conversation]) -> AgentTruth:
    own = [talk for talk in conversations if talk.agent_id == agent.agent_id]
    n_easy = sum(talk.cause.ease >= EASY for talk in own)
    return {
        "name": agent.name,
        "standing": agent.standing,
        "skill_points": round(100 * agent.skill, 2),
        "n_conversations": len(own),
        "share_easy": round(n_easy / len(own), 3) if own else 0.0,
    }


def _conversation(talk: Conversation) -> ConversationTruth:
    return {
        "needs": list(talk.cause.needs),
        "ease": talk.cause.ease,
        "sale_base": round(talk.cause.sale.base, 4),
        "sale_probability": round(talk.cause.sale.probability, 4),
        "satisfaction_base": round(talk.cause.satisfaction.base, 4),
        "satisfaction_probability": round(talk.cause.satisfaction.probability, 4),
    }
