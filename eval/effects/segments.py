"""The effect of one candidate among some of the turns: in groups, with new customers, in the evening."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.effects.exposures import Exposures
from eval.effects.linear import ratio_estimate
from eval.effects.scores import score
from eval.effects.settings import EffectSettings
from eval.effects.support import shortage_of
from eval.errors import DataError
from eval.statistics.estimate import Estimate


@dataclass(frozen=True)
class SegmentEffect:
    """The effect where `segment` has this value; intervals are of one segment each, not corrected for their number."""

    segment: str
    value: str
    effect: Estimate
    n_treated: int
    n_comparison: int


def segment_effects(
    exposures: Exposures,
    segments: Mapping[str, NDArray[np.str_]],
    settings: EffectSettings,
    rng: np.random.Generator,
) -> list[SegmentEffect]:
    """The effect in every value of every segment that has enough data, in the order of segments and values.

    The models are those of the whole, so that segments differ by what happened in them and not by how they were
    adjusted. Values are texts, one a row, empty where they are not known. Empty where the whole is too little.

    Raises:
        DataError: a segment has not one value a row.
    """
    for name, values in segments.items():
        if values.shape != exposures.treated.shape:
            raise DataError(f"segment {name}", None, f"values of shape {values.shape}", f"{len(exposures)}, one a row")
    if shortage_of(exposures, settings):
        return []
    scores = score(exposures, settings, rng)
    found = []
    for name, values in segments.items():
        for value in np.unique(values[values != ""]).tolist():
            rows = (values == value) & scores.is_kept
            part = exposures.take(rows)
            if shortage_of(part, settings) is None:
                effect = ratio_estimate(scores.effects[rows], scores.weights[rows], part.cluster).estimate
                n_treated = int(part.treated.sum())
                found.append(SegmentEffect(name, value, effect, n_treated, len(part) - n_treated))
    return found
