"""Effects by segment: right in each, and left out where there is too little."""

from dataclasses import replace

import numpy as np
import pytest

from eval.effects.exposures import Exposures
from eval.effects.segments import segment_effects
from eval.effects.settings import EffectSettings
from eval.effects.synthetic import ConfoundedWorld
from eval.errors import DataError

SETTINGS = EffectSettings()


def drawn(effect: float = 0.1, n: int = 8000) -> Exposures:
    return ConfoundedWorld(effect=effect).draw(n, np.random.default_rng(2))


def test_an_effect_among_some_is_found_among_those() -> None:
    helped, plain = drawn(0.15), drawn(0.0)
    at = np.where(np.arange(8000) < 4000, "direct", "group")
    mixed = replace(helped, **{n: np.where(at == "direct", getattr(helped, n), getattr(plain, n)) for n in ONE_A_ROW})
    mixed = replace(mixed, features=np.where((at == "direct")[:, None], helped.features, plain.features))
    direct, group = segment_effects(mixed, {"scene": at}, SETTINGS, np.random.default_rng(0))
    assert (direct.segment, direct.value, group.value) == ("scene", "direct", "group")
    assert direct.effect.low < 0.15 < direct.effect.high
    assert group.effect.low < 0 < group.effect.high
    assert direct.effect.low > group.effect.high


ONE_A_ROW = ("treated", "outcome", "agent", "stratum", "cluster")


def test_small_and_unknown_segments_are_left_out() -> None:
    exposures = drawn(n=2000)
    values = np.full(2000, "")
    values[:40], values[40:1500] = "a", "b"
    found = segment_effects(exposures, {"x": values, "y": np.full(2000, "all")}, SETTINGS, np.random.default_rng(0))
    assert [(one.segment, one.value) for one in found] == [("x", "b"), ("y", "all")]
    assert found[0].n_treated + found[0].n_comparison <= 1460


def test_too_little_in_the_whole_has_no_segments() -> None:
    few = drawn(n=40)
    assert segment_effects(few, {"x": np.full(40, "a")}, SETTINGS, np.random.default_rng(0)) == []


def test_a_segment_needs_a_value_a_row() -> None:
    with pytest.raises(DataError, match=r"segment x: values of shape \(3,\); expected 2000, one a row"):
        segment_effects(drawn(n=2000), {"x": np.full(3, "a")}, SETTINGS, np.random.default_rng(0))
