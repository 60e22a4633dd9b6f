"""What customers of a synthetic shop write: no message twice, none equal to a trigger, each from another customer."""

import numpy as np

from copilot.benchmark.people import N_CUSTOMERS, customer_id
from copilot.benchmark.rules import N_AGENTS, agent_id
from copilot.benchmark.texts import N_TRIGGERS, Topic, topics
from copilot.benchmark.vectors import N_ENCODED
from copilot.benchmark.vocabulary import LEAD_INS, SAID_BEFORE, TAILS
from copilot.engine.request import Said, SuggestRequest
from knowledge.tables import MessageRole, Scene

GROUP_SHARE = 0.1
N_ASKED_ABOUT = N_ENCODED // N_TRIGGERS
"""Messages ask about scripts whose triggers were encoded for real."""
N_WORDINGS = len(LEAD_INS) * len(TAILS)


def draw_requests(n_scripts: int, seed: int, n: int, *, part: int) -> list[SuggestRequest]:
    """`n` requests about the first topics of the library; half of them with what was said before.

    Another `part` gives other requests; customers come back only when there are more requests than customers.
    """
    rng = np.random.default_rng([seed, n_scripts])
    about = topics(n_scripts, rng)[:N_ASKED_ABOUT]  # drawn first when the library was written: the same topics
    own = np.random.default_rng([seed, n_scripts, part])
    order = own.permutation(len(about)).tolist()
    first_wording = int(own.integers(N_WORDINGS))
    customers = own.permutation(N_CUSTOMERS).tolist()
    return [
        _request(
            about[order[number % len(order)]],
            first_wording + number // len(order) + number,
            customers[number % N_CUSTOMERS],
            own,
        )
        for number in range(n)
    ]


def _request(topic: Topic, number: int, customer: int, rng: np.random.Generator) -> SuggestRequest:
    before = SAID_BEFORE[number % len(SAID_BEFORE)]
    context = (Said(MessageRole.CUSTOMER, before), Said(MessageRole.AGENT, "在的，您请说")) if number % 2 else ()
    return SuggestRequest(
        message=topic.message(number),
        context=context,
        customer_id=customer_id(customer),
        agent_id=agent_id(int(rng.integers(N_AGENTS))),
        scene=Scene.GROUP if rng.random() < GROUP_SHARE else Scene.DIRECT,
    )
