from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.privacy.folding import fold


def test_digits_of_all_scripts_are_one() -> None:
    assert fold("１٢३④⑩").text == "123410"


def test_numerals_become_digits_only_where_they_spell_a_number() -> None:
    assert fold("一三八零").text == "1380"
    assert fold("第一次买了三件").text == "第一次买了三件"


def test_letters_become_digits_only_among_digits() -> None:
    assert fold("l38OOl38OOO").text == "13800138000"
    assert fold("IL 79884, oil").text == "il 79884, oil"


def test_characters_spaced_out_close_up() -> None:
    assert fold("上 海 市").text == "上海市"
    assert fold("好 的 ok").text == "好 的 ok"


def test_a_place_in_the_copy_leads_back_to_the_original() -> None:
    text = "上\u200b 海 市 1️⃣"
    folded = fold(text)
    assert folded.text == "上海市1"
    assert folded.place(0, 3, text) == (0, 6)
    assert text[slice(*folded.place(3, 4, text))] == "1️⃣"


@settings(deadline=None)
@given(st.text())
def test_every_place_lies_in_the_original(text: str) -> None:
    folded = fold(text)
    places = [folded.place(at, at + 1, text) for at in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)
