"""Reading wishes with what a catalogue teaches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.catalogue.catalogue import Catalogue
from knowledge.catalogue.facts import ProductRow


def row(sku: str, name: str, category: str, yuan: float, **attributes: object) -> ProductRow:
    return ProductRow(sku, name, category, "", round(yuan * 100), "CNY", (), attributes)


CREAMS = Catalogue.of(
    [
        row("a", "云苔面霜", "面霜", 199, 肤质="油皮", 净含量="50ml", 颜色="白色系", 成分=["无香精", "烟酰胺"]),
        row("b", "松露面霜", "面霜", 329, 肤质="干皮", 净含量="30ml", 颜色="曜石黑", 成分=["玻尿酸"]),
        row("c", "竹炭洁面", "洁面", 89, 肤质="油性,混合性", 净含量="120ml", 含酒精=False),
        row("d", "冰川喷雾", "喷雾", 59, 肤质="敏感肌", 净含量="150ml", 含酒精=True),
    ]
)
COMPUTERS = Catalogue.of(
    [
        row("e", "小鹿", "笔记本", 4999, 内存="8GB", 硬盘="512GB SSD", 屏幕="14.0英寸", 续航="7-9小时", 重量="1.2kg"),
        row("f", "大鹿", "笔记本", 7999, 内存="16GB", 硬盘="1TB", 屏幕="15.6英寸", 续航="9小时以上", 重量="1.9kg"),
        row("g", "大象", "台式机", 3999, 内存="16GB", 硬盘="256GB SSD + 1TB HDD", 屏幕="无显示器", 显卡="独立显卡"),
    ]
)  # fmt: skip


def references(catalogue: Catalogue, message: str) -> set[str]:
    wish = catalogue.read(message)
    return {one.reference for one in wish.criteria} | ({wish.extreme.reference} if wish.extreme else set())


def meeting(catalogue: Catalogue, message: str) -> str:
    """The skus that meet every criterion of a message, one letter each."""
    masks = [catalogue.meeting(one) for one in catalogue.read(message).criteria]
    return "".join(catalogue.row(n).sku for n in range(catalogue.n_products) if all(mask[n] for mask in masks))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("300以内的面霜", {"price<=300", "category=面霜"}),
        ("300以内适合油皮的面霜", {"price<=300", "肤质=油性|肤质=油皮", "category=面霜"}),
        ("有沒有適合油皮的", {"肤质=油性|肤质=油皮"}),
        ("for oily skin under 100 yuan", {"price<=100", "肤质=油性|肤质=油皮"}),
        ("不要白色", {"颜色!=白色系"}),
        ("白色的不要", {"颜色!=白色系"}),
        ("not black please", {"颜色!=曜石黑"}),
        ("无香精的", {"成分=无香精"}),
        ("不含香精的", {"成分=无香精"}),
        ("最便宜的面霜", {"price=min", "category=面霜"}),
        ("100ml以上", {"净含量>=0.1litre"}),
        ("100到300的", {"price=100..300"}),
        ("含酒精的有吗", {"含酒精=true"}),
    ],
)
def test_a_message_about_creams_states_these_criteria(message: str, expected: set[str]) -> None:
    assert references(CREAMS, message) == expected


@pytest.mark.parametrize(
    ("message", "skus"),
    [
        ("16G内存512G固态", ""),
        ("8G内存512G固态", "e"),
        ("内存至少16g", "fg"),
        ("硬盘1T", "fg"),
        ("15寸的", "f"),
        ("续航9小时以上", "f"),
        ("续航8小时", "f"),
        ("两公斤以内的笔记本", "ef"),
        ("laptop with 16GB RAM under 9000 yuan", "f"),
        ("独显", "g"),
        ("不带显示器的", "g"),
        ("五千块以内", "eg"),
        ("除了笔记本", "g"),
    ],
)
def test_these_computers_meet_what_a_message_asks(message: str, skus: str) -> None:
    assert meeting(COMPUTERS, message) == skus


def test_the_superlative_of_a_named_attribute_is_about_that_attribute() -> None:
    assert references(COMPUTERS, "屏幕最大的笔记本") == {"category=笔记本", "屏幕=max"}
    assert references(COMPUTERS, "the lightest laptop") == {"category=笔记本", "重量=min"}


@pytest.mark.parametrize(
    "message",
    [
        "我的面霜什么时候发货",
        "我上周买的白色那瓶坏了",
        "收到的是干皮的，不想用了，怎么退货",
        "在吗",
        "你好呀",
        "谢谢",
        "",
    ],
)
def test_talk_of_what_one_has_asks_for_nothing(message: str) -> None:
    wish = CREAMS.read(message)
    assert not (wish and wish.asks)


@pytest.mark.parametrize("message", ["等了3天了", "满300减50怎么用", "我要两个", "2023年买的", "一共付了300元"])
def test_numbers_of_other_things_are_no_price(message: str) -> None:
    assert not any("<=" in one or ">=" in one for one in references(CREAMS, message))


def test_a_later_message_refines_an_earlier_one_and_another_kind_begins_anew() -> None:
    earlier = CREAMS.read("想要300以内的面霜，油皮")
    refined = CREAMS.read("200以内的呢").refining(earlier)
    assert {one.reference for one in refined.criteria} == {"price<=200", "category=面霜", "肤质=油性|肤质=油皮"}
    anew = CREAMS.read("喷雾有吗").refining(earlier)
    assert {one.reference for one in anew.criteria} == {"category=喷雾"}


@given(st.text(max_size=80))
def test_any_message_can_be_read(message: str) -> None:
    for catalogue in (CREAMS, COMPUTERS):
        wish = catalogue.read(message)
        assert all(one.reference for one in wish.criteria)


@pytest.mark.parametrize("number", ["9" * 400, "十几" + "百" * 400, "二三" + "万" * 400, "1e400"])
@pytest.mark.parametrize("around", ["{}寸的", "屏幕{}", "{}元左右的面霜", "{}多块", "内存{}G", "最大{}的"])
def test_a_message_with_a_number_beyond_all_amounts_can_be_read(around: str, number: str) -> None:
    for catalogue in (CREAMS, COMPUTERS):
        assert all(one.reference for one in catalogue.read(around.format(number)).criteria)
