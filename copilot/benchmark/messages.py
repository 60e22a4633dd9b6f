"""What customers of a synthetic shop write: no message twice, none equal to a trigger, each from another customer."""

import numpy as np

from copilot.benchmark.people import N_CUSTOMERS, customer_id
from copilot.benchmark.rules import N_AGENTS, agent_id
from copilot.benchmark.texts import Topic, topics
from copilot.benchmark.vocabulary import SAID_BEFORE
from copilot.engine.request import Said, SuggestRequest
from knowledge.tables import MessageRole, Scene

GROUP_SHARE = 0.1


def draw_requests(n_scripts: int, seed: int, n: int, *, part: int) -> list[SuggestRequest]:
    """`n` requests about topics of the library; half of them with what was said before.

    Another `part` gives other requests; customers come back only when there are more requests than customers.
    """
    rng = np.random.default_rng([seed, n_scripts])
    about = topics(n_scripts, rng)  # drawn first when the library was written, so the topics are the same
    own = np.random.default_rng([seed, n_scripts, part])
    chosen = own.choice(len(about), n, replace=n > len(about)).tolist()
    customers = np.resize(own.permutation(N_CUSTOMERS), n).tolist()
    numbers = own.permutation(max(n, 100)).tolist()
    return [
        _request(about[place], number, customer, own)
        for place, number, customer in zip(chosen, numbers, customers, strict=False)
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
