"""How good each agent is with the customers and hours that come to them; never a leaderboard of raw rates.

What an agent's scripts do is part of what the agent achieves: the numbers say how conversations end, not why. Whoever
sends better scripts stands higher, and so would everybody who sent them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from eval.effects.design import standardised
from eval.effects.exposures import Codes, Flags, Floats
from eval.effects.pooling import LEAST_ESTIMATES, Prior, fit_prior
from eval.errors import EvalError
from eval.statistics.bootstrap import LEVEL
from eval.statistics.estimate import Estimate

NOTHING_KNOWN = Prior(0.0, 0.05**2)
"""Of agents where there are too few to learn their spread from."""


@dataclass(frozen=True)
class AgentEstimate:
    """One agent against the mean of all agents, as if everybody had the same customers and hours.

    Attributes:
        agent: The code as given.
        n: Conversations.
        raw_rate: Of all the agent's conversations; says as much about the customers as about the agent.
        adjusted: Difference from the mean over agents; None where nothing connects the agent with the others.
        pooled: The same, drawn towards the other agents the less there is to tell it from; what to show and to rank by.
    """

    agent: int
    n: int
    raw_rate: float
    adjusted: Estimate | None
    pooled: Estimate


@dataclass(frozen=True, eq=False)
class _Fit:
    """Effects of the agents in the order of their codes; the error of one that cannot be told is infinite."""

    effects: Floats
    errors: Floats


def agent_performance(
    outcome: Floats, features: NDArray[np.floating], agent: Codes, cluster: Codes
) -> list[AgentEstimate]:
    """Every agent's performance in the order of their codes, from conversations of the same customers with others.

    One row a conversation; the cluster is the customer. Whatever stays the same about a customer, seen or not, plays
    no part. `features` are what differs between conversations of one customer (hour, weekday, scene, stage) and not
    the customer's history, which an earlier agent has made. Customers with one conversation teach nothing; an agent
    who has shared no customer with any other has no adjusted number. Errors are robust to clusters.

    Raises:
        EvalError: the arrays differ in length, or hold numbers that are not finite.
    """
    if not _has_rows(outcome, features, agent, cluster):
        return []
    _, customers = np.unique(cluster, return_inverse=True)
    columns, n_agents = _columns(features, agent), len(np.unique(agent))
    moved = columns - _means(columns, customers)
    fit = _fit(
        outcome - _means(outcome[:, None], customers)[:, 0],
        moved,
        customers,
        is_linked=_largest_circle(moved[:, :n_agents]),
        n_fitted=len(np.unique(customers)),
    )
    return _estimates(outcome, agent, fit)


def agent_performance_by_features(
    outcome: Floats, features: NDArray[np.floating], agent: Codes, cluster: Codes
) -> list[AgentEstimate]:
    """As `agent_performance`, where customers do not come back: alike in their features instead of the same.

    What the features do not show of the customers stays with the agent. Agents and features are fitted together: a
    model of the features alone would put down to easy customers what the agents who get them are worth.

    Raises:
        EvalError: the arrays differ in length, or hold numbers that are not finite.
    """
    if not _has_rows(outcome, features, agent, cluster):
        return []
    _, customers = np.unique(cluster, return_inverse=True)
    is_linked = np.ones(len(np.unique(agent)), np.bool_)
    fit = _fit(outcome, _columns(features, agent), customers, is_linked=is_linked, n_fitted=0)
    return _estimates(outcome, agent, fit)


def _has_rows(outcome: Floats, features: NDArray[np.floating], agent: Codes, cluster: Codes) -> bool:
    lengths = [len(one) for one in (outcome, features, agent, cluster)]
    if len(set(lengths)) > 1 or features.ndim != 2:
        raise EvalError(
            f"outcome, features, agent and cluster of {lengths} rows, features of {features.ndim} dimensions; "
            "expected as many rows each and features in columns"
        )
    if not (np.isfinite(outcome).all() and np.isfinite(features).all()):
        raise EvalError("an outcome or a feature is no finite number; expected conversations whose outcome is known")
    return len(outcome) > 0


def _columns(features: NDArray[np.floating], agent: Codes) -> Floats:
    """A column for each agent, then the features."""
    known, agents = np.unique(agent, return_inverse=True)
    return np.column_stack([np.eye(len(known))[agents], standardised(features)])


def _largest_circle(moved: Floats) -> Flags:
    """The agents who share customers with each other, directly or by way of others; as many of them as can be."""
    shared = np.abs(moved.T @ moved) > 1e-9
    _, circles = connected_components(shared, directed=False)
    return np.asarray(circles == np.bincount(circles).argmax())


def _fit(outcome: Floats, columns: Floats, customers: NDArray[np.intp], *, is_linked: Flags, n_fitted: int) -> _Fit:
    """Least squares, with errors by customer; the linked agents' effects are differences from the mean of them.

    The agents' columns come first. `n_fitted` counts numbers that were taken out of the rows beforehand.
    """
    gram = columns.T @ columns
    bread = np.linalg.pinv(gram, hermitian=True, rcond=1e-10)
    found = bread @ (columns.T @ outcome)
    influence = _sums(columns * (outcome - columns @ found)[:, None], customers) @ bread
    n_rows, n_customers = len(outcome), len(influence)
    grown = n_customers / max(1, n_customers - 1) * n_rows / max(1, n_rows - columns.shape[1] - n_fitted)
    mean = np.zeros((len(gram), 1))
    mean[: len(is_linked), 0] = is_linked / is_linked.sum()
    contrasts = np.eye(len(gram), len(is_linked)) - mean
    errors = np.sqrt(grown * ((influence @ contrasts) ** 2).sum(axis=0))
    # An agent whose columns are a combination of the features' cannot be told from those either.
    is_told = is_linked & (np.abs(contrasts - bread @ gram @ contrasts).max(axis=0) < 1e-6)
    return _Fit(found @ contrasts, np.where(is_told, errors, np.inf))


def _estimates(outcome: Floats, agent: Codes, fit: _Fit) -> list[AgentEstimate]:
    known, agents, counts = np.unique(agent, return_inverse=True, return_counts=True)
    raw = np.bincount(agents, outcome) / counts
    prior = _prior(fit)
    rows = zip(known.tolist(), counts.tolist(), raw.tolist(), fit.effects.tolist(), fit.errors.tolist(), strict=True)
    return [
        AgentEstimate(code, n, rate, _interval(effect, error, n), prior.pooled(effect, error, n))
        for code, n, rate, effect, error in rows
    ]


def _prior(fit: _Fit) -> Prior:
    told = np.isfinite(fit.errors) & (fit.errors > 0)
    return fit_prior(fit.effects[told], fit.errors[told]) if told.sum() >= LEAST_ESTIMATES else NOTHING_KNOWN


def _interval(effect: float, error: float, n: int) -> Estimate | None:
    if not math.isfinite(error):
        return None
    reach = float(norm.ppf((1 + LEVEL) / 2)) * error
    return Estimate(effect, effect - reach, effect + reach, n)


def _sums(columns: Floats, groups: NDArray[np.intp]) -> Floats:
    return np.column_stack([np.bincount(groups, column) for column in columns.T])


def _means(columns: Floats, groups: NDArray[np.intp]) -> Floats:
    return np.asarray((_sums(columns, groups) / np.bincount(groups)[:, None])[groups], np.float64)
