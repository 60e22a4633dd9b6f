"""Worlds whose truth can be computed: what a policy earns follows from sums over every context and every list.

A world is drawn, then logged as often as one likes. Contexts are finite in number, so that no value is an estimate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eval.datasets.decisions import Codes, Decisions, Floats

Interaction = Literal["independent", "cascade", "standard"]
"""What the reward of a place depends on: its own item, also those before it, or the whole list."""

Numbers = NDArray[np.int64]

BASE_RATE = 0.35
EFFECT = 0.06
COMPANY = 1.0
"""How much the liking of the other items of a list helps each, in the world of whole lists."""
LOWEST, HIGHEST = 0.02, 0.98


@dataclass(frozen=True, eq=False)
class BanditWorld:
    """One item a round. Arrays over contexts and items have shape (n_contexts, n_items)."""

    context_shares: Floats
    logging: Floats
    target: Floats
    rewards: Floats
    """The probability of a reward of 1."""
    features: Floats
    """What is written down, shape (n_contexts, n_items, n_features)."""

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        *,
        distance: float = 1.0,
        hidden_effect: float = 0.0,
        n_contexts: int = 40,
        n_items: int = 10,
    ) -> "BanditWorld":
        """A world in which policies prefer items by chance, the more unlike each other the greater `distance`.

        The reward is linear in the features and the item, up to a part of the size of `hidden_effect` that hangs on
        item and context together and that no linear model can learn.
        """
        shape = (n_contexts, n_items)
        features = rng.normal(size=(*shape, 2))
        hidden = rng.normal(size=shape)
        effects = features @ np.array([1.0, -1.0]) + rng.normal(size=n_items)
        rewards = BASE_RATE + EFFECT * effects + hidden_effect * hidden
        # A policy that has learned something goes after the reward, the parts the model cannot see included.
        taste = (rewards - rewards.mean()) / rewards.std()
        return cls(
            context_shares=rng.dirichlet(np.full(n_contexts, 5.0)),
            logging=_softmax(distance * rng.normal(size=shape)),
            target=_softmax(distance * (0.5 * taste + rng.normal(size=shape))),
            rewards=np.clip(rewards, LOWEST, HIGHEST),
            features=features,
        )

    @property
    def value(self) -> float:
        """What the target policy earns per round."""
        return float(self.context_shares @ (self.target * self.rewards).sum(axis=1))

    @property
    def logged_value(self) -> float:
        """What the logging policy earns per round."""
        return float(self.context_shares @ (self.logging * self.rewards).sum(axis=1))

    def log(self, n_rounds: int, rng: np.random.Generator, *, rounds_per_cluster: int = 1) -> Decisions:
        """Rounds of the logging policy; the rounds of a cluster share their context."""
        clusters = np.arange(n_rounds, dtype=np.int32) // rounds_per_cluster
        contexts = rng.choice(len(self.context_shares), p=self.context_shares, size=int(clusters[-1]) + 1)[clusters]
        items = _sample(self.logging[contexts], rng)
        rewards = (rng.random(n_rounds) < self.rewards[contexts, items]).astype(np.float64)
        return self.rounds(contexts, items, rewards, clusters)

    def rounds(self, contexts: Numbers, items: Numbers, rewards: Floats, clusters: Codes) -> Decisions:
        """Rounds in which these items were shown, with all candidates; each argument has shape (n_rounds,)."""
        n_rounds, n_items = len(contexts), self.logging.shape[1]
        shown = np.arange(n_items) == items[:, None]
        return Decisions(
            source="synthetic",
            data_hash="",
            rounds=np.repeat(np.arange(n_rounds, dtype=np.int32), n_items),
            positions=np.ones(n_rounds * n_items, np.int32),
            items=np.tile(np.arange(n_items, dtype=np.int32), n_rounds),
            shown=shown.ravel(),
            rewards=np.where(shown, rewards[:, None], np.nan).ravel(),
            probabilities={
                "propensity": self.logging[contexts].ravel(),
                "target_propensity": self.target[contexts].ravel(),
            },
            features=self.features[contexts].reshape(n_rounds * n_items, -1),
            feature_names=tuple(f"x_{i}" for i in range(self.features.shape[2])),
            clusters=clusters,
            round_ids=_names(n_rounds),
            item_ids=_names(n_items),
        )


@dataclass(frozen=True, eq=False)
class SlateWorld:
    """Ranked lists without repetition, chosen place by place (Plackett and Luce); every list is known by its number."""

    context_shares: Floats
    lists: Codes
    """The items of every list, shape (n_lists, n_places)."""
    appeal: Mapping[str, Floats]
    """Of "logging" and "target": how each policy likes the items of a context, above 0, shape (n_contexts, n_items)."""
    rewards: Floats
    """The probability of a reward of 1 at each place, shape (n_contexts, n_lists, n_places)."""
    features: Floats
    """What is written down, shape (n_contexts, n_items, n_features)."""

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        *,
        distance: float = 0.5,
        interaction: Interaction = "cascade",
        n_contexts: int = 15,
        n_items: int = 5,
        n_places: int = 3,
    ) -> "SlateWorld":
        """A world in which policies prefer items by chance, the more unlike each other the greater `distance`."""
        shape = (n_contexts, n_items)
        features = rng.normal(size=(*shape, 2))
        likes = BASE_RATE + EFFECT * (features @ np.array([1.0, -1.0]) + rng.normal(size=n_items))
        likes = np.clip(likes, LOWEST, HIGHEST)
        lists = np.array(list(permutations(range(n_items), n_places)), np.int32)
        taste = (likes - likes.mean()) / likes.std()
        appeal = {
            "logging": np.exp(distance * rng.normal(size=shape)),
            "target": np.exp(distance * (0.5 * taste + rng.normal(size=shape))),
        }
        return cls(
            rng.dirichlet(np.full(n_contexts, 5.0)), lists, appeal, _rewards(likes[:, lists], interaction), features
        )

    @property
    def value(self) -> float:
        """What the target policy earns per round, over all places."""
        return self._value("target")

    @property
    def logged_value(self) -> float:
        """What the logging policy earns per round, over all places."""
        return self._value("logging")

    def log(self, n_rounds: int, rng: np.random.Generator) -> Decisions:
        """Rounds of the logging policy."""
        contexts = rng.choice(len(self.context_shares), p=self.context_shares, size=n_rounds)
        lists = _sample(self.list_shares("logging")[contexts], rng)
        rewards = rng.random((n_rounds, self.lists.shape[1])) < self.rewards[contexts, lists]
        return self.rounds(contexts, lists, rewards.astype(np.float64))

    def rounds(self, contexts: Numbers, lists: Numbers, rewards: Floats) -> Decisions:
        """Rounds in which the lists of these numbers brought `rewards` (n_rounds, n_places), with all candidates."""
        n_rounds, n_places, n_items = len(contexts), self.lists.shape[1], self.features.shape[1]
        shown = self.lists[lists][:, :, None] == np.arange(n_items)
        return Decisions(
            source="synthetic",
            data_hash="",
            rounds=np.repeat(np.arange(n_rounds, dtype=np.int32), n_places * n_items),
            positions=np.tile(np.repeat(np.arange(1, n_places + 1, dtype=np.int32), n_items), n_rounds),
            items=np.tile(np.arange(n_items, dtype=np.int32), n_rounds * n_places),
            shown=shown.ravel(),
            rewards=np.where(shown, rewards[:, :, None], np.nan).ravel(),
            probabilities=self._probabilities(contexts, lists),
            features=np.repeat(self.features[contexts], n_places, axis=0).reshape(n_rounds * n_places * n_items, -1),
            feature_names=tuple(f"x_{i}" for i in range(self.features.shape[2])),
            clusters=np.arange(n_rounds, dtype=np.int32),
            round_ids=_names(n_rounds),
            item_ids=_names(n_items),
        )

    def list_shares(self, policy: str) -> Floats:
        """The probability of every list, shape (n_contexts, n_lists); the policy is "logging" or "target"."""
        chosen = np.broadcast_to(self.lists[None, :, :, None], (len(self.context_shares), *self.lists.shape, 1))
        return np.asarray(np.take_along_axis(self._conditionals[policy], chosen, axis=3)[..., 0].prod(axis=2))

    def _probabilities(self, contexts: Numbers, lists: Numbers) -> dict[str, Floats]:
        rows_of_a_list = self.lists.shape[1] * self.features.shape[1]
        found = {}
        for policy, prefix in (("logging", ""), ("target", "target_")):
            found[f"{prefix}propensity"] = self._marginals(policy)[contexts].ravel()
            found[f"{prefix}conditional_propensity"] = self._conditionals[policy][contexts, lists].ravel()
            found[f"{prefix}slate_propensity"] = np.repeat(self.list_shares(policy)[contexts, lists], rows_of_a_list)
        return found

    def _value(self, policy: str) -> float:
        return float(self.context_shares @ (self.list_shares(policy) * self.rewards.sum(axis=2)).sum(axis=1))

    @cached_property
    def _conditionals(self) -> Mapping[str, Floats]:
        """By policy, the choice at every place of every list, shape (n_contexts, n_lists, n_places, n_items)."""
        stands = self.lists[:, :, None] == np.arange(self.features.shape[1])
        left = 1 - (stands.cumsum(axis=1) - stands)
        weighted = {policy: appeal[:, None, None, :] * left for policy, appeal in self.appeal.items()}
        return {policy: values / values.sum(axis=3, keepdims=True) for policy, values in weighted.items()}

    def _marginals(self, policy: str) -> Floats:
        """The probability of every item at every place, shape (n_contexts, n_places, n_items)."""
        stands = (self.lists[:, :, None] == np.arange(self.features.shape[1])).astype(np.float64)
        return np.asarray(np.einsum("cl,lpi->cpi", self.list_shares(policy), stands), np.float64)


def _rewards(likes: Floats, interaction: Interaction) -> Floats:
    """What each place brings, from how the items standing there are liked, both (n_contexts, n_lists, n_places)."""
    if interaction == "independent":
        return likes
    if interaction == "cascade":  # the reader goes on to the next place with probability 1 - liking, and so on
        unread = np.cumprod(np.concatenate([np.ones_like(likes[:, :, :1]), 1 - likes[:, :, :-1]], axis=2), axis=2)
        return np.asarray(likes * unread, np.float64)
    others = likes.sum(axis=2, keepdims=True) - likes
    company = others / (likes.shape[2] - 1) - BASE_RATE
    return np.asarray(np.clip(likes + COMPANY * company, LOWEST, HIGHEST), np.float64)


def _softmax(scores: Floats) -> Floats:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def _sample(shares: Floats, rng: np.random.Generator) -> Numbers:
    """One column for every row of shares."""
    return np.asarray((shares.cumsum(axis=1) < rng.random((len(shares), 1))).sum(axis=1).clip(max=shares.shape[1] - 1))


def _names(n: int) -> pa.StringArray:
    return pa.array([str(i) for i in range(n)])
