import pytest

from copilot.portrait.asking import Sign, signs_of


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("这款多少钱", {Sign.PRICE}),
        ("這款多少錢", {Sign.PRICE}),
        ("How much is the cream?", {Sign.PRICE}),
        ("还有现货吗", {Sign.STOCK}),
        ("M码和L码有什么颜色", {Sign.CHOICE}),
        ("几天到杭州，包邮吗", {Sign.DELIVERY}),
        ("怎么下单，发个链接", {Sign.ORDER}),
        ("敏感肌推荐哪款", {Sign.ADVICE}),
        ("太贵了，我再看看", {Sign.HESITATES}),
        ("不需要，别再发了", {Sign.REFUSES}),
        ("用了过敏，我要投诉", {Sign.COMPLAINS}),
        ("多少钱？有货吗？", {Sign.PRICE, Sign.STOCK}),
        ("你好", set()),
        ("谢谢😊", set()),
        ("", set()),
    ],
)
def test_a_message_says_what_it_asks_for(text: str, signs: set[Sign]) -> None:
    assert set(signs_of(text)) == signs


def test_of_a_very_long_message_the_beginning_is_looked_at() -> None:
    assert signs_of("多少钱" + "长" * 20_000) == (Sign.PRICE,)
    assert signs_of("长" * 20_000 + "多少钱") == ()
