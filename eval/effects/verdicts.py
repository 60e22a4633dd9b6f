"""The verdict on every candidate among all that were looked at: helps, harms, or cannot tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from eval.effects.evidence import Adjusted, Evidence
from eval.effects.planning import is_contradicted, more_uses
from eval.effects.pooling import LEAST_ESTIMATES, Prior, fit_prior
from eval.effects.sentences import sentence_of_cannot_tell, sentence_of_effect
from eval.errors import EvalError
from eval.statistics.bootstrap import LEVEL
from eval.statistics.correction import benjamini_hochberg
from eval.statistics.estimate import Estimate

NOTHING_KNOWN = Prior(0.0, 0.05**2)
"""Of effects where there are too few to learn it from: most within ten points."""


class Verdict(StrEnum):
    """What can be said of a candidate."""

    HELPS = "helps"
    HARMS = "harms"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True)
class JudgementSettings:
    """How sure a verdict must be.

    Attributes:
        fdr: Share of the candidates said to help or harm that may be wrong.
        worthwhile: Smallest effect that is worth knowing of.
        largest_error: Candidates with a larger standard error are not tested, since they would make every other test
            harder with next to no chance of their own; a standard error says nothing of the effect, so that leaving
            them out does not bend the others (Bourgon, Gentleman and Huber 2010).
    """

    fdr: float = 0.10
    worthwhile: float = 0.05
    largest_error: float = 0.04

    def __post_init__(self) -> None:
        if not 0 < self.fdr < 1:
            raise EvalError(f"false discovery rate {self.fdr}; expected a number between 0 and 1")
        if self.worthwhile <= 0 or self.largest_error <= 0:
            raise EvalError(f"worthwhile {self.worthwhile}, largest error {self.largest_error}; expected both above 0")


@dataclass(frozen=True)
class Judgement:
    """The verdict on one candidate and one outcome.

    Attributes:
        q_value: The smallest false discovery rate at which the effect would count; None where it was not tested.
        shrunk: The effect drawn towards those of the other candidates, as large as it is best expected to prove.
        needs_more: Further uses with which an effect of the size seen, or the smallest worthwhile one if that is more,
            would be told with a chance of 80 %; 0 where there were enough, None where more uses would not help.
        why: One sentence.
    """

    evidence: Evidence
    verdict: Verdict
    why: str
    q_value: float | None
    shrunk: Estimate | None
    needs_more: int | None


def judge(evidences: Sequence[Evidence], settings: JudgementSettings | None = None) -> list[Judgement]:
    """The verdicts, in the order given, on all candidates and outcomes at once.

    An effect counts when it stands after the correction of Benjamini and Hochberg over all that were tested, its own
    interval leaves out nought, and the contrast within agents does not clearly say the opposite. Each outcome has its
    own normal prior for the shrunk effects, fitted to all its estimates.
    """
    settings = settings or JudgementSettings()
    q_values = _q_values(evidences, settings)
    tested = [q for q in q_values if q is not None]
    # What the next discovery would have to reach.
    level = settings.fdr * min(1.0, (sum(q <= settings.fdr for q in tested) + 1) / max(1, len(tested)))
    priors = _priors(evidences)
    return [
        _judgement(one, q_value, priors[one.outcome_name], level, settings)
        for one, q_value in zip(evidences, q_values, strict=True)
    ]


def _q_values(evidences: Sequence[Evidence], settings: JudgementSettings) -> list[float | None]:
    tested = {
        place: one.adjusted.p_value
        for place, one in enumerate(evidences)
        if one.adjusted and one.adjusted.standard_error <= settings.largest_error
    }
    found = dict(zip(tested, benjamini_hochberg(list(tested.values())).tolist(), strict=True))
    return [found.get(place) for place in range(len(evidences))]


def _priors(evidences: Sequence[Evidence]) -> dict[str, Prior]:
    by_outcome: dict[str, list[Adjusted]] = {one.outcome_name: [] for one in evidences}
    for one in evidences:
        if one.adjusted and one.adjusted.standard_error > 0:
            by_outcome[one.outcome_name].append(one.adjusted)
    return {name: _prior(found) for name, found in by_outcome.items()}


def _prior(found: Sequence[Adjusted]) -> Prior:
    if len(found) < LEAST_ESTIMATES:
        return NOTHING_KNOWN
    return fit_prior([one.effect.mean for one in found], [one.standard_error for one in found])


def _judgement(
    evidence: Evidence, q_value: float | None, prior: Prior, level: float, settings: JudgementSettings
) -> Judgement:
    needs_more = more_uses(evidence, level, settings.worthwhile)
    adjusted = evidence.adjusted
    shrunk = prior.pooled(adjusted.effect.mean, adjusted.standard_error, adjusted.effect.n) if adjusted else None
    if adjusted and _counts(adjusted, q_value, settings) and not is_contradicted(evidence):
        verdict = Verdict.HELPS if adjusted.effect.mean > 0 else Verdict.HARMS
        return Judgement(evidence, verdict, sentence_of_effect(evidence, adjusted), q_value, shrunk, 0)
    why = sentence_of_cannot_tell(evidence, needs_more, settings.worthwhile)
    return Judgement(evidence, Verdict.CANNOT_TELL, why, q_value, shrunk, needs_more)


def _counts(adjusted: Adjusted, q_value: float | None, settings: JudgementSettings) -> bool:
    return q_value is not None and q_value <= settings.fdr and adjusted.p_value < 1 - LEVEL
