import pytest

from knowledge.privacy import KnownPersonal, PersonalKind, find_personal, with_slots

KNOWN = KnownPersonal(
    names=("高兴旺", "Zhang Wei", "和珅"),
    agent_names=("小安",),
    phones=("1234567",),
    order_ids=("JH-20",  "AB-9981"),
    addresses=("上海市浦东新区锦绣坊17",),
    wechats=("sunny",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("今天高兴旺来过", "今天{{customer.name}}来过"),
        ("今天高 興 旺来过", "今天{{customer.name}}来过"),
        ("和珅的单子", "{{customer.name}}的单子"),
        ("is ZHANG-WEI in?", "is {{customer.name}} in?"),
        ("问问zhang吧", "问问{{customer.name}}吧"),
        ("小安帮您看", "{{agent.name}}帮您看"),
        ("记一下 123 45 67", "记一下 {{customer.phone}}"),
        ("记一下一二三四五六七", "记一下{{customer.phone}}"),
        ("ab9981到了吗", "{{order.id}}到了吗"),
        ("ＡＢ－９９８１到了吗", "{{order.id}}到了吗"),
        ("就在锦绣坊17", "就在{{customer.address}}"),
        ("找 Sunny 就行", "找 {{customer.wechat}} 就行"),
    ],
)
def test_what_is_on_file_is_found_however_it_is_spelled(written: str, masked: str) -> None:
    assert with_slots(written, KNOWN).text == masked


@pytest.mark.parametrize("text", ["zhangjiajie", "sunnyside up", "91234567890123 units", "今天很高兴"])
def test_a_known_value_inside_a_longer_word_or_number_is_another_one(text: str) -> None:
    kinds = {found.kind for found in find_personal(text, KNOWN)}
    assert kinds <= {PersonalKind.ORDER_NUMBER}


def test_values_too_short_to_mean_anything_are_passed_over() -> None:
    known = KnownPersonal(names=("高",), phones=("12",), order_ids=("7",))
    assert with_slots("高兴，12 件，7 天", known).text == "高兴，12 件，7 天"


def test_a_known_value_leaves_slots_alone() -> None:
    known = KnownPersonal(names=("customer", "name"))
    assert with_slots("{{customer.name}}您好", known).text == "{{customer.name}}您好"
