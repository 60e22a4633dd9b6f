from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from copilot.engine.decisions import NewDecision
from copilot.engine.policy import Policy, ReplyWeights
from copilot.engine.request import SuggestRequest
from copilot.engine.why_not import Fate
from copilot.errors import UnknownIdError
from knowledge.library.scripts import retire_script
from knowledge.tables import DEFAULT_TENANT, DecisionKind, ScriptStatus, SuggestionSet

RETURNS = "七天内未拆封可以无理由退货，拆封后如过敏凭照片也能退。"


def fill(shop) -> None:
    shop.add_customer("c1", "敏感肌")
    shop.add_script("returns", RETURNS, "可以退货吗", "不想要了怎么退")
    shop.add_script("vip", "黑金会员退货免运费。", "会员怎么退货", audience={"all": ["黑金"]})
    shop.add_script("freight", "退货的运费由运费险赔付。", "退货运费谁出")
    shop.add_script("ship", "每天下午四点前的订单当天发出。", "什么时候发货")


def fate(shop, script_id: str, message: str = "可以退货吗", **fields):
    fields = {"customer_id": "c1", "at": shop.clock.now, **fields}
    return shop.engine.why_not(SuggestRequest(message=message, **fields), script_id)


def test_a_script_that_is_shown_has_no_rule_and_the_score_it_was_shown_with(shop) -> None:
    fill(shop)
    found = fate(shop, "returns")
    reply = shop.engine.suggest(SuggestRequest(message="可以退货吗", customer_id="c1", at=shop.clock.now)).replies[0]
    assert (found.fate, found.rule, found.rank) == (Fate.SHOWN, "", 1)
    assert (found.text, found.score, found.probability, found.why) == (
        reply.text,
        reply.score,
        reply.probability,
        reply.why,
    )


def test_an_audience_that_the_customer_is_not_in_excludes(shop) -> None:
    fill(shop)
    found = fate(shop, "vip")
    assert (found.fate, found.rule, found.rank) == (Fate.EXCLUDED, "audience.all:黑金", None)
    assert found.score is not None


def test_what_is_not_valid_yet_is_excluded(shop) -> None:
    fill(shop)
    shop.add_script("soon", RETURNS + "节日期间延长。", "可以退货吗", valid_from=shop.clock.now + timedelta(days=1))
    assert fate(shop, "soon").rule == "validity:not yet"


def test_an_excluded_script_is_excluded_even_where_nothing_was_asked(shop) -> None:
    fill(shop)
    assert fate(shop, "vip", "😊").fate is Fate.EXCLUDED
    silent = fate(shop, "returns", "😊")
    assert (silent.fate, silent.rule, silent.score) == (Fate.UNLIKELY, "no_content", None)


@pytest.mark.parametrize("status", [ScriptStatus.DRAFT, ScriptStatus.REVIEW])
def test_a_script_that_is_not_published_is_not_live(shop, status: ScriptStatus) -> None:
    fill(shop)
    shop.add_script("new", "新的说法。", "可以退货吗", status=status)
    found = fate(shop, "new")
    assert (found.fate, found.rule, found.text) == (Fate.NOT_LIVE, f"status:{status.value}", "新的说法。")


def test_a_retired_script_is_not_live(shop) -> None:
    fill(shop)
    with shop.workspace.database.write() as session:
        retire_script(session, DEFAULT_TENANT, "returns", actor="e1", now=shop.clock.now)
    assert fate(shop, "returns").rule == "status:retired"


def test_below_the_threshold_is_unlikely_with_both_numbers(shop) -> None:
    fill(shop)
    found = fate(shop, "ship", "会员的退货什么时候到")
    assert (found.fate, found.rule) == (Fate.UNLIKELY, "unlikely")
    assert found.detail == f"{found.probability:.2f} < 0.35"


def test_good_enough_but_behind_those_shown_is_outranked(shop) -> None:
    fill(shop)
    for number in range(3):
        shop.add_script(f"same{number}", f"第{number}种：{'退换货规则' * (number + 1)}", "可以退货吗")
    shown = {reply.script_id for reply in shop.engine.suggest(SuggestRequest(message="可以退货吗")).replies}
    (behind,) = {"returns", "same0", "same1", "same2"} - shown
    found = fate(shop, behind)
    assert (found.fate, found.rule, found.rank) == (Fate.OUTRANKED, "", 4)


