"""The written content of the sample brand: its own rules, checked against the files as they ship."""

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib.resources import files

import opencc
import pytest

from copilot.sample import brand as brand_module

BRAND = files(brand_module.__package__ or "copilot.sample") / "brand"
PRODUCT_COLUMNS = (
    "sku,name,category,brand,price,currency,stock,description,attributes,tags,audience,replenish_days,status,url,image"
)
SCRIPT_COLUMNS = (
    "id,text,kind,title,triggers,stage,scene,channels,audience,skus,scope,owner,valid_from,valid_to,status,attachments"
)
SLOTS = {
    "customer.name", "product.name", "product.price", "order.id", "order.status", "agent.name", "shop.name",
}  # fmt: skip
STAGES = {"获客", "转化", "交易", "交付", "服务与运营"}
AUDIENCE_KEYS = {"all", "any", "none", "gender", "unknown_gender", "orders", "age", "segments"}
RESTRICTED = (
    "最", "第一", "治疗", "药用", "永久", "百分百", "100%", "根治", "国家级", "顶级", "唯一", "绝对", "全网", "保证",
    "一定", "消炎", "杀菌", "排毒", "降血压", "副作用", "guaranteed", "cure", "no.1",
)  # fmt: skip
COMPLAINT = re.compile("过敏|起疹|漏液|漏了|破|碎|少发|丢|投诉|客訴|红疹|刺痛|allergic|broken|complaint")
PROMOTION = re.compile("满 ?\\d+ 减|限时|抢|立减|coupon")
TO_SIMPLIFIED = opencc.OpenCC("t2s")


def rows_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((BRAND / name).read_text(encoding="utf-8").splitlines()))


PRODUCTS = rows_of("products.csv")
SCRIPTS = rows_of("scripts.csv")
PRODUCT_BY_SKU = {row["sku"]: row for row in PRODUCTS}
PUBLISHED = [row for row in SCRIPTS if row["status"] == "published"]
TAGS = json.loads((BRAND / "tags.json").read_text(encoding="utf-8"))
SHOP = json.loads((BRAND / "shop.json").read_text(encoding="utf-8"))
PLAN = json.loads((BRAND / "truth_plan.json").read_text(encoding="utf-8"))["scripts"]
DOCUMENTS = {file.name: file.read_text(encoding="utf-8") for file in (BRAND / "documents").iterdir()}


def listed(cell: str) -> list[str]:
    return [part for part in cell.split("|") if part]


def normalised(trigger: str) -> str:
    """Case, width, spacing, punctuation and traditional characters removed as differences."""
    kept = "".join(letter for letter in unicodedata.normalize("NFKC", trigger).lower() if letter.isalnum())
    return str(TO_SIMPLIFIED.convert(kept))


def is_english(text: str) -> bool:
    return re.search("[\u4e00-\u9fff]", text) is None


def slots_of(row: dict[str, str]) -> list[str]:
    return re.findall(r"\{\{(.*?)\}\}", row["text"])


def audiences() -> Iterator[tuple[str, dict[str, object]]]:
    for row in (*PRODUCTS, *SCRIPTS):
        if row["audience"]:
            yield row.get("id") or row["sku"], json.loads(row["audience"])


def test_the_files_have_the_exchange_columns_in_order() -> None:
    for name, columns in (("products.csv", PRODUCT_COLUMNS), ("scripts.csv", SCRIPT_COLUMNS)):
        assert (BRAND / name).read_text(encoding="utf-8").splitlines()[0] == columns


def test_ids_and_names_are_unique() -> None:
    assert len(PRODUCT_BY_SKU) == len(PRODUCTS) == len({row["name"] for row in PRODUCTS})
    assert len({row["id"] for row in SCRIPTS}) == len(SCRIPTS) == len({row["title"] for row in SCRIPTS})


def test_the_catalogue_is_as_wide_as_a_real_shop() -> None:
    assert len(PRODUCTS) >= 150
    assert len({row["category"] for row in PRODUCTS}) >= 15
    assert sum(row["stock"] == "0" for row in PRODUCTS) >= 5
    assert sum(row["status"] == "discontinued" for row in PRODUCTS) >= 3
    assert sum(Decimal(row["price"]) > 1500 for row in PRODUCTS) >= 2


@pytest.mark.parametrize("row", PRODUCTS, ids=lambda row: row["sku"])
def test_a_product_is_complete_and_priced_to_the_fen(row: dict[str, str]) -> None:
    assert re.fullmatch(r"\d+\.\d\d", row["price"])
    assert int(row["stock"]) >= 0
    assert row["currency"] == "CNY"
    assert row["status"] in {"active", "discontinued"}
    assert json.loads(row["attributes"])["size"]
    assert row["replenish_days"] == "" or 5 <= int(row["replenish_days"]) <= 180
    assert 12 <= len(row["description"]) <= 120
    assert row["url"] == f"/p/{row['sku']}"


