import logging
from dataclasses import replace

import pytest
from sqlmodel import select

from copilot.engine.engine import Engine
from copilot.engine.policy import Calibration, Exploration, Policy, ReplyWeights
from copilot.engine.request import SuggestRequest
from copilot.engine.shadow import ShadowPolicy
from knowledge.tables import ShadowRanking, Suggestion, SuggestionSet

QUESTION = "什么时候发货"
EAGER = Policy(reply_threshold=0.0, duplicate_overlap=1.0)
"""Shows whatever is found, in the usual order."""
SILENT = replace(EAGER, reply_threshold=1.0)
UPSIDE_DOWN = replace(EAGER, reply=ReplyWeights(exact_trigger=-5.0, trigger_similarity=-5.0))


def stocked(shop) -> None:
    shop.add_script("shipping", "每天下午四点前的订单当天发出。", QUESTION)
    shop.add_script("parcel", "发货以后会发短信告诉您单号。", "发货了告诉我吗")
    shop.add_script("returns", "七天内可以退。", "什么时候能退")


def with_shadow(shop, policy: Policy | None, serving: Policy = EAGER) -> Engine:
    shop.policy = serving
    engine = shop.engine
    shadow = ShadowPolicy("trial", policy) if policy else None
    return Engine(engine.database, engine.index, engine.encoder, replace(engine.setup, shadow=shadow), clock=shop.clock)


def ask(engine: Engine, **fields):
    return engine.suggest(SuggestRequest(message=QUESTION, **fields))


def recorded(shop) -> list[ShadowRanking]:
    with shop.workspace.database.read() as session:
        return list(session.exec(select(ShadowRanking)))


def ids(standings: list[dict]) -> list[str]:
    return [one["script_id"] for one in standings]


def test_the_answer_is_the_same_with_and_without_a_shadow(shop) -> None:
    stocked(shop)
    engine = with_shadow(shop, UPSIDE_DOWN)
    rehearsed, _ = with_shadow(shop, None).rehearse(SuggestRequest(message=QUESTION))
    answer = ask(engine)
    assert replace(answer, set_id="", timing_ms={}, slate=rehearsed.slate) == replace(rehearsed, timing_ms={})
    assert answer.versions.policy == EAGER.version
    with shop.workspace.database.read() as session:
        shown = session.exec(select(Suggestion.item_id).order_by(Suggestion.rank)).all()
        (kept,) = session.exec(select(SuggestionSet)).all()
    assert shown == [reply.script_id for reply in answer.replies]
    assert kept.policy_version == EAGER.version


def test_without_a_shadow_nothing_is_spent_or_kept(shop) -> None:
    stocked(shop)
    answer = ask(with_shadow(shop, None))
    assert answer.slate.shadow is None
    assert "shadow" not in answer.timing_ms
    assert recorded(shop) == []


def test_both_orders_are_recorded_with_the_set(shop) -> None:
    stocked(shop)
    answer = ask(with_shadow(shop, UPSIDE_DOWN))
    (row,) = recorded(shop)
    assert (row.set_id, row.shadow_version, row.policy_version) == (answer.set_id, "trial", UPSIDE_DOWN.version)
    assert [(one["script_id"], one["score"]) for one in row.served] == [
        (one.script_id, one.score) for one in answer.replies
    ]
    assert ids(row.served)[0] == "shipping"
    assert ids(row.shadow)[-1] == "shipping"
    assert set(ids(row.shadow)) == set(ids(row.served))
    scores = [one["score"] for one in row.shadow]
    assert scores == sorted(scores, reverse=True)
    assert (row.n_shown, row.served_abstained, row.shadow_abstained) == (3, False, False)


def test_the_same_policy_as_shadow_finds_no_difference(shop) -> None:
    stocked(shop)
    ask(with_shadow(shop, EAGER))
    (row,) = recorded(shop)
    assert row.shadow == row.served


def test_the_shadow_sees_the_candidates_with_its_own_numbers(shop) -> None:
    stocked(shop)
    surer = replace(EAGER, calibration=Calibration(slope=0.5, midpoint=0.0))
    ask(with_shadow(shop, surer))
    (row,) = recorded(shop)
    assert ids(row.shadow) == ids(row.served)
    assert [one["score"] for one in row.shadow] == [one["score"] for one in row.served]
    expected = [round(surer.calibration.probability(one["score"]), 4) for one in row.shadow]
    assert [one["probability"] for one in row.shadow] == expected


@pytest.mark.parametrize(("serving", "shadow"), [(EAGER, SILENT), (SILENT, EAGER)])
def test_silence_of_one_and_not_the_other_is_recorded(shop, serving: Policy, shadow: Policy) -> None:
    stocked(shop)
    answer = ask(with_shadow(shop, shadow, serving))
    (row,) = recorded(shop)
    assert answer.abstained == row.served_abstained == (serving is SILENT)
    assert row.shadow_abstained == (shadow is SILENT)


def test_what_exploration_swaps_is_no_difference(shop) -> None:
    stocked(shop)
    exploring = replace(EAGER, exploration=Exploration(rate=0.5, tie_gap=100.0))
    engine = with_shadow(shop, EAGER, exploring)
    shown = {tuple(reply.script_id for reply in ask(engine).replies) for _ in range(20)}
    assert len(shown) > 1
    assert all(row.served == row.shadow for row in recorded(shop))


def test_a_reply_the_rules_forbid_stands_in_neither_order(shop) -> None:
    stocked(shop)
    shop.add_script("slot", "您好{{order.nowhere}}", QUESTION)
    ask(with_shadow(shop, UPSIDE_DOWN))
    (row,) = recorded(shop)
    assert "slot" not in {*ids(row.served), *ids(row.shadow)}


def test_a_rehearsal_and_a_request_for_no_replies_have_no_shadow(shop) -> None:
    stocked(shop)
    engine = with_shadow(shop, UPSIDE_DOWN)
    assert engine.rehearse(SuggestRequest(message=QUESTION))[0].slate.shadow is None
    assert ask(engine, max_replies=0).slate.shadow is None
    assert recorded(shop) == []


def test_a_shadow_that_fails_is_logged_and_the_answer_stands(shop, caplog, monkeypatch) -> None:
    stocked(shop)

    def fail(*_: object) -> None:
        raise RuntimeError(QUESTION)

    monkeypatch.setattr("copilot.engine.shadow.weigh", fail)
    with caplog.at_level(logging.INFO):
        answer = ask(with_shadow(shop, UPSIDE_DOWN))
    assert answer.replies[0].script_id == "shipping"
    assert recorded(shop) == []
    assert "shadow trial could not rank: RuntimeError" in caplog.text
    assert QUESTION not in caplog.text


def test_a_ranking_that_cannot_be_recorded_does_not_lose_the_set(shop, caplog) -> None:
    stocked(shop)
    engine = with_shadow(shop, UPSIDE_DOWN)
    with shop.workspace.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE shadow_ranking")
    answer = ask(engine)
    with shop.workspace.database.read() as session:
        assert session.exec(select(SuggestionSet.id)).all() == [answer.set_id]
        assert len(session.exec(select(Suggestion)).all()) == len(answer.replies)
    assert "the ranking of shadow trial was not recorded" in caplog.text
