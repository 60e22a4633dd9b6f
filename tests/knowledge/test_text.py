import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import canonical, for_encoder, normalise, reading, tokenise


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("這個裏面還有貨嗎", "这个里面还有货吗"),
        ("這個裡面還有貨嗎", "这个里面还有货吗"),
        ("妳們什麽時候發貨", "你们什么时候发货"),
        ("什麼牌子的手錶", "什么牌子的手表"),
        ("衞生巾同衛生棉", "卫生巾同卫生棉"),
        ("説明書", "说明书"),
        ("売り切れ 価格", "卖り切れ 价格"),
        ("ｉＰｈｏｎｅ　１５　Ｐｒｏ", "iphone 15 pro"),
        ("ﾎﾟｲﾝﾄ", "ポイント"),
        ("Größe STRASSE", "grösse strasse"),
        ("  有\t货\n\n吗  ", "有 货 吗"),
        ("退\u200b款\u202e\ufeff", "退款"),
        ("①号", "1号"),
        ("伱恏 莪卟懂", "你好 我不懂"),
        ("囘复", "回复"),
        ("", ""),
    ],
)
def test_ways_of_writing_disappear(written: str, read: str) -> None:
    assert normalise(written) == read


def test_what_is_written_as_two_characters_is_composed_across_invisible_ones() -> None:
    assert normalise("e\u200b\u0301") == "é"


def test_emoji_stay_in_the_normal_form_and_leave_the_canonical_one() -> None:
    assert normalise("好的😊") == "好的😊"
    assert canonical("好的😊!!") == canonical("好的") == "好的"


@pytest.mark.parametrize("mark", ["?", "😊", "👍🏻", "。。。"])
def test_a_message_of_marks_equals_itself(mark: str) -> None:
    assert canonical(mark) == normalise(mark) != ""


def test_an_empty_message_has_an_empty_form() -> None:
    assert canonical(" \u200b\n") == ""
    assert tokenise(" \u200b\n") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("請問,有貨嗎?", "请问有货吗"),
        ("I want a re-fund!", "i want a refund"),
        ("i Phone", "iPhone"),
        ("满1,000减100", "满1000减100"),
        ("1 - 2天", "1-2天"),
    ],
)
def test_the_same_said_differently_is_the_same_trigger(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), [("3.5折", "35折"), ("1-2天到", "12天到"), ("买2 3折", "买23折")])
def test_a_mark_between_digits_tells_numbers_apart(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_chinese_gives_characters_and_pairs() -> None:
    assert tokenise("有貨嗎") == ["有", "货", "吗", "有货", "货吗"]


def test_a_pair_never_reaches_across_a_mark() -> None:
    assert tokenise("好,的") == ["好", "的"]


@pytest.mark.parametrize(
    ("code", "tokens"),
    [
        ("SK-II", ["sk", "ii", "skii"]),
        ("iPhone15", ["iphone", "15", "iphone15"]),
        ("iPhone 15", ["iphone", "15"]),
        ("A1-2031/B", ["a", "1", "2031", "b", "a12031b"]),
        ("3.5", ["3.5"]),
        ("don't", ["don", "t", "dont"]),
        ("Größe", ["grösse"]),
        ("доставка", ["доставка"]),
        ("👍", ["👍"]),
    ],
)
def test_words_numbers_and_codes(code: str, tokens: list[str]) -> None:
    assert tokenise(code) == tokens


def test_traditional_and_simplified_text_give_the_same_tokens() -> None:
    assert tokenise("請問運費多少錢") == tokenise("请问运费多少钱")


@pytest.mark.parametrize("text", ["\ud800", "货\udfff", "\x00", "a\x00b", "\U000e0001"])
def test_broken_characters_do_no_harm(text: str) -> None:
    for form in (normalise(text), canonical(text), *tokenise(text)):
        form.encode("utf-8")


def test_twenty_thousand_characters_are_read() -> None:
    assert len(normalise("貨" * 20_000)) == 20_000
    assert len(tokenise("貨" * 20_000)) == 39_999


def test_an_encoder_reads_capitals_in_one_spelling() -> None:
    assert for_encoder("這款ＳＫ－ＩＩ　精華") == "这款SK-II 精华"


def test_an_encoder_is_shown_no_emoji_unless_there_is_nothing_else() -> None:
    assert for_encoder("什么时候发货🙏🙏") == "什么时候发货"
    assert for_encoder("退😊货❤️") == "退 货"
    assert for_encoder("👍") == "👍"


def test_the_reading_is_named_by_twelve_digits() -> None:
    assert len(reading()) == 12
    assert reading() == reading()


@given(st.text())
def test_an_encoder_reads_what_is_compared_but_for_capitals_and_emoji(text: str) -> None:
    assert canonical(for_encoder(text)) == canonical(text)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_the_canonical_form_is_the_same_for_the_normal_form(text: str) -> None:
    assert canonical(normalise(text)) == canonical(text)


@given(st.text())
def test_a_token_is_made_of_what_the_text_is_made_of(text: str) -> None:
    assert set("".join(tokenise(text))) <= set(normalise(text))


def test_the_variant_characters_are_those_of_opencc() -> None:
    opencc = pytest.importorskip("opencc")
    traditional = "電腦壞了請幫我換貨謝謝發票運費優惠券會員積分錶鐘鬆軟麵條"
    assert normalise(traditional) == opencc.OpenCC("t2s").convert(traditional)
