"""The Open Bandit logs: what a uniform policy's log says of Thompson sampling, against what that policy earned."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[3] / "docs" / "measurements" / "open_bandit.py"
FOLDER = Path(os.environ.get("COPILOT_DATA", "")) / "obd"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("open_bandit", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_policy_that_moves_is_averaged_over_time_by_the_harmonic_mean(script: ModuleType) -> None:
    """Item 0 is shown with 0.8 in one half of the rounds and with 0.2 in the other: 0.5 on average."""
    rng = np.random.default_rng(0)
    early = np.arange(20_000) < 10_000
    propensity_of_0 = np.where(early, 0.8, 0.2)
    items = (rng.random(20_000) >= propensity_of_0).astype(np.int64)
    recorded = np.where(items == 0, propensity_of_0, 1 - propensity_of_0)
    log = script.Log(items, np.zeros(20_000, np.int64), np.zeros(20_000), recorded)
    for how, share in (("harmonic", 0.5), ("counted", 0.5)):
        with np.errstate(invalid="ignore"):  # the other positions are empty
            assert script.mean_policy(log, 2, how)[0] == pytest.approx([share, share], abs=0.02)
    # Recorded propensities of item 0 are 0.8 in four of five rows: their plain mean is 0.68, not 0.5.
    assert recorded[items == 0].mean() == pytest.approx(0.68, abs=0.01)


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="COPILOT_DATA names no folder with obd")
@pytest.mark.parametrize("campaign", ["all", "men", "women"])
def test_the_random_log_agrees_with_what_thompson_sampling_earned(script: ModuleType, campaign: str) -> None:
    earned = script.on_policy(script.Log.read(FOLDER, "bts", campaign)).mean
    report = script.judge(FOLDER, campaign, "harmonic", 0)
    assert len(report.estimates) == 7
    assert all(one.value.low <= earned <= one.value.high for one in report.estimates)


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="COPILOT_DATA names no folder with obd")
def test_the_relative_value_is_near_the_published_one(script: ModuleType) -> None:
    ips = script.judge(FOLDER, "all", "harmonic", 0).estimates[0]
    assert ips.estimator == "ips"
    assert ips.relative is not None
    assert ips.relative.low < script.PUBLISHED["all"] < ips.relative.high
    assert ips.relative.mean == pytest.approx(1.191, abs=0.001)
