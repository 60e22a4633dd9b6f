"""A second policy that ranks the same candidates silently; what it would have shown is recorded and shown to nobody."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.engine.answer import Reply, ShadowRanking, Standing
from copilot.engine.policy import Policy
from copilot.engine.ranking import weigh
from copilot.engine.replies import Draft, Selection

logger = logging.getLogger(__name__)

N_KEPT = 10
"""So far down the shadow's order is followed, to tell where a reply that an agent took stood in it."""


@dataclass(frozen=True)
class ShadowPolicy:
    """The policy that ranks silently; `version` is the store's."""

    version: str
    policy: Policy


def rank_silently(
    shadow: ShadowPolicy,
    served: Selection,
    drafts: Sequence[Draft],
    features: Callable[[Policy], NDArray[np.float64]],
    *,
    n_shown: int,
) -> ShadowRanking | None:
    """What the shadow would have shown of the candidates that were found, beside what the serving policy chose.

    `features` gives those of the candidates, shape (n_candidates, n_features), as a policy sees them. The shadow passes
    the same rules on its way; how many candidates are searched for and kept is decided by the policy that serves. What
    exploration swapped is compared as it stood before.

    Where no reply was asked for there is nothing to compare. A shadow that fails is logged and gives nothing; the
    answer never feels it.
    """
    if not n_shown:
        return None
    try:
        ranked = weigh(features(shadow.policy), shadow.policy.reply)
        own = Selection(shadow.policy, served.rules, served.render, served.language)
        own.fill(drafts, ranked, max(N_KEPT, n_shown))
    except Exception as error:  # the boundary between a policy on trial and the agent's answer
        logger.warning("shadow %s could not rank: %s", shadow.version, type(error).__name__)
        logger.debug("shadow %s could not rank", shadow.version, exc_info=True)
        return None
    return ShadowRanking(
        version=shadow.version,
        policy=shadow.policy.version,
        n_shown=n_shown,
        served=_standings(served.replies),
        shadow=_standings(own.replies),
    )


def _standings(replies: Sequence[Reply]) -> tuple[Standing, ...]:
    return tuple(Standing(one.script_id, one.version, one.score, one.probability) for one in replies)