def test_what_is_unsuitable_in_pregnancy_is_kept_from_pregnant_customers() -> None:
    for row in PRODUCTS:
        if "视黄醇" in row["name"] or "水杨酸 1%" in row["attributes"] or "甘醇酸" in row["attributes"]:
            assert "孕期" in json.loads(row["audience"])["none"], row["sku"]
            assert json.loads(row["attributes"])["suitable_for_pregnancy"] is False, row["sku"]


def test_each_stage_scene_and_status_is_well_supplied() -> None:
    by_stage = Counter(row["stage"] for row in SCRIPTS)
    assert set(by_stage) == STAGES
    assert min(by_stage.values()) >= 50
    assert len(SCRIPTS) >= 300
    assert sum("direct" in listed(row["scene"]) for row in SCRIPTS) >= 220
    assert sum("group" in listed(row["scene"]) for row in SCRIPTS) >= 60
    assert len(PUBLISHED) >= 270
    assert {row["status"] for row in SCRIPTS} == {"published", "draft", "review", "retired"}
    assert {row["kind"] for row in SCRIPTS} == {"script", "faq", "policy"}


def test_english_and_traditional_chinese_are_supplied_in_their_own_words() -> None:
    english = [row for row in SCRIPTS if is_english(row["text"])]
    traditional = [row for row in SCRIPTS if row["title"].startswith("繁體") or "請" in row["text"]]
    assert len(english) >= 25
    assert len(traditional) >= 25
    assert all(is_english(row["triggers"]) for row in english)


def test_a_trigger_points_to_one_script_in_its_scene() -> None:
    owners: dict[tuple[str, str], set[str]] = {}
    for row in SCRIPTS:
        for scene in listed(row["scene"]):
            for trigger in listed(row["triggers"]):
                owners.setdefault((scene, normalised(trigger)), set()).add(row["id"])
    assert {key: ids for key, ids in owners.items() if len(ids) > 1} == {}


def test_normalising_a_trigger_ignores_width_case_punctuation_and_script() -> None:
    assert normalised("ＨＩ，在嗎？") == normalised("hi 在吗") == "hi在吗"


@pytest.mark.parametrize("row", SCRIPTS, ids=lambda row: row["id"])
def test_a_script_is_well_formed(row: dict[str, str]) -> None:
    triggers = [normalised(trigger) for trigger in listed(row["triggers"])]
    assert 2 <= len(triggers) <= 5
    assert len(set(triggers)) == len(triggers)
    assert all(len(trigger) >= 2 for trigger in triggers)
    shortest, longest = (80, 420) if is_english(row["text"]) else (30, 160)
    assert shortest <= len(row["text"]) <= longest
    assert set(slots_of(row)) <= SLOTS
    assert re.sub(r"\{\{.*?\}\}", "", row["text"]).count("{") == 0
    assert set(listed(row["scene"])) <= {"direct", "group"}
    assert set(listed(row["channels"])) <= {"wecom", "web"}


def test_product_slots_stand_only_where_one_product_is_named() -> None:
    with_product = [row for row in SCRIPTS if any(slot.startswith("product.") for slot in slots_of(row))]
    assert len(with_product) >= 20
    assert all(len(listed(row["skus"])) == 1 for row in with_product)


def test_about_a_quarter_of_the_scripts_use_slots() -> None:
    assert 70 <= sum(bool(slots_of(row)) for row in SCRIPTS) <= 100


def test_group_scripts_name_no_customer_and_no_order() -> None:
    personal = {"customer.name", "order.id", "order.status"}
    assert [row["id"] for row in SCRIPTS if "group" in row["scene"] and personal & set(slots_of(row))] == []


def test_scripts_name_products_that_exist_and_published_ones_products_on_sale() -> None:
    for row in SCRIPTS:
        for sku in listed(row["skus"]):
            product = PRODUCT_BY_SKU[sku]
            on_sale = product["status"] == "active" and int(product["stock"]) > 0
            assert on_sale or row["status"] != "published", (row["id"], sku)


def test_a_script_reaches_nobody_its_product_is_kept_from() -> None:
    for row in SCRIPTS:
        for sku in listed(row["skus"]):
            rule = json.loads(PRODUCT_BY_SKU[sku]["audience"] or "{}")
            own = json.loads(row["audience"] or "{}")
            assert set(rule.get("none", [])) <= set(own.get("none", [])), (row["id"], sku)