def test_a_slot_that_cannot_be_filled_blocks(shop) -> None:
    fill(shop)
    shop.add_script("order", "{{order.id}} 可以退货。", "可以退货吗")
    found = fate(shop, "order")
    assert (found.fate, found.rule) == (Fate.BLOCKED, "slot:order.id")


def test_a_text_against_the_law_is_blocked_by_the_rule(shop) -> None:
    fill(shop)
    shop.add_script("best", "全网最低价，可以退货。", "可以退货吗")
    found = fate(shop, "best")
    assert found.fate is Fate.BLOCKED
    assert found.rule.startswith("compliance:")


def test_a_text_that_says_the_same_is_a_duplicate_of_what_is_shown(shop) -> None:
    fill(shop)
    shop.add_script("again", RETURNS + "！", "可以退货吗")
    found = {script_id: fate(shop, script_id) for script_id in ("returns", "again")}
    assert {one.fate for one in found.values()} == {Fate.SHOWN, Fate.DUPLICATE}
    double = next(one for one in found.values() if one.fate is Fate.DUPLICATE)
    assert double.detail == next(one.script_id for one in found.values() if one.fate is Fate.SHOWN)


def test_what_was_sent_again_and_again_is_tired(shop) -> None:
    fill(shop)
    shop.policy = Policy(reply=ReplyWeights(fatigue=9.0))
    asked = SuggestRequest(message="可以退货吗", customer_id="c1")
    answer = shop.engine.suggest(asked)
    shop.desk.decide(NewDecision(answer.set_id, DecisionKind.ACCEPT, rank=1))
    shop.clock.advance(hours=1)
    found = fate(shop, "returns")
    assert (found.fate, found.rule) == (Fate.TIRED, "fatigue:1 in 7 days")


def test_small_talk_is_answered_by_small_talk_only(shop) -> None:
    fill(shop)
    found = fate(shop, "ship", "你好")
    assert (found.fate, found.rule) == (Fate.UNLIKELY, "small_talk:greeting")


def test_a_script_that_was_not_found_is_placed_among_all_that_are_allowed(shop) -> None:
    shop.policy = Policy(n_searched=1, n_ranked=1)
    fill(shop)
    found = fate(shop, "freight")
    assert (found.fate, found.rule) == (Fate.NOT_RETRIEVED, "not_retrieved")
    assert (found.rank, found.n_ranked) == (2, 3)
    assert round(sum(one.contribution for one in found.why), 6) == found.score


def test_an_unknown_script_is_an_error(shop) -> None:
    fill(shop)
    with pytest.raises(UnknownIdError, match="'nobody'"):
        fate(shop, "nobody")


def test_nothing_is_recorded(shop) -> None:
    fill(shop)
    fate(shop, "returns")
    with shop.workspace.database.read() as session:
        assert session.exec(select(SuggestionSet)).all() == []


MESSAGES = ("可以退货吗", "退货运费谁出", "敏感肌能用吗", "什么时候到", "你好", "会员怎么退", "zzz", "包装破了想退款")


@given(st.sampled_from(MESSAGES), st.sampled_from([None, "c1"]), st.integers(1, 24), st.sampled_from([0.01, 0.35, 0.9]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_fates_of_a_library_tell_the_same_as_the_answer(shop, message, customer_id, n_ranked, threshold) -> None:
    if shop.index is None:
        fill(shop)
        shop.add_script("sensitive", "这款不含酒精，建议先在耳后试用。", "敏感肌能用吗", audience={"any": ["敏感肌"]})
        shop.add_script("order", "{{order.id}} 在路上。", "我的快递到哪了", "什么时候到")
    shop.policy = Policy(n_searched=n_ranked, n_ranked=n_ranked, reply_threshold=threshold)
    engine = shop.engine
    asked = SuggestRequest(message=message, customer_id=customer_id, at=shop.clock.now)
    answer, _ = engine.rehearse(asked)
    ids = [engine.index.scripts.item_id(item) for item in range(engine.index.scripts.n_items)]
    fates = {script_id: engine.why_not(asked, script_id) for script_id in ids}
    shown = {one for one, found in fates.items() if found.fate is Fate.SHOWN}
    assert shown == {reply.script_id for reply in answer.replies}
    refused = {one.item_id: one.rule for one in answer.excluded if one.item_id in fates}
    assert refused.items() <= {one: found.rule for one, found in fates.items()}.items()
    placed = [found for found in fates.values() if found.rank is not None]
    assert len(placed) == placed[0].n_ranked if placed else not any(found.score for found in fates.values())
    for one in placed:
        assert one.rank == 1 + sum(other.score > one.score for other in placed)
