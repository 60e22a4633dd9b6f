"""The generated sample: the files it writes and what must hold between them."""

import csv
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from statistics import mean, median

import pytest

from copilot.sample.brand import brand_folder, load_brand
from copilot.sample.conversation import ConversationRow
from copilot.sample.generator import SampleConfig, SampleSummary, write_sample
from copilot.sample.paraphrase import is_traditional
from copilot.sample.season import festival_on
from copilot.sample.truth import Truth
from copilot.sample.world import simulate

GENERATED = ("customers.csv", "orders.csv", "events.csv", "conversations.jsonl", "truth.json")
SMALL = SampleConfig(seed=3, n_customers=25, n_conversations=30)


@dataclass(frozen=True)
class Sample:
    """The default sample, read back from its files."""

    folder: Path
    summary: SampleSummary
    customers: dict[str, dict[str, str]]
    orders: list[dict[str, str]]
    events: list[dict[str, str]]
    conversations: list[ConversationRow]
    truth: Truth


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    summary = write_sample(folder)
    lines = (folder / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    return Sample(
        folder=folder,
        summary=summary,
        customers={row["id"]: row for row in rows_of(folder / "customers.csv")},
        orders=rows_of(folder / "orders.csv"),
        events=rows_of(folder / "events.csv"),
        conversations=[json.loads(line) for line in lines],
        truth=json.loads((folder / "truth.json").read_text(encoding="utf-8")),
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in GENERATED}


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path / "one", SMALL)
    write_sample(tmp_path / "two", SMALL)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_writes_other_people_orders_and_talk(tmp_path: Path) -> None:
    write_sample(tmp_path / "one", SMALL)
    write_sample(tmp_path / "two", SampleConfig(seed=4, n_customers=25, n_conversations=30))
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert all(one[name] != two[name] for name in GENERATED)


def test_writing_into_a_used_folder_replaces_its_files(tmp_path: Path) -> None:
    write_sample(tmp_path, SampleConfig(seed=4, n_customers=25, n_conversations=30))
    write_sample(tmp_path, SMALL)
    write_sample(tmp_path / "fresh", SMALL)
    assert contents(tmp_path) == contents(tmp_path / "fresh")


def test_the_default_sample_has_three_hundred_customers_and_five_hundred_conversations(sample: Sample) -> None:
    assert len(sample.customers) == sample.summary.n_customers == 300
    assert list(sample.customers)[:2] == ["c0001", "c0002"]
    assert len(sample.conversations) == sample.summary.n_conversations == 500
    assert len(sample.orders) == sample.summary.n_order_lines
    assert len(sample.events) == sample.summary.n_events


def test_products_scripts_and_documents_are_copied_as_they_are(sample: Sample) -> None:
    folder = brand_folder()
    for name in ("products.csv", "scripts.csv"):
        assert (sample.folder / name).read_bytes() == (folder / name).read_bytes()
    written = {path.name for path in (sample.folder / "documents").iterdir()}
    assert written == {path.name for path in (folder / "documents").iterdir()}


def test_an_impossible_size_is_refused_with_the_number_seen() -> None:
    with pytest.raises(ValueError, match="not 0 and 5"):
        SampleConfig(n_customers=0, n_conversations=5)
    with pytest.raises(ValueError, match="not 29"):
        SampleConfig(n_history_days=29)


def test_every_order_line_names_a_known_customer_and_product(sample: Sample) -> None:
    skus = {product.sku for product in load_brand().products}
    assert {line["customer_id"] for line in sample.orders} <= set(sample.customers)
    assert {line["sku"] for line in sample.orders} <= skus
    assert {line["status"] for line in sample.orders} == {"paid", "shipped", "delivered", "refunded"}
    assert all(int(line["quantity"]) >= 1 and float(line["amount"]) > 0 for line in sample.orders)


