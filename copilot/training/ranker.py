"""`train_ranker`: from decided sets to a policy that takes over only where it wins."""

from dataclasses import replace

import numpy as np

from copilot.engine.policy import REPLY_FEATURES, Calibration, Performance, Policy, ReplyWeights
from copilot.errors import BadRequestError
from copilot.training.calibrating import (
    FirstReplies,
    coverage_points,
    fitted_calibration,
    log_loss_gain,
    precise_threshold,
    same_threshold,
    trust,
)
from copilot.training.judging import judge_orders
from copilot.training.log import DecisionLog, weight_array
from copilot.training.outcome import Curve, LearnedOrder, LearnedTrust, Threshold, TrainedRanker
from copilot.training.ranges import Ranges
from copilot.training.settings import RankerSettings
from models.rankers.additive import AdditiveFit, fit_additive_by_time
from models.rankers.errors import RankerError
from models.rankers.examination import Examination, default_curve, estimate_examination, known_examination
from models.rankers.shrinkage import fit_beta_prior

DECIMALS = 6
MAIN_METRIC = "nDCG@3"


def train_ranker(log: DecisionLog, serving: Policy, settings: RankerSettings) -> TrainedRanker:
    """Fit weights and calibration to earlier decisions, and judge them against the serving policy on later ones.

    Weights and calibration win separately, each when the 95 % interval of its gain lies above zero; where weights win,
    their calibration comes with them, for another score needs another map.

    Raises:
        NotReadyError: there are too few decisions.
        BadRequestError: the examination given is no curve for these lists.
    """
    rng = np.random.default_rng(settings.seed)
    ranges = Ranges.of(log, settings)
    order = _learned_order(ranges, serving, settings, rng)
    chosen = replace(serving, reply=order.weights, performance=order.performance) if order.won else serving
    trust = _learned_trust(ranges, serving, chosen, settings, rng)
    calibration = trust.calibration if trust.won else serving.calibration
    return TrainedRanker(
        policy=replace(chosen, calibration=calibration, reply_threshold=trust.threshold.value),
        serving=serving.version,
        source=log.source,
        data_hash=log.data_hash,
        counts=_counts(log, ranges),
        left_out=log.left_out,
        settings=settings,
        order=order,
        trust=trust,
    )


def _learned_order(ranges: Ranges, serving: Policy, settings: RankerSettings, rng: np.random.Generator) -> LearnedOrder:
    fitting, judging, curve = _examinations(ranges, settings)
    performance = _performance(ranges.fit, serving)
    fit = _fit(ranges.fit.believing(performance), serving, fitting)
    weights = _weights(fit)
    before = ranges.judge.scores(serving.reply)
    after = ranges.judge.believing(performance).scores(weights)
    metrics = judge_orders(ranges.judge, before, after, judging, rng)
    won = metrics[MAIN_METRIC].is_better
    return LearnedOrder(weights, performance, fit.sharpness, fit.strength, curve, metrics, won)


def _examinations(ranges: Ranges, settings: RankerSettings) -> tuple[Examination, Examination, Curve]:
    """The curve to fit with, the one to judge with, and both for the record.

    What the log does not tell is filled in for fitting with the usual curve, and for judging with none at all: takings
    further down then count for less than they may be worth, which favours the serving order.
    """
    n_places = ranges.fit.n_places
    if settings.examination:
        if len(settings.examination) < n_places:
            expected = f"a number for each of {n_places} places"
            raise BadRequestError("examination", list(settings.examination), expected)
        try:
            given = known_examination(settings.examination[:n_places])
        except RankerError as error:
            raise BadRequestError("examination", list(settings.examination), str(error)) from error
        shown = tuple(given.curve.tolist())
        return given, given, Curve(shown, shown, "given", 0)
    fitting = _estimated([ranges.fit], default_curve(n_places))
    judging = _estimated([ranges.fit, ranges.calibrate], np.ones(n_places))
    source = "measured where neighbours changed places" if judging.is_measured else "believed"
    with_curve, by_curve = (tuple(one.curve.tolist()) for one in (fitting, judging))
    return fitting, judging, Curve(with_curve, by_curve, source, int(judging.n_takings.sum()))


