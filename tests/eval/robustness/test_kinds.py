"""Messages written as customers type them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.errors import EvalError
from eval.robustness import habits, slips, spellings
from eval.robustness.characters import common_ranks, similar_shapes
from eval.robustness.kinds import KINDS, ONE_TYPO, perturb

BY_SOUND = {"pinyin", "pinyin-word", "initials", "typo-sound"}
WITHOUT_LIBRARIES = [kind for kind in KINDS if kind not in BY_SOUND and not kind.startswith("traditional")]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def written(kind: str, text: str, number: int = 0) -> str | None:
    return perturb(kind, text, seed=7, number=number)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("full-width", "VIP 9折", "ＶＩＰ　９折"),
        ("half-width", "有货吗？ＶＩＰ，好", "有货吗?VIP,好"),
        ("variants", "这里够强吗", "这裡夠強吗"),
        ("martian", "我的不好", "莪哋卟恏"),
        ("mixed-english", "面膜的尺码", "mask的size"),
        ("upper-case", "is it ok", "IS IT OK"),
        ("lower-case", "VIP几折", "vip几折"),
    ],
)
def test_a_kind_without_chance_writes_one_thing(kind: str, text: str, expected: str) -> None:
    assert written(kind, text) == expected


def test_traditional_characters_are_those_of_opencc() -> None:
    pytest.importorskip("opencc")
    assert written("traditional", "退货运费多少钱") == "退貨運費多少錢"
    assert written("traditional-tw", "软件") == "軟體"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("traditional", "hello"),
        ("pinyin", "hello"),
        ("typo-sound", "hello"),
        ("typo-shape", "hello"),
        ("upper-case", "有货吗"),
        ("typo-key", "ok吗"),
        ("dropped", "在吗"),
        ("swapped", "在吗"),
        ("pinyin-word", "退货"),
        ("mixed-english", "在吗"),
    ],
)
def test_a_kind_that_does_not_apply_gives_nothing(kind: str, text: str) -> None:
    pytest.importorskip("opencc")
    pytest.importorskip("pypinyin")
    assert written(kind, text) is None


def test_pinyin_and_initials_spell_what_is_said() -> None:
    pytest.importorskip("pypinyin")
    whole = written("pinyin", "退货要多久")
    assert whole is not None
    assert whole.replace(" ", "") == "tuihuoyaoduojiu"
    assert {written("pinyin-word", "能退货", number) for number in range(20)} <= {"能tuihuo", "nengtui货"}
    assert {written("initials", "能退货", number) for number in range(20)} <= {"能th", "nt货"}


def test_a_typo_by_sound_sounds_the_same_and_is_more_often_a_common_character() -> None:
    pypinyin = pytest.importorskip("pypinyin")
    typos = [written("typo-sound", "在", number) for number in range(400)]
    assert {pypinyin.lazy_pinyin(typo)[0] for typo in typos} == {"zai"}
    assert "在" not in typos
    ordered = sorted(set(typos), key=lambda typo: common_ranks()[typo])
    assert typos.count(ordered[0]) > typos.count(ordered[-1])


def test_a_typo_by_shape_takes_a_similar_character() -> None:
    assert written("typo-shape", "己") in {"已", "巳"}
    assert all(character not in others for character, others in similar_shapes().items())


@pytest.mark.parametrize(("kind", "length"), [("dropped", 5), ("doubled", 7), ("swapped", 6), ("typo-shape", 6)])
def test_one_slip_changes_one_place(kind: str, length: int) -> None:
    text = "请问可以退货"
    for number in range(30):
        changed = written(kind, text, number)
        assert changed is not None
        assert len(changed) == length
        assert changed != text


def test_slips_in_english_leave_the_first_letter_and_short_words() -> None:
    for number in range(40):
        hit, swapped = slips.keyboard_neighbour("is it mild", rng(number)), slips.transposed("is it mild", rng(number))
        assert hit is not None
        assert hit.startswith("is it m")
        assert sum(one != other for one, other in zip(hit, "is it mild", strict=True)) == 1
        assert swapped in {"is it mlid", "is it midl"}


def test_a_particle_stands_before_the_question_mark() -> None:
    found = habits.particle("有货吗？", rng())
    assert found is not None
    assert found.startswith("有货吗")
    assert found.endswith("？")
    assert found != "有货吗？"


def test_a_burst_is_the_same_words_in_two_or_three_lines() -> None:
    for number in range(30):
        parts = str(written("burst", "你好，我想退货，运费谁出", number)).split("\n")
        assert 2 <= len(parts) <= 3
        assert "".join(parts) == "你好，我想退货，运费谁出"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_and_number_give_the_same_slip(kind: str) -> None:
    pytest.importorskip("opencc")
    pytest.importorskip("pypinyin")
    text = "请问这款保湿面霜 Cream 敏感肌可以用吗？"
    assert written(kind, text, 3) == written(kind, text, 3)


def test_what_is_a_burst_already_is_not_made_one() -> None:
    assert written("burst", "在吗\n退货", 0) is None


def test_other_numbers_give_other_slips() -> None:
    assert len({written("dropped", "请问可以退货换货吗", number) for number in range(40)}) > 4


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(EvalError, match="unknown kind 'typo'; expected one of traditional, "):
        written("typo", "在吗")


def test_one_typo_is_made_of_known_kinds() -> None:
    assert set(ONE_TYPO) <= set(KINDS)


@settings(deadline=None)
@given(st.text(), st.sampled_from(WITHOUT_LIBRARIES), st.integers(0, 5))
def test_whatever_is_written_is_written_differently_or_not_at_all(text: str, kind: str, number: int) -> None:
    changed = written(kind, text, number)
    assert changed is None or changed != text


def test_the_tables_hold_what_they_say() -> None:
    assert len(common_ranks()) == 3755
    assert all(len(set(others)) == len(others) > 0 for others in similar_shapes().values())
    assert all(len(loan) == 1 for loan in spellings.MARTIAN.values())
