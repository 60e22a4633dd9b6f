import hashlib
import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.engine.policy import MAX_KNOTS, Calibration, Exploration, Performance, Policy, ReplyWeights
from copilot.engine.policy_file import policy_from, policy_in_use, policy_numbers, policy_of_encoder, read_policy
from copilot.errors import BadRequestError

OTHER = Policy(
    reply=ReplyWeights(exact_trigger=4.5, fatigue=1.0),
    calibration=Calibration(slope=2.0),
    exploration=Exploration(rate=0.05, tie_gap=0.2, seed=7),
    reply_threshold=0.4,
    n_searched=30,
)
TOML = """
reply_threshold = 0.4
n_searched = 30

[reply]
exact_trigger = 4.5
fatigue = 1

[calibration]
slope = 2

[exploration]
rate = 0.05
tie_gap = 0.2
seed = 7
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_only_what_differs(tmp_path: Path) -> None:
    assert read_policy(written(tmp_path, "policy.toml", TOML)) == OTHER


def test_a_policy_comes_back_from_its_json(tmp_path: Path) -> None:
    again = read_policy(written(tmp_path, "policy.json", json.dumps(asdict(OTHER))))
    assert (again, again.version) == (OTHER, OTHER.version)


def test_an_empty_file_is_the_default_policy(tmp_path: Path) -> None:
    assert read_policy(written(tmp_path, "policy.toml", "")) == Policy()


def test_whole_numbers_become_the_fractions_they_stand_for(tmp_path: Path) -> None:
    whole = read_policy(written(tmp_path, "policy.toml", "[reply]\nexact_trigger = 5"))
    assert whole.version == Policy().version


def test_other_numbers_are_put_on_top_of_a_base() -> None:
    assert policy_from({"reply": {"fatigue": 0.5}}, OTHER) == replace(OTHER, reply=replace(OTHER.reply, fatigue=0.5))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("treshold = 0.4", ["treshold", "0.4", "reply_threshold"]),
        ("[reply]\nexact = 1", ["reply.exact", "exact_trigger"]),
        ("reply = 3", ["reply", "3", "table"]),
        ("[reply]\nstage = nan", ["reply.stage", "nan", "finite"]),
        ("[reply]\nstage = inf", ["reply.stage", "inf", "finite"]),
        ("[reply]\nstage = '1'", ["reply.stage", "'1'", "number"]),
        ("[reply]\nstage = true", ["reply.stage", "True", "number"]),
        (f"[reply]\nstage = {'9' * 400}", ["reply.stage", "999", "number"]),
        ("n_searched = 2.5", ["n_searched", "2.5", "whole number from 1 to 1000"]),
        ("n_ranked = 0", ["n_ranked", "0", "from 1"]),
        ("reply_threshold = 1.5", ["reply_threshold", "1.5", "from 0 to 1"]),
        ("[exploration]\nrate = 0.6", ["exploration.rate", "0.6", "from 0 to 0.5"]),
        ("[calibration]\nslope = 0", ["calibration.slope", "0"]),
        ("reply_threshold = ", ["TOML"]),
        (f"n_searched = {'9' * 5000}", ["TOML"]),
    ],
)
def test_what_no_policy_can_have_is_refused_with_file_key_and_value(tmp_path: Path, text: str, said: list[str]) -> None:
    path = written(tmp_path, "bad.toml", text)
    with pytest.raises(BadRequestError) as raised:
        read_policy(path)
    for words in ["bad.toml", *said]:
        assert words in str(raised.value)


@pytest.mark.parametrize("text", ["[]", "3", '{"reply": }'])
def test_json_that_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadRequestError, match="bad"):
        read_policy(written(tmp_path, "bad.json", text))


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="nowhere"):
        read_policy(tmp_path / "nowhere.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadRequestError, match="bytes"):
        read_policy(tmp_path / "bytes.toml")


@given(
    st.dictionaries(st.sampled_from(["reply_threshold", "reply", "n_ranked", "x"]), st.from_type(object) | st.floats())
)
def test_a_policy_is_made_or_refused_and_never_has_a_number_that_is_none(numbers: dict[str, object]) -> None:
    try:
        policy = policy_from(numbers)
    except BadRequestError:
        return
    assert math.isfinite(policy.reply_threshold)
    assert isinstance(policy.n_ranked, int)


KNOTS = Calibration(scores=(1.0, 2.0, 4.0), probabilities=(0.1, 0.1, 0.9))


def test_a_fitted_calibration_runs_straight_between_its_knots() -> None:
    stated = [KNOTS.probability(score) for score in (0.0, 1.0, 1.5, 2.0, 3.0, 3.5, 4.0, 9.0)]
    assert stated == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.5, 0.7, 0.9, 0.9])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 20)), min_size=2, max_size=30, unique_by=lambda p: p[0]))
def test_a_fitted_calibration_is_what_another_implementation_says(pairs: list[tuple[int, int]]) -> None:
    scores, levels = sorted(float(s) for s, _ in pairs), sorted(p / 20 for _, p in pairs)
    calibration = Calibration(scores=tuple(scores), probabilities=tuple(levels))
    along = np.linspace(-60, 60, 200)
    assert [calibration.probability(one) for one in along.tolist()] == pytest.approx(np.interp(along, scores, levels))


def test_a_score_beyond_all_bounds_still_has_a_probability() -> None:
    assert (Calibration().probability(-1e9), Calibration().probability(1e9)) == (pytest.approx(0.0), 1.0)


def test_what_a_policy_can_hold_beyond_the_usual_does_not_change_its_version() -> None:
    numbers = asdict(Policy())
    del numbers["exploration"], numbers["performance"]
    numbers["calibration"] = {"slope": 2.5, "midpoint": 2.3}
    text = json.dumps(numbers, sort_keys=True)
    assert Policy().version == hashlib.sha256(text.encode()).hexdigest()[:12]


def test_knots_and_beliefs_change_the_version_for_they_change_what_is_shown() -> None:
    others = [replace(Policy(), calibration=KNOTS), replace(Policy(), performance=Performance(0.2, 20.0))]
    assert len({Policy().version, *(one.version for one in others)}) == 3


def test_a_policy_with_knots_comes_back_from_all_its_numbers(tmp_path: Path) -> None:
    policy = replace(OTHER, calibration=KNOTS, performance=Performance(0.25, 40.0))
    again = read_policy(written(tmp_path, "policy.json", json.dumps(policy_numbers(policy))))
    assert (again, again.version) == (policy, policy.version)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scores = 3", ["calibration.scores", "3", "a list of numbers"]),
        ("scores = '12'", ["calibration.scores", "'12'", "a list of numbers"]),
        ("scores = [1, 'a']", ["calibration.scores[1]", "'a'", "a finite number"]),
        ("scores = [1, nan]\nprobabilities = [0, 1]", ["calibration.scores[1]", "nan"]),
        ("scores = [1, 2]", ["calibration.probabilities", "0", "as many numbers as calibration.scores, 2"]),
        ("scores = [1]\nprobabilities = [1]", ["calibration.scores", "1", f"from 2 to {MAX_KNOTS}"]),
        ("scores = [2, 1]\nprobabilities = [0, 1]", ["calibration.scores", "1.0", "rising numbers, so more than 2"]),
        ("scores = [1, 1]\nprobabilities = [0, 1]", ["calibration.scores", "rising"]),
        ("scores = [1, 2]\nprobabilities = [0.6, 0.5]", ["calibration.probabilities", "0.5", "never fall"]),
        ("scores = [1, 2]\nprobabilities = [0, 1.5]", ["calibration.probabilities[1]", "1.5", "from 0 to 1"]),
        (
            f"scores = {[*range(MAX_KNOTS + 1)]}",
            ["calibration.scores", f"{MAX_KNOTS + 1} numbers", f"at most {MAX_KNOTS}"],
        ),
    ],
)
def test_knots_that_make_no_rising_map_are_refused(tmp_path: Path, text: str, said: list[str]) -> None:
    path = written(tmp_path, "policy.toml", f"[calibration]\n{text}")
    with pytest.raises(BadRequestError) as refused:
        read_policy(path)
    for part in (str(path), *said):
        assert part in str(refused.value)


def test_a_belief_in_scripts_stays_a_share() -> None:
    with pytest.raises(BadRequestError, match=r"performance\.usual"):
        policy_from({"performance": {"usual": 1.0}})


def test_an_encoder_brings_its_policy_and_the_workspace_may_change_single_numbers_of_it(tmp_path: Path) -> None:
    written(tmp_path, "policy.json", '{"reply": {"context_similarity": 3, "reply_words": 0}}')
    own = policy_of_encoder(SimpleNamespace(folder=tmp_path))
    assert own == Policy(reply=ReplyWeights(context_similarity=3, reply_words=0))
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    assert policy_in_use(workspace, own).policy == own
    assert "with the encoder" in policy_in_use(workspace, own).why
    written(workspace, "policy.toml", "[reply]\nreply_words = 1.5")
    assert policy_in_use(workspace, own).policy.reply == ReplyWeights(context_similarity=3, reply_words=1.5)


def test_an_encoder_without_a_policy_gets_the_usual_one(tmp_path: Path) -> None:
    assert policy_of_encoder(SimpleNamespace(folder=tmp_path)) == policy_of_encoder(object()) == Policy()
