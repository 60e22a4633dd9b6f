"""What models that have not seen a row expect of it: whether the candidate is sent, and what either reply brings."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from eval.effects.design import Design
from eval.effects.exposures import Codes, Exposures, Flags, Floats

N_TRIES = 1000
LEAST_CHANCE = 1e-6
ROWS_TO_CHOOSE_BY = 1_000
"""A penalty chosen by so many rows is as good as one chosen by all."""

Fit = Callable[[Floats, Flags, Flags], Floats]
"""From columns and the rows that teach: what is expected of the rows asked for."""
Loss = Callable[[Floats, Flags], float]
"""How wrong predictions of some rows are, and which rows these are."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Of every row, each of shape (n_rows,) and within 0 to 1.

    Attributes:
        propensity: Chance of the candidate; as it was drawn where chance chose.
        with_candidate, without: The outcome expected of the candidate and of the ordinary reply.
    """

    propensity: Floats
    with_candidate: Floats
    without: Floats


def predict(exposures: Exposures, folds: Codes, penalties: Sequence[float]) -> Predictions:
    """Predictions of every row by models of the other folds, with the penalties that predict best."""
    design = Design.of(exposures)
    # Checking arguments took longer than fitting; these were checked when they entered.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        with_candidate, without = _outcomes(exposures, design, folds, penalties)
        propensity = exposures.propensity
        if propensity is None:
            propensity = _propensities(exposures.treated, design, folds, penalties)
    return Predictions(propensity, with_candidate, without)


def draw_folds(exposures: Exposures, n_folds: int, rng: np.random.Generator) -> Codes:
    """The fold of every row; a cluster stays together.

    Clusters with treated rows are shared out evenly, and so are those with comparison rows: none teaches one side only.
    """
    known, members = np.unique(exposures.cluster, return_inverse=True)
    share = np.bincount(members, exposures.treated, len(known)) / np.bincount(members, minlength=len(known))
    order = rng.permutation(len(known))
    order = order[np.argsort(np.ceil(share) + np.floor(share), kind="stable")]
    folds = np.empty(len(known), np.int64)
    folds[order] = np.arange(len(known)) % n_folds
    return np.asarray(folds[members])


def _propensities(treated: Flags, design: Design, folds: Codes, penalties: Sequence[float]) -> Floats:
    def fit(columns: Floats, taught: Flags, asked: Flags) -> Floats:
        model = LogisticRegression(solver="newton-cholesky", max_iter=N_TRIES)
        model.fit(columns[taught], treated[taught])
        return np.asarray(model.predict_proba(columns[asked])[:, 1:], np.float64)

    with warnings.catch_warnings():
        # A fit short of its last digit is good enough: small errors of the propensity do not move the effect.
        warnings.simplefilter("ignore", ConvergenceWarning)
        best = _best(fit, design, folds, penalties, lambda one, rows: _log_loss(one[:, 0], treated[rows]))[:, 0]
    return np.clip(best, LEAST_CHANCE, 1 - LEAST_CHANCE)


def _outcomes(exposures: Exposures, design: Design, folds: Codes, penalties: Sequence[float]) -> tuple[Floats, Floats]:
    """What the candidate and the ordinary reply are expected to bring; linear, so that outcomes may be fractions."""
    treated, outcome = exposures.treated, exposures.outcome

    def fit(columns: Floats, taught: Flags, asked: Flags) -> Floats:
        model = Ridge().fit(np.column_stack([treated, columns])[taught], outcome[taught])
        without = model.predict(np.column_stack([np.zeros(int(asked.sum())), columns[asked]]))
        return np.asarray(np.clip(np.column_stack([without + model.coef_[0], without]), 0.0, 1.0), np.float64)

    def loss(one: Floats, rows: Flags) -> float:
        return float(((np.where(treated[rows], *one.T) - outcome[rows]) ** 2).sum())

    best = _best(fit, design, folds, penalties, loss)
    return best[:, 0], best[:, 1]


def _best(fit: Fit, design: Design, folds: Codes, penalties: Sequence[float], loss: Loss) -> Floats:
    """What each fold is told by a model of the others, with the penalty that predicts some of the folds best."""
    tried_on = _enough(folds)
    rows = np.isin(folds, tried_on)
    losses = [loss(_told(fit, design.columns(penalty), folds, tried_on)[rows], rows) for penalty in penalties]
    return _told(fit, design.columns(penalties[int(np.argmin(losses))]), folds, np.unique(folds))


def _enough(folds: Codes) -> Codes:
    """The first folds, as many as have rows enough to choose a penalty by."""
    known, n_rows = np.unique(folds, return_counts=True)
    return np.asarray(known[: int(np.searchsorted(np.cumsum(n_rows), ROWS_TO_CHOOSE_BY)) + 1])


def _told(fit: Fit, columns: Floats, folds: Codes, asked: Codes) -> Floats:
    """What these folds are told by a model of all others, shape (n_rows, n_predictions); other rows mean nothing."""
    told = [(folds == fold, fit(columns, folds != fold, folds == fold)) for fold in asked.tolist()]
    found = np.zeros((len(columns), told[0][1].shape[1]))
    for rows, values in told:
        found[rows] = values
    return found


def _log_loss(chances: Floats, happened: Flags) -> float:
    return -float(np.log(np.maximum(np.where(happened, chances, 1 - chances), LEAST_CHANCE)).sum())