def test_audience_rules_use_known_keys_and_documented_tags() -> None:
    rules = list(audiences())
    assert len(rules) >= 50
    for item_id, rule in rules:
        assert set(rule) <= AUDIENCE_KEYS, item_id
        for key in ("all", "any", "none", "segments"):
            named = rule.get(key, [])
            assert isinstance(named, list)
            assert set(named) <= set(TAGS), item_id


def test_every_tag_says_what_it_means() -> None:
    assert all(entry["meaning"] and isinstance(entry["values"], list) for entry in TAGS.values())


def test_scopes_and_owners_are_the_shops_own_teams_and_agents() -> None:
    agents = {agent["id"] for agent in SHOP["agents"]}
    assert agents == {f"a{number:02d}" for number in range(1, 13)}
    scopes = {"organisation", *(f"team:{team}" for team in SHOP["teams"]), *(f"private:{agent}" for agent in agents)}
    assert {row["scope"] for row in SCRIPTS} <= scopes
    assert {row["owner"] for row in SCRIPTS} <= agents
    assert {agent["team"] for agent in SHOP["agents"]} == set(SHOP["teams"])
    private = [row for row in SCRIPTS if row["scope"].startswith("private:")]
    assert len(private) >= 5
    assert all(row["scope"] == f"private:{row['owner']}" for row in private)


def test_validity_windows_are_dates_in_order() -> None:
    windows = [row for row in SCRIPTS if row["valid_from"] or row["valid_to"]]
    assert len(windows) >= 10
    for row in windows:
        starts = date.fromisoformat(row["valid_from"])
        ends = date.fromisoformat(row["valid_to"] or "9999-12-31")
        assert date(2024, 1, 1) <= starts < ends, row["id"]


def test_published_words_keep_to_advertising_law() -> None:
    texts = {row["id"]: row["text"] for row in PUBLISHED}
    texts |= {row["sku"]: row["name"] + row["description"] for row in PRODUCTS} | DOCUMENTS
    found = {(where, word) for where, text in texts.items() for word in RESTRICTED if word in text.lower()}
    assert found == set()


def test_some_drafts_break_advertising_law_so_that_the_checks_find_something() -> None:
    bad = [row for row in SCRIPTS if sum(word in row["text"] for word in RESTRICTED) >= 2]
    assert 4 <= len(bad) <= 8
    assert {row["status"] for row in bad} == {"draft"}


def test_answers_to_complaints_do_not_promote() -> None:
    answers = [row for row in PUBLISHED if COMPLAINT.search(row["triggers"]) and row["stage"] != "转化"]
    assert len(answers) >= 10
    assert [row["id"] for row in answers if PROMOTION.search(row["text"])] == []


def test_attachments_are_documents_that_ship() -> None:
    named = [name for row in SCRIPTS for name in listed(row["attachments"])]
    assert named
    assert {name.removeprefix("documents/") for name in named} <= set(DOCUMENTS)


def test_documents_have_a_title_sections_and_numbers() -> None:
    assert len(DOCUMENTS) >= 6
    for name, text in DOCUMENTS.items():
        assert text.startswith("# "), name
        assert text.count("\n## ") >= 3, name
        assert len(re.findall(r"\d+", text)) >= 5, name


def test_prices_quoted_in_words_are_those_of_the_catalogue() -> None:
    quoted = 0
    for row in PUBLISHED:
        for product in PRODUCTS:
            for price in re.findall(re.escape(product["name"]) + r" (\d+(?:\.\d+)?) 元", row["text"]):
                quoted += 1
                assert Decimal(price) == Decimal(product["price"]), (row["id"], product["name"])
    assert quoted >= 5


def test_free_delivery_thresholds_agree_between_scripts_and_documents() -> None:
    pattern = re.compile("满 ?(\\d+) ?元?(?:包邮|免运|免運)")
    in_documents = {threshold for text in DOCUMENTS.values() for threshold in pattern.findall(text)}
    in_scripts = {threshold for row in PUBLISHED for threshold in pattern.findall(row["text"].replace("滿", "满"))}
    assert in_documents == {"99", "199", "399"}
    assert in_scripts <= in_documents
    assert len(in_scripts) >= 2


def test_the_planted_effects_concern_scripts_that_compete() -> None:
    ids = {row["id"] for row in SCRIPTS}
    assert set(PLAN) <= ids
    assert len(PLAN) >= 60
    needs = Counter(entry["need"] for entry in PLAN.values())
    assert all(2 <= count <= 4 for count in needs.values())
    effects = [float(entry["effect"]) for entry in PLAN.values()]
    assert all(-0.15 <= effect <= 0.12 for effect in effects)
    assert sum(effect > 0 for effect in effects) >= 15
    assert sum(effect == 0 for effect in effects) >= 25
    assert 5 <= sum(effect < 0 for effect in effects) <= 15
    assert all(entry["why"] for entry in PLAN.values())
