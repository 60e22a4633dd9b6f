"""A template keeps what many were told and nothing that only one was."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.mining.skeletons import NO_NAMES, Names
from knowledge.mining.templates import Templates, Wording

NAMES = Names.of({"product.name": ["舒缓面霜", "净透洁面乳", "水光精华"], "agent.name": ["温若宁", "陆知夏"]})


def induced(*wordings: str | tuple[str, int], names: Names = NAMES) -> str:
    known = [Wording(one, 1) if isinstance(one, str) else Wording(*one) for one in wordings]
    return Templates(names).induce(known)


def test_a_name_a_price_and_a_number_that_vary_become_slots() -> None:
    said = [
        ("这款舒缓面霜现在¥89，拍下送3片面膜哦", 4),
        ("这款净透洁面乳现在¥129，拍下送5片面膜哦", 3),
        ("这款水光精华现在¥1,299.00，拍下送2片面膜哦", 3),
    ]
    assert induced(*said) == "这款{{product.name}}现在¥{{product.price}}，拍下送{{blank_1}}片面膜哦"


def test_a_price_is_known_by_the_yuan_behind_it_too() -> None:
    said = [("今天下单只要89元哦", 3), ("今天下单只要129元哦", 3), ("今天下单只要59 元哦", 3)]
    assert induced(*said) == "今天下单只要{{product.price}}元哦"


def test_what_most_say_is_kept_and_what_few_add_is_left_out() -> None:
    said = [("亲，今天下单明天就能发货的", 6), ("亲亲，今天下单明天就能发货的", 2), ("今天下单明天就能发货的呢", 2)]
    assert induced(*said) == "亲，今天下单明天就能发货的"


def test_a_product_that_most_name_stays_by_name() -> None:
    said = [("推荐您用舒缓面霜呢，很温和", 8), ("推荐您用水光精华呢，很温和", 2)]
    assert induced(*said) == "推荐您用舒缓面霜呢，很温和"


def test_an_agents_name_never_stays_however_many_uses_are_theirs() -> None:
    said = [("我是客服温若宁，很高兴为您服务", 20), ("我是客服陆知夏，很高兴为您服务", 2)]
    assert induced(*said) == "我是客服{{agent.name}}，很高兴为您服务"


def test_slots_of_personal_data_stay_slots() -> None:
    said = [(f"{slot}您好，包裹今天已经发出啦", 2) for slot in ("{{customer.name}}", "{{agent.name}}")]
    found = induced(*said)
    assert found.endswith("您好，包裹今天已经发出啦")
    assert found.startswith("{{")


def test_capitals_width_and_traditional_characters_are_no_difference() -> None:
    said = [("VIP会员可以免费退换货哦", 2), ("vip會員可以免費退換貨哦", 2), ("ＶＩＰ会员可以免费退换货哦", 1)]
    assert induced(*said) == "VIP会员可以免费退换货哦"


def test_with_fewer_than_three_customers_nothing_stays() -> None:
    assert "暗号" not in induced(("我们的暗号是小月亮", 2))
    assert induced(("我们的暗号是小月亮", 3)) == "我们的暗号是小月亮"


@pytest.mark.parametrize("text", ["👍🏽👍🏽", "الشحن اليوم", "twice a day 早晚各一次", "好" * 500, "…"])
def test_a_wording_of_any_characters_that_all_share_is_its_own_template(text: str) -> None:
    assert induced((text, 5)) == text


SECRETS = st.text("甲乙丙丁戊己庚辛", min_size=2, max_size=4)
FRAMES = ["{s}您好，您要的面膜今天已经发出啦", "您要的面膜今天已经发出啦，{s}请注意查收哦", "面膜{s}今天发出"]


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(FRAMES), st.lists(SECRETS, min_size=3, max_size=12, unique=True))
def test_a_piece_that_only_one_customer_was_told_never_stays(frame: str, secrets: Sequence[str]) -> None:
    """The characters of the secrets stand in no frame, so that three must have been told any that is kept."""
    found = induced(*(frame.format(s=secret) for secret in secrets), names=NO_NAMES)
    for character in set("".join(secrets)):
        n_told = sum(character in secret for secret in secrets)
        assert character not in found or n_told >= 3


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("亲您好呢哦1 5元¥A,", min_size=1, max_size=12), st.integers(1, 9)), min_size=1, max_size=8
    )
)
def test_any_wordings_have_a_template_of_pieces_that_three_were_told(wordings: Sequence[tuple[str, int]]) -> None:
    found = induced(*wordings, names=NO_NAMES)
    assert found == found.strip()
    for character in "亲您好呢哦":
        n_told = sum(n for text, n in wordings if character in text)
        assert character not in found or n_told >= 3
