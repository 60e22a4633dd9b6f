from datetime import timedelta

import pytest
from sqlmodel import select

from copilot.encoding import WordsOnlyEncoder
from copilot.engine.library_search import LibraryQuery
from copilot.errors import BadRequestError
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import describe_script, publish_script, retire_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Script, ScriptKind, ScriptStatus, ScriptUse, Stage
from knowledge.tables.library import EVERYONE


def fill(shop) -> None:
    add(shop, "S1", "退货政策", "七天内未拆封可以无理由退货。", "可以退货吗", "不想要了怎么退", stages=["交付"])
    add(shop, "S2", "发货时间", "每天下午四点前的订单当天发出。", "什么时候发货", stages=["交易"])
    add(shop, "S3", "敏感肌选品", "这款不含酒精和香精。", "敏感肌能用吗", scenes=["direct"])
    add(shop, "S20", "运费险", "退货的运费由保险赔付。", "运费谁出", scenes=["group"])


def add(shop, script_id: str, title: str, text: str, *triggers: str, **version) -> None:
    shop.add_script(script_id, text, *triggers, **version)
    with shop.workspace.database.write() as session:
        session.get(Script, (DEFAULT_TENANT, script_id)).title = title


def found(engine, text: str, **fields) -> list:
    return engine.search_library(LibraryQuery(DEFAULT_TENANT, text, **fields))


def ids(hits) -> list[str]:
    return [hit.script_id for hit in hits]


def test_an_id_comes_before_ids_that_only_begin_so(shop) -> None:
    fill(shop)
    hits = found(shop.engine, "s2")
    assert [(hit.script_id, hit.how) for hit in hits] == [("S2", "exact"), ("S20", "exact")]
    assert hits[0].score > hits[1].score


def test_a_title_that_begins_so_comes_before_words_in_a_text(shop) -> None:
    fill(shop)
    hits = found(shop.engine, "退货")
    assert (hits[0].script_id, hits[0].how, hits[0].matched) == ("S1", "exact", "退货政策")
    assert "S20" in ids(hits[1:])


def test_a_trigger_said_word_for_word_is_exact(shop) -> None:
    fill(shop)
    hit = found(shop.engine, "運費誰出？")[0]
    assert (hit.script_id, hit.how) == ("S20", "exact")


@pytest.mark.parametrize(("typed", "how"), [("tuihuo", "pinyin"), ("thzc", "initials"), ("th", "initials")])
def test_pinyin_and_initials_find_a_title(shop, typed: str, how: str) -> None:
    fill(shop)
    hit = found(shop.engine, typed)[0]
    assert (hit.script_id, hit.how) == ("S1", how)


def test_what_is_read_as_typed_is_told(shop) -> None:
    fill(shop)
    assert found(shop.engine, "tuihuo")[0].matched == "退货"
    assert found(shop.engine, "thzc")[0].matched == "退货政策"


def test_triggers_and_texts_are_found_by_sound_too_after_titles(shop) -> None:
    fill(shop)
    hits = found(shop.engine, "yunfei")
    assert (hits[0].script_id, hits[0].matched) == ("S20", "运费")
    assert ids(found(shop.engine, "jiujing")) == ["S3"]


def test_something_like_it_is_found_by_meaning(shop) -> None:
    fill(shop)
    hits = {hit.script_id: hit for hit in found(shop.engine, "我不想要了怎么退呀")}
    assert (hits["S1"].how, hits["S1"].matched) in {("words", "不想要了怎么退"), ("meaning", "不想要了怎么退")}


def test_without_an_encoder_words_and_sounds_still_find(shop) -> None:
    shop.encoder = WordsOnlyEncoder(8)
    fill(shop)
    engine = shop.engine
    assert (found(engine, "发货要多久")[0].script_id, found(engine, "发货要多久")[0].how) == ("S2", "words")
    assert found(engine, "fahuo")[0].script_id == "S2"
    assert all(hit.how != "meaning" for text in ("发货要多久", "不含酒精", "zzz") for hit in found(engine, text))


def test_nothing_alike_finds_nothing(shop) -> None:
    fill(shop)
    assert found(shop.engine, "qqqqq") == []


def test_stage_and_scene_keep_what_is_for_all(shop) -> None:
    fill(shop)
    engine = shop.engine
    assert sorted(ids(found(engine, "", stage=Stage.TRANSACTION.value))) == ["S2", "S20", "S3"]
    assert sorted(ids(found(engine, "", scene="direct"))) == ["S1", "S2", "S3"]
    assert ids(found(engine, "退货", scene="direct", stage="交易")) == []


def test_kinds_keep_only_theirs(shop) -> None:
    fill(shop)
    with shop.workspace.database.write() as session:
        session.get(Script, (DEFAULT_TENANT, "S2")).kind = ScriptKind.FAQ
    assert ids(found(shop.engine, "", kinds=("faq", "policy"))) == ["S2"]


def test_a_private_script_is_its_owners_and_a_teams_its_members(shop) -> None:
    shop.add_agent("a1", "t1")
    shop.add_agent("a2", "t2")
    add(shop, "mine", "我的退货话术", "我来处理。", scope="private:a1")
    add(shop, "ours", "我们的退货话术", "我们来处理。", scope="team:t2")
    engine = shop.engine
    assert ids(found(engine, "退货", agent_id="a1")) == ["mine"]
    assert ids(found(engine, "退货", agent_id="a2")) == ["ours"]
    assert ids(found(engine, "退货")) == []
    assert sorted(ids(found(engine, "退货", all_scopes=True))) == ["mine", "ours"]