def test_lines_of_one_order_share_customer_and_moment_and_repeat_no_product(sample: Sample) -> None:
    orders: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for line in sample.orders:
        orders[line["order_id"]].append(line)
    for lines in orders.values():
        assert len({(line["customer_id"], line["ordered_at"], line["status"]) for line in lines}) == 1
        assert len({line["sku"] for line in lines}) == len(lines)


def test_nobody_orders_or_talks_before_joining_nor_after_today(sample: Sample) -> None:
    joined = {key: datetime.fromisoformat(row["joined_at"]) for key, row in sample.customers.items()}
    tomorrow = datetime.fromisoformat("2026-11-02T00:00:00+08:00")
    for row in sample.orders:
        assert joined[row["customer_id"]] < datetime.fromisoformat(row["ordered_at"]) < tomorrow
    for event in sample.events:
        assert joined[event["customer_id"]] <= datetime.fromisoformat(event["at"]) < tomorrow
    for talk in sample.conversations:
        assert joined[talk["customer_id"]] < datetime.fromisoformat(talk["messages"][0]["at"])
        assert datetime.fromisoformat(talk["messages"][-1]["at"]) < tomorrow


def test_times_carry_the_offset_of_beijing(sample: Sample) -> None:
    times = [line["ordered_at"] for line in sample.orders] + [event["at"] for event in sample.events]
    assert all(at.endswith("+08:00") for at in times)


def test_customers_are_of_every_gender_and_some_birthdays_are_unknown(sample: Sample) -> None:
    genders = Counter(row["gender"] for row in sample.customers.values())
    assert set(genders) == {"female", "male", "unknown"}
    assert 0.1 < mean(row["birthday"] == "" for row in sample.customers.values()) < 0.35
    assert all(row["identities"].startswith("wecom:wm") for row in sample.customers.values())


def test_tags_come_from_the_brands_vocabulary(sample: Sample) -> None:
    vocabulary = json.loads((brand_folder() / "tags.json").read_text(encoding="utf-8"))
    used = {tag for row in sample.customers.values() for tag in row["tags"].split("|") if tag}
    assert used <= set(vocabulary)


def test_earned_tags_agree_with_the_orders_written(sample: Sample) -> None:
    delivered: defaultdict[str, set[str]] = defaultdict(set)
    last: dict[str, datetime] = {}
    for line in sample.orders:
        if line["status"] == "delivered":
            delivered[line["customer_id"]].add(line["order_id"])
        if line["status"] != "refunded":
            last[line["customer_id"]] = datetime.fromisoformat(line["ordered_at"])
    for key, row in sample.customers.items():
        tags = set(row["tags"].split("|"))
        assert ("新客" in tags) == (not delivered[key])
        assert ("老客" in tags) == (len(delivered[key]) >= 2)
        seen = last.get(key, datetime.fromisoformat(row["joined_at"]))
        assert ("沉睡" in tags) == (date(2026, 11, 1) - seen.date() >= timedelta(days=180))


def test_a_pregnant_customer_never_buys_what_excludes_pregnancy(sample: Sample) -> None:
    excluded = {product.sku for product in load_brand().products if '"孕期"' in product.audience}
    pregnant = {key for key, row in sample.customers.items() if "孕期" in row["tags"].split("|")}
    bought = {line["sku"] for line in sample.orders if line["customer_id"] in pregnant}
    assert pregnant
    assert excluded
    assert not bought & excluded


def test_repurchases_follow_the_replenishment_rhythm(sample: Sample) -> None:
    rhythm = {product.sku: product.replenish_days for product in load_brand().products}
    previous: dict[tuple[str, str], tuple[datetime, int]] = {}
    ratios = []
    for line in sample.orders:
        key, at = (line["customer_id"], line["sku"]), datetime.fromisoformat(line["ordered_at"])
        days = rhythm[line["sku"]]
        if key in previous and days:
            before, quantity = previous[key]
            ratios.append((at - before).days / (days * quantity))
        previous[key] = at, int(line["quantity"])
    assert len(ratios) > 200
    assert 0.85 < median(ratios) < 1.25


