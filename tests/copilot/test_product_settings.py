"""What a shop may and may not say of products in `shop.json`."""

import json
from pathlib import Path

import pytest

from copilot.engine.product_rules import ObjectiveMix, PriceTier, ProductRules, QuietHours
from copilot.errors import BadRequestError
from copilot.product_settings import read_product_rules


def write(folder: Path, products: object, **shop: object) -> Path:
    (folder / "shop.json").write_text(json.dumps({"products": products, **shop}), encoding="utf-8")
    return folder


def test_a_shop_that_says_nothing_gets_the_usual_rules(tmp_path: Path) -> None:
    assert read_product_rules(tmp_path) == ProductRules()
    assert read_product_rules(write(tmp_path, {})) == ProductRules()


def test_everything_a_shop_can_say_is_read(tmp_path: Path) -> None:
    section = {
        "unknown_gender": "allow",
        "regulated": ["保健食品"],
        "allowed": ["葡萄酒"],
        "price_tiers": [{"from": 299.5, "currency": "USD", "scenes": ["direct"]}, {"from": 9000, "scenes": []}],
        "complaint_days": 14,
        "quiet_hours": {"from": "21:30", "until": "07:00"},
        "objectives": {"service": 2, "referral": 0.5},
        "gift_tags": ["礼盒"],
        "questions": {"skin_types": {"zh": "您是什么肤质？"}},
    }
    rules = read_product_rules(write(tmp_path, section, timezone="Europe/Paris"))
    assert rules.price_tiers == (PriceTier(29_950, "USD"), PriceTier(900_000, "CNY", frozenset()))
    assert rules.quiet_hours == QuietHours(21 * 60 + 30, 7 * 60, "Europe/Paris")
    assert rules.objectives == ObjectiveMix(2.0, 1.0, 0.5)
    assert (rules.unknown_gender, rules.complaint_days, rules.time_zone) == ("allow", 14, "Europe/Paris")
    assert (rules.regulated, rules.allowed, rules.gift_tags) == ({"保健食品"}, {"葡萄酒"}, {"礼盒"})
    assert [(name, one.zh, one.en) for name, one in rules.questions] == [("skin_types", "您是什么肤质？", "")]


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ([], "products", "[]", "an object"),
        ({"unknown_gender": "deny"}, "products.unknown_gender", "'deny'", '"allow" or "block"'),
        ({"price_tiers": [{"from": -1}]}, "products.price_tiers.0.from", "-1", "a price from 0"),
        (
            {"price_tiers": [{"from": 1, "currency": "rmb"}]},
            "products.price_tiers.0.currency",
            "'rmb'",
            "three capital",
        ),
        ({"price_tiers": [{"from": 1, "scenes": ["web"]}]}, "products.price_tiers.0.scenes.0", "'web'", '"direct" and'),
        ({"complaint_days": 1.5}, "products.complaint_days", "1.5", "a whole number of days"),
        ({"quiet_hours": {"from": "24:00", "until": "8"}}, "products.quiet_hours.from", "'24:00'", "a time of day"),
        ({"quiet_hours": {"from": "08:00", "until": "08:00"}}, "products.quiet_hours", "{", '{"from": "22:00"'),
        ({"objectives": {"service": 6}}, "products.objectives.service", "6", "a number from 0 to 5"),
        ({"objectives": {"sales": 1}}, "products.objectives.sales", "1", "there are service, conversion, referral"),
        ({"quiet": 1}, "products.quiet", "1", "no such key; there are unknown_gender"),
        ({"regulated": ["酒类"], "allowed": ["酒类"]}, "products.allowed", "'酒类'", "nothing that products.regulated"),
    ],
)
def test_a_wrong_setting_is_refused_with_key_value_and_expectation(
    tmp_path: Path, section: object, key: str, value: str, expected: str
) -> None:
    with pytest.raises(BadRequestError) as caught:
        read_product_rules(write(tmp_path, section))
    assert caught.value.field == f"{tmp_path / 'shop.json'}: {key}"
    assert f"got {value}" in str(caught.value)
    assert expected in caught.value.expected


def test_an_unknown_time_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="timezone: got 'Mars'"):
        read_product_rules(write(tmp_path, {}, timezone="Mars"))