def test_what_may_not_be_sent_today_is_found_only_when_asked_for(shop) -> None:
    now = shop.clock.now
    add(shop, "over", "旧退货政策", "以前可以退货。", valid_to=now - timedelta(days=1))
    add(shop, "soon", "新退货政策", "以后可以退货。", valid_from=now + timedelta(days=1))
    add(shop, "draft", "退货草稿", "草稿里也说退货。", status=ScriptStatus.DRAFT)
    engine = shop.engine
    assert found(engine, "退货") == []
    assert sorted(ids(found(engine, "退货", live_only=False))) == ["draft", "over", "soon"]
    assert ids(found(engine, "tuihuocg", live_only=False)) == []
    assert ids(found(engine, "tuihuocao", live_only=False)) == ["draft"]


def test_a_draft_is_found_by_the_words_of_its_text(shop) -> None:
    add(shop, "draft", "草稿", "拆封以后凭照片退款。", status=ScriptStatus.DRAFT)
    hit = found(shop.engine, "凭照片退款", live_only=False)[0]
    assert (hit.script_id, hit.how, hit.version) == ("draft", "words", 1)


def test_changes_of_the_library_are_followed(shop) -> None:
    fill(shop)
    engine = shop.engine
    assert ids(found(engine, "tuihuo"))[0] == "S1"
    shared = {"actor": "e1", "now": shop.clock.now}
    with shop.workspace.database.write() as session:
        describe_script(session, DEFAULT_TENANT, "S2", kind=ScriptKind.SCRIPT, title="退货发货", owner="", **shared)
        retire_script(session, DEFAULT_TENANT, "S1", **shared)
        save_draft(session, DEFAULT_TENANT, "S9", ScriptContent("到付的包裹会拒收。", ("寄回去要到付吗",)), **shared)
    assert ids(found(engine, "tuihuofh")) == []
    assert "S1" not in ids(found(engine, "tuihuo"))
    assert ids(found(engine, "tuihuofahuo"))[0] == "S2"
    assert found(engine, "daofu") == []
    assert ids(found(engine, "daofu", live_only=False)) == ["S9"]
    with shop.workspace.database.write() as session:
        publish_script(session, DEFAULT_TENANT, "S9", **shared)
    assert ids(found(engine, "daofu")) == ["S9"]
    assert ids(found(engine, "daofu", live_only=False)) == ["S9"]


def test_of_equal_hits_those_sent_most_come_first(shop) -> None:
    for script_id in ("A", "B", "C"):
        add(shop, script_id, f"退货说明{script_id}", f"第{script_id}种说法。")
    used(shop, "C", 5)
    used(shop, "B", 2)
    assert ids(found(shop.engine, "thsm")) == ["C", "B", "A"]


def test_nothing_typed_lists_what_was_sent_most_often_and_how_often(shop) -> None:
    fill(shop)
    used(shop, "S3", 2)
    used(shop, "S20", 7)
    hits = found(shop.engine, "  ", k=3)
    assert [(hit.script_id, hit.score) for hit in hits] == [("S20", 7), ("S3", 2), ("S1", 0)]
    assert ids(found(shop.engine, "", scene="direct", k=1)) == ["S3"]


def test_as_many_are_found_as_asked_for(shop) -> None:
    fill(shop)
    assert len(found(shop.engine, "", k=2)) == 2
    assert len(found(shop.engine, "s", k=1)) == 1


def test_the_text_comes_with_its_slots(shop) -> None:
    add(shop, "S5", "问候", "{{customer.name}}您好，我是{{agent.name}}。", "在吗")
    hit = found(shop.engine, "问候")[0]
    assert (hit.text, hit.version, hit.kind) == ("{{customer.name}}您好，我是{{agent.name}}。", 1, "script")


def test_nothing_is_recorded(shop) -> None:
    fill(shop)
    found(shop.engine, "退货", agent_id="a1")
    with shop.workspace.database.read() as session:
        assert session.exec(select(ScriptUse)).all() == []


@pytest.mark.parametrize(
    "fields",
    [{"stage": "nowhere"}, {"scene": "here"}, {"kinds": ("song",)}, {"k": 0}, {"k": 201}, {"agent_id": "a\x00"}],
)
def test_a_value_that_cannot_be_is_named(fields) -> None:
    with pytest.raises(BadRequestError) as refused:
        LibraryQuery(DEFAULT_TENANT, "退货", **fields)
    assert refused.value.field == next(iter(fields))


def test_the_library_of_another_tenant_is_not_here(shop) -> None:
    fill(shop)
    with pytest.raises(BadRequestError, match="tenant_id"):
        shop.engine.search_library(LibraryQuery("other", "退货"))


@pytest.mark.parametrize("text", ["<script>", "\u202e退货", "😀" * 50, "a" * 20_000, "'", "%", "\u200b"])
def test_whatever_is_typed_breaks_nothing(shop, text: str) -> None:
    fill(shop)
    found(shop.engine, text)


def used(shop, script_id: str, n: int) -> None:
    shop.add(ScriptUse(tenant_id=DEFAULT_TENANT, script_id=script_id, agent_id=EVERYONE, n_shown=n, n_accepted=n))