def test_sunscreen_is_bought_together_with_makeup_remover(sample: Sample) -> None:
    category = {product.sku: product.category for product in load_brand().products}
    baskets: defaultdict[str, set[str]] = defaultdict(set)
    for line in sample.orders:
        baskets[line["order_id"]].add(category[line["sku"]])
    with_remover = mean("卸妆" in basket for basket in baskets.values())
    with_both = mean("卸妆" in basket for basket in baskets.values() if "防晒" in basket)
    assert with_both > 2 * with_remover


def test_festival_days_are_busier_than_others(sample: Sample) -> None:
    per_day = Counter(datetime.fromisoformat(line["ordered_at"]).date() for line in sample.orders)
    days = [date(2026, 3, 1) + timedelta(days=offset) for offset in range(240)]
    festive = mean(per_day[day] for day in days if (festival := festival_on(day)) and festival.name == "618")
    plain = mean(per_day[day] for day in days if festival_on(day) is None)
    assert festive > 1.3 * plain


def test_messages_of_a_conversation_have_increasing_times_and_a_customer_begins(sample: Sample) -> None:
    for talk in sample.conversations:
        times = [datetime.fromisoformat(message["at"]) for message in talk["messages"]]
        assert all(before < after for before, after in pairwise(times))
        assert talk["messages"][0]["role"] == "customer"
        assert any(message["role"] == "agent" for message in talk["messages"])


def test_conversations_name_known_customers_agents_scenes_and_stages(sample: Sample) -> None:
    brand = load_brand()
    agents = {agent.agent_id for agent in brand.shop.agents}
    stages = {script.stage for script in brand.scripts}
    assert {talk["customer_id"] for talk in sample.conversations} <= set(sample.customers)
    assert {talk["agent_id"] for talk in sample.conversations} == agents
    assert {talk["scene"] for talk in sample.conversations} == {"direct", "group"}
    assert {talk["channel"] for talk in sample.conversations} == {"wecom", "web"}
    assert {talk["stage"] for talk in sample.conversations} == stages


def test_group_messages_name_their_senders_and_several_members_speak(sample: Sample) -> None:
    n_members = []
    for talk in sample.conversations:
        senders = {message["sender_id"] for message in talk["messages"] if "sender_id" in message}
        if talk["scene"] == "direct":
            assert not senders
            continue
        assert {talk["customer_id"], talk["agent_id"]} <= senders
        n_members.append(len(senders - {talk["agent_id"]}))
    assert mean(n_members) > 2


def test_a_sale_has_its_order_in_the_orders_file(sample: Sample) -> None:
    paid: defaultdict[str, float] = defaultdict(float)
    for line in sample.orders:
        paid[line["order_id"]] += float(line["amount"])
    for talk in sample.conversations:
        outcome = talk["outcome"]
        if not outcome["converted"]:
            assert outcome["order_id"] is None
            assert outcome["amount"] is None
            continue
        assert outcome["order_id"] is not None
        assert outcome["amount"] == pytest.approx(paid[outcome["order_id"]])
    assert sample.summary.n_converted == sum(talk["outcome"]["converted"] for talk in sample.conversations)


def test_satisfaction_is_a_mark_from_one_to_five_or_missing(sample: Sample) -> None:
    marks = Counter(talk["outcome"]["satisfaction"] for talk in sample.conversations)
    assert set(marks) == {None, 1, 2, 3, 4, 5}


def test_rendered_scripts_are_known_live_and_leave_no_slot_open(sample: Sample) -> None:
    status = {script.id: script.status for script in load_brand().scripts}
    n_rendered = 0
    for talk in sample.conversations:
        for message in talk["messages"]:
            assert "{" not in message["text"]
            assert message["text"].strip()
            if "script_id" in message:
                n_rendered += 1
                assert message["role"] == "agent"
                assert status[message["script_id"]] in {"published", "retired"}
    assert n_rendered > 250


