"""Customers who write over the API, and agents who answer them, at a steady rate."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import sleep, time

import httpx
import numpy as np

from copilot.errors import NotReadyError
from copilot.sample.brand import load_brand
from copilot.sample.dice import Dice
from copilot.sample.paraphrase import paraphrase
from copilot.sample.topics import language_of

ANSWER = "好的，这边帮您看一下，请稍等。"
JITTER = 0.5
"""Messages come up to this share of their distance earlier or later than evenly."""
TIMEOUT_S = 30


@dataclass(frozen=True)
class Posted:
    """A customer's message: in which console it shows, the version it made, when it was posted and answered."""

    console: int
    version: int
    at: float
    answered_at: float


@dataclass(frozen=True)
class Shop:
    """The conversations that the consoles are open on, each with its own customer and agent."""

    url: str
    conversation_ids: tuple[str, ...]
    agent_ids: tuple[str, ...]

    @classmethod
    def open(cls, url: str, n: int) -> "Shop":
        """New conversations on a server, with customers and agents of the sample brand.

        Raises:
            NotReadyError: the server refuses.
        """
        agents = [agent.agent_id for agent in load_brand().shop.agents]
        agent_ids = tuple(agents[number % len(agents)] for number in range(n))
        with httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
            customers = _checked(client.get("/v1/customers", params={"limit": n})).json()
            opened = [
                _checked(
                    client.post("/v1/conversations", json={"customer_id": customer["id"], "agent_id": agent_id})
                ).json()
                for customer, agent_id in zip(customers, agent_ids, strict=True)
            ]
        return cls(url, tuple(one["id"] for one in opened), agent_ids)


def draw_texts(rng: np.random.Generator, n: int) -> list[str]:
    """What customers of the sample brand write: triggers of its scripts in other words."""
    dice = Dice(rng)
    triggers = [trigger for script in load_brand().scripts for trigger in script.triggers]
    picked = [dice.pick(triggers) for _ in range(n)]
    return [" ".join(paraphrase(dice, one, language=language_of(one))) for one in picked]


def send(shop: Shop, texts: Sequence[str], rate_per_s: float, rng: np.random.Generator) -> list[Posted]:
    """Post the texts at this rate, to the conversations in turn; each is answered before its customer writes again.

    Raises:
        NotReadyError: the server refuses a message.
    """
    n = len(shop.conversation_ids)
    turn = rng.permutation(n).tolist()
    start = time() + 0.5
    due = [start + (number + float(rng.uniform(-JITTER, JITTER))) / rate_per_s for number in range(len(texts))]
    answered_after_s = n / rate_per_s / 2
    with (
        ThreadPoolExecutor(1) as customers,
        ThreadPoolExecutor(1) as agents,
        httpx.Client(base_url=shop.url, timeout=TIMEOUT_S) as client,
    ):
        consoles = [turn[number % n] for number in range(len(texts))]
        said = customers.map(lambda one: _say(client, shop, *one), zip(consoles, texts, sorted(due), strict=True))
        answers = agents.map(
            lambda one: _reply(client, shop, *one),
            zip(consoles, [at + answered_after_s for at in sorted(due)], strict=True),
        )
        posted = list(said)
        list(answers)
    return posted


def _say(client: httpx.Client, shop: Shop, console: int, text: str, due: float) -> Posted:
    path, message = _path(shop, console), {"role": "customer", "text": text}
    sleep(max(0.0, due - time()))
    at = time()
    answer = _checked(client.post(path, json=message)).json()
    return Posted(console, int(answer["conversation_version"]), at, time())


def _reply(client: httpx.Client, shop: Shop, console: int, due: float) -> None:
    sleep(max(0.0, due - time()))
    message = {"role": "agent", "text": ANSWER, "author_id": shop.agent_ids[console]}
    _checked(client.post(_path(shop, console), json=message))


def _path(shop: Shop, console: int) -> str:
    return f"/v1/conversations/{shop.conversation_ids[console]}/messages"


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise NotReadyError(f"the server answered {response.status_code} to {response.url}: {response.text[:200]}")
    return response
