import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.engine.policy import Calibration, Exploration, Policy, ReplyWeights
from copilot.engine.policy_file import policy_from, read_policy
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