def _estimated(logs: list[DecisionLog], believed: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Examination:
    return estimate_examination(
        np.concatenate([one.slates.places for one in logs]),
        np.concatenate([one.slates.taken for one in logs]),
        np.concatenate([one.propensities for one in logs]),
        believed,
    )


def _performance(log: DecisionLog, serving: Policy) -> Performance:
    """How often the team's scripts are usually sent, and how much they differ; as before where the log does not say."""
    items, members = np.unique(log.item_ids, return_inverse=True)
    if log.uses is None or not len(items):
        return serving.performance
    taken = np.bincount(members, weights=log.slates.taken)
    found = fit_beta_prior(np.bincount(members), taken)
    return Performance(round(found.usual, 4), round(found.strength, 2)) if found else serving.performance


def _fit(log: DecisionLog, serving: Policy, examination: Examination) -> AdditiveFit:
    counts = 1.0 / examination.curve[log.slates.places]
    return fit_additive_by_time(log.slates, counts, weight_array(serving.reply), log.groups)


def _weights(fit: AdditiveFit) -> ReplyWeights:
    return ReplyWeights(**dict(zip(REPLY_FEATURES, np.round(fit.weights, DECIMALS).tolist(), strict=True)))


def _learned_trust(
    ranges: Ranges, serving: Policy, chosen: Policy, settings: RankerSettings, rng: np.random.Generator
) -> LearnedTrust:
    is_same_score = chosen == serving
    calibrating, judging = (_as_believed(one, serving, chosen) for one in (ranges.calibrate, ranges.judge))
    seen, later = (FirstReplies.of(one, chosen.reply) for one in (calibrating, judging))
    before = FirstReplies.of(ranges.judge, serving.reply)
    fitted, families = fitted_calibration(seen, rng, serving.calibration)
    gain = log_loss_gain(before, serving.calibration, later, fitted, rng)
    won = gain.low > 0.0 or not is_same_score
    used = fitted if won else serving.calibration
    usual = Threshold(serving.reply_threshold, "as before")
    if won:
        shown = calibrating.scores(chosen.reply)
        usual = same_threshold(serving.reply_threshold, serving.calibration, used, shown, is_same_score=is_same_score)
    return LearnedTrust(
        calibration=fitted,
        family=families.family,
        families=families.log_losses,
        before=trust(before, serving.calibration, rng),
        after=trust(later, fitted, rng),
        gain=gain,
        won=won,
        threshold=_threshold(usual, used, (seen, later), settings.wished_precision, rng),
        curve=coverage_points(later, used),
    )


def _as_believed(log: DecisionLog, serving: Policy, chosen: Policy) -> DecisionLog:
    """The log with features as the chosen policy makes them; as they were where it believes the same."""
    return log if chosen.performance == serving.performance else log.believing(chosen.performance)


def _threshold(
    usual: Threshold,
    used: Calibration,
    first: tuple[FirstReplies, FirstReplies],
    wished: float | None,
    rng: np.random.Generator,
) -> Threshold:
    """The one for the wished precision, else the usual one."""
    if wished is None:
        return usual
    found = precise_threshold(*first, used, wished, rng)
    return found or replace(usual, why=f"{usual.why}: no threshold surely reaches a precision of {wished:g}")


def _counts(log: DecisionLog, ranges: Ranges) -> dict[str, int]:
    parts = {"fit": ranges.fit, "calibrate": ranges.calibrate, "judge": ranges.judge}
    return {
        "n_sets": log.n,
        "n_taken": log.n_taken,
        "n_swappable": log.n_swappable,
        **{f"n_{name}": one.n for name, one in parts.items()},
        **{f"n_{name}_taken": one.n_taken for name, one in parts.items()},
    }
