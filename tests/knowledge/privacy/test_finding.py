import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.privacy import SLOTS, Found, KnownPersonal, PersonalKind, find_personal, with_slots

NAME, PHONE, ADDRESS = "{{customer.name}}", "{{customer.phone}}", "{{customer.address}}"


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("我叫张三丰，电话13800138000，谢谢", f"我叫{NAME}，电话{PHONE}，谢谢"),
        ("张三 138-0013-8000 上海市静安区南京西路12号", f"{NAME} {PHONE} {ADDRESS}"),
        ("收件人：李四，13912345678", f"收件人：{NAME}，{PHONE}"),
        ("麻烦改成李四13812345678", f"麻烦改成{NAME}{PHONE}"),
        ("王女士您好，您的快递SF1234567890123已发出", f"{NAME}女士您好，您的快递{{{{order.id}}}}已发出"),
        ("欧阳娜娜您好", f"{NAME}您好"),
        ("姓名：阿依古丽", f"姓名：{NAME}"),
        ("订单号123456789、223456789，323456789", "订单号{{order.id}}"),
        ("订单号 qni160402145610709eb5d6", "订单号 {{order.id}}"),
        ("名字:钱跃微,请回电", f"名字:{NAME},请回电"),
        ("我叫张伟请帮我看看", f"我叫{NAME}请帮我看看"),
        ("收件人 买买提·艾合买提 电话同上", f"收件人 {NAME} 电话同上"),
        (
            "Hi Emma, your order #112-3456789-1234567 has shipped",
            f"Hi {NAME}, your order #{{{{order.id}}}} has shipped",
        ),
        ("My name is John Smith and my phone is 555-123-4567", f"My name is {NAME} and my phone is {PHONE}"),
        ("Mr. O'Connor called", f"Mr. {NAME} called"),
        ("我住在上海市浦东新区世纪大道100号东方大厦A座1203室", f"我住在{ADDRESS}"),
        ("寄到3栋2单元501吧", f"寄到{ADDRESS}吧"),
        ("ship to 0487 Hull Village Suite 759\nPort Scott, NJ 59220, thanks", f"ship to {ADDRESS}, thanks"),
        ("身份证11010519491231002X", "身份证{{customer.id_number}}"),
        ("SSN 536-22-8745", "SSN {{customer.id_number}}"),
        ("A123456789 是我的证件", "{{customer.id_number}} 是我的证件"),
        ("香港身份证 A123456(3)", "香港身份证 {{customer.id_number}}"),
        ("卡号4111 1111 1111 1111", "卡号{{customer.bank_card}}"),
        ("发票发到 emma.lee@example.com", "发票发到 {{customer.email}}"),
        ("zhangsan艾特qq点com", "{{customer.email}}"),
        ("zhangsan at qq dot com", "{{customer.email}}"),
        ("加我微信zhang_san88", "加我微信{{customer.wechat}}"),
        ("微 信：zhang_san88", "微 信：{{customer.wechat}}"),
        ("V❤信 zhangsan123", "V❤信 {{customer.wechat}}"),
        ("QQ：12345678", "QQ：{{customer.wechat}}"),
        ("订单号：1234 5678 9012", "订单号：{{order.id}}"),
        ("+1 (415) 555-2671 ext 23", PHONE),
        ("座机0755-26771234转8012", f"座机{PHONE}"),
    ],
)
def test_personal_data_gives_way_to_slots(written: str, masked: str) -> None:
    assert with_slots(written).text == masked


@pytest.mark.parametrize(
    "number",
    [
        "１３８-００１３-８０００",
        "138 0013 8000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "一三八零零一三八零零零",
        "幺三八零零幺三八零零零",
        "壹叁捌零零壹叁捌零零零",
        "138零零138000",
        "①③⑧⓪⓪①③⑧⓪⓪⓪",
        "١٣٨٠٠١٣٨٠٠٠",
        "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣",
        "1\u200b3\u200b8\u200b0\u200b0\u200b1\u200b3\u200b8\u200b0\u200b0\u200b0",
        "l38OOl38OOO",
        "+86 138.0013.8000",
        "one three eight zero zero one three eight zero zero zero",
    ],
)
def test_a_phone_number_is_found_in_every_spelling(number: str) -> None:
    assert with_slots(f"打{number}找我") == with_slots("打13800138000找我")
    assert with_slots(number).kinds == (PersonalKind.PHONE,)


def test_offsets_are_those_of_the_text_as_it_was_given() -> None:
    text = "电\u200b话：１３８\u200b００１３８０００。"
    assert find_personal(text) == [Found(PersonalKind.PHONE, 4, 16)]
    assert text[4:16] == "１３８\u200b００１３８０００"


@pytest.mark.parametrize(
    "text",
    [
        *SLOTS.values(),
        "{{customer.name}}女士您好，{{ order.id }}已发出，{{product.name}}",
        "[数字x] [姓名x] [地址x] [ORDERID_10001234567] [USERID_10480447] #E-s[数字x]",
        "[姓名x]您好，电话[电话x]",
    ],
)
def test_slots_and_masks_stay(text: str) -> None:
    assert with_slots(text).text == text


@pytest.mark.parametrize("text", ["{{13800138000}}", "[13800138000]", "[张三x]13800138000", "{{a}13800138000"])
def test_brackets_alone_hide_nothing(text: str) -> None:
    assert "138" not in with_slots(text).text


def test_a_name_stands_beside_a_slot_as_it_does_beside_the_number() -> None:
    assert with_slots("李小龙，{{customer.phone}}").text == f"{NAME}，{PHONE}"
    assert with_slots("李小龙，[电话x]").text == f"{NAME}，[电话x]"


def test_an_agent_who_says_who_they_are_gets_the_agents_slot() -> None:
    assert with_slots("我是客服小王，很高兴为您服务").text == "我是客服{{agent.name}}，很高兴为您服务"
    assert with_slots("I'm your agent Emma, how can I help?").text == "I'm your agent {{agent.name}}, how can I help?"


def test_kinds_are_told_in_order() -> None:
    masked = with_slots("张三 13800138000 上海市静安区南京西路12号")
    assert masked.kinds == (PersonalKind.NAME, PersonalKind.PHONE, PersonalKind.ADDRESS)


PIECES = st.sampled_from(
    [
        *"张王李欧阳高先生女士您好我叫是路号市区省栋室元加微信订单@.-:： \n\u200b{}[]x0138一三八零①１aeolv",
        *(
            "{{",
            "}}",
            "138",
            "0013",
            "13800138000",
            "北京市",
            "my name is ",
            "John ",
            "qq.com",
            " at ",
            "订单号",
            "姓名",
        ),
        *("[电话x]", "{{customer.name}}", "6222"),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join))


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_finds_are_in_order_and_apart_and_give_back_the_text_with_what_lies_between(text: str) -> None:
    parts, reached = [], 0
    for found in find_personal(text):
        assert reached <= found.start < found.end <= len(text)
        parts += text[reached : found.start], text[found.start : found.end]
        reached = found.end
    assert "".join([*parts, text[reached:]]) == text


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    masked = with_slots(text)
    assert with_slots(masked.text).text == masked.text
    assert with_slots(masked.text).kinds == ()


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.text(max_size=12), st.text(max_size=12))
def test_known_values_do_not_disturb_offsets_or_idempotence(text: str, name: str, phone: str) -> None:
    known = KnownPersonal(names=(name,), phones=(phone,))
    masked = with_slots(text, known)
    assert with_slots(masked.text, known).text == masked.text
