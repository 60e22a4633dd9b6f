from hypothesis import given
from hypothesis import strategies as st

from knowledge.text_initials import SoundTable, sounding, typed_letters
from knowledge.text_sounds import read_as, spellings, syllables

TEXTS = ("退货政策", "怎么退货，运费谁出", "发货时间", "VIP权益说明", "the hello page", "長期會員", "西安门店")


def table(*texts: str) -> SoundTable:
    return SoundTable([sounding(text) for text in texts])


def places(found) -> list[tuple[int, int]]:
    return list(zip(found.rows.tolist(), found.starts.tolist(), strict=True))


def by_initials(typed: str) -> list[tuple[int, int]]:
    return places(table(*TEXTS).find_initials(typed))


def by_pinyin(typed: str) -> set[tuple[int, int]]:
    return {place for found in table(*TEXTS).find_pinyin(typed) for place in places(found)}


def test_initials_find_every_place_that_begins_so() -> None:
    assert by_initials("th") == [(0, 0), (1, 2)]
    assert by_initials("thzc") == [(0, 0)]


def test_initials_read_across_punctuation() -> None:
    assert by_initials("thyf") == [(1, 2)]


def test_one_letter_alone_finds_nothing() -> None:
    assert by_initials("t") == []


def test_a_character_with_several_readings_is_found_by_each() -> None:
    assert by_initials("cqhy") == by_initials("zqhy") == [(5, 0)]  # 长期会员: chang and zhang


def test_letters_in_a_text_stand_for_themselves_beside_characters_only() -> None:
    assert by_initials("vipqy") == [(3, 0)]
    assert by_initials("hello") == []


def test_pinyin_finds_what_is_read_so_and_nothing_that_only_begins_so() -> None:
    assert by_pinyin("tuihuo") == {(0, 0), (1, 2)}
    assert by_pinyin("fahuo") == {(2, 0)}


def test_pinyin_may_be_typed_with_spaces_and_capitals() -> None:
    assert by_pinyin("Tui Huo") == by_pinyin("tuihuo")


def test_the_last_syllable_may_be_unfinished() -> None:
    assert by_pinyin("tuih") == {(0, 0), (1, 2)}
    assert by_pinyin("tuihuozh") == {(0, 0)}


def test_syllables_may_be_parted_by_an_apostrophe() -> None:
    assert by_pinyin("xi'an") == {(6, 0)}


def test_the_characters_found_can_be_told() -> None:
    known = table(*TEXTS)
    assert known.characters(known.find_initials("thzc"), 0) == "退货政策"


def test_what_is_no_latin_word_is_not_read() -> None:
    assert typed_letters("退货") == typed_letters("th?") == typed_letters("") == ""
    assert by_initials("退货") == []
    assert by_pinyin("") == set()


def test_a_table_of_nothing_finds_nothing() -> None:
    assert places(table().find_initials("th")) == []
    assert table().find_pinyin("tuihuo") == []


def test_rows_without_text_keep_their_number() -> None:
    assert places(table("", "退货", "").find_initials("th")) == [(1, 0)]


WORDS = [syllable for syllable in syllables() if spellings(syllable)]  # nobody spells a word with an interjection
SPELLED = sorted((syllable, character) for syllable in WORDS for character in read_as(syllable)[:3])


@given(st.lists(st.sampled_from(SPELLED), min_size=2, max_size=6), st.integers(0, 3))
def test_every_text_is_found_by_its_initials_and_by_its_pinyin(read, n_before: int) -> None:
    text = "。" * n_before + "".join(character for _, character in read)
    known = table("别的话", text)
    assert (1, 0) in places(known.find_initials("".join(syllable[0] for syllable, _ in read)))
    parted = "'".join(syllable for syllable, _ in read)
    assert (1, 0) in {place for found in known.find_pinyin(parted) for place in places(found)}