def test_customers_are_written_to_in_their_own_language(sample: Sample) -> None:
    seen = Counter[str]()
    for talk in sample.conversations:
        language = json.loads(sample.customers[talk["customer_id"]]["attributes"])["language"]
        own = [
            message["text"]
            for message in talk["messages"]
            if message["role"] == "customer" and message.get("sender_id", talk["customer_id"]) == talk["customer_id"]
        ]
        seen[language] += 1
        if language == "en":
            assert all(text.isascii() or not any("一" <= letter <= "鿿" for letter in text) for text in own)
        if language == "zh-Hans":
            assert not any(is_traditional(text) for text in own)
    assert min(seen["zh-Hant"], seen["en"]) > 10
    assert seen["zh-Hans"] > 300


def test_the_truth_names_every_planned_script_agent_and_customer(sample: Sample) -> None:
    brand = load_brand()
    truth = sample.truth
    assert {key: entry["effect_points"] for key, entry in truth["scripts"].items()} == {
        planned.script_id: pytest.approx(100 * planned.effect) for planned in brand.plan
    }
    assert set(truth["agents"]) == {agent.agent_id for agent in brand.shop.agents}
    assert set(truth["customer_ease"]) == set(sample.customers)
    assert set(truth["conversations"]) == {talk["conversation_id"] for talk in sample.conversations}


def test_the_truth_counts_what_the_conversations_show(sample: Sample) -> None:
    uses = Counter(
        script_id
        for talk in sample.conversations
        for script_id in {message["script_id"] for message in talk["messages"] if "script_id" in message}
    )
    handled = Counter(talk["agent_id"] for talk in sample.conversations)
    assert all(entry["n_uses"] == uses[key] for key, entry in sample.truth["scripts"].items())
    assert all(entry["n_conversations"] == handled[key] for key, entry in sample.truth["agents"].items())


def test_better_agents_are_given_easier_customers(sample: Sample) -> None:
    agents = sorted(sample.truth["agents"].values(), key=lambda agent: agent["standing"])
    weak, strong = agents[:4], agents[-4:]
    assert mean(agent["share_easy"] for agent in strong) > mean(agent["share_easy"] for agent in weak) + 0.25


def test_conversations_are_made_as_they_are_asked_for() -> None:
    config = SampleConfig(n_customers=25, n_conversations=200)
    assert list(islice(simulate(config), 3)) == list(simulate(config))[:3]


def test_without_effects_the_same_people_meet_and_the_same_scripts_are_sent() -> None:
    config = SampleConfig(n_customers=40, n_conversations=120)
    for planned, null in zip(simulate(config), simulate(config, effects={}), strict=True):
        assert (planned.customer_id, planned.agent_id) == (null.customer_id, null.agent_id)
        assert planned.script_ids == null.script_ids
        assert null.cause.sale.effect == null.cause.satisfaction.effect == 0.0
        assert planned.cause.sale.base == null.cause.sale.base


def test_given_effects_replace_the_plan() -> None:
    config = SampleConfig(n_customers=40, n_conversations=300)
    for talk in simulate(config, effects={"S061": 0.25}):
        assert talk.cause.sale.effect == (0.25 if "S061" in talk.script_ids else 0.0)


def test_more_conversations_leave_the_customers_as_they_are(tmp_path: Path) -> None:
    write_sample(tmp_path / "few", SampleConfig(n_customers=30, n_conversations=0))
    write_sample(tmp_path / "many", SampleConfig(n_customers=30, n_conversations=40))
    few, many = (rows_of(tmp_path / name / "customers.csv") for name in ("few", "many"))
    fixed = ("id", "name", "gender", "birthday", "city", "joined_at", "identities")
    assert [[row[key] for key in fixed] for row in few] == [[row[key] for key in fixed] for row in many]
