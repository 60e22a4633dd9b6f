from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from copilot.engine.answer import Reply, Slate
from copilot.engine.exploration import (
    chance_of,
    conditional_propensities,
    draw,
    explore,
    near_ties,
    propensities,
    slates,
)
from copilot.engine.policy import MAX_RATE, Exploration, Policy, ReplyWeights
from copilot.engine.request import SuggestRequest
from copilot.errors import BadRequestError
from knowledge.tables import Suggestion, SuggestionSet

SCORES = (3.0, 2.95, 2.5, 2.45)
SOME = Exploration(rate=0.2, tie_gap=0.1)
STEADY = Policy(reply=ReplyWeights(performance=0.0, reply_similarity=0.0), reply_threshold=0.01)
"""Neither being shown nor the wording of a reply changes the scores."""
scores = st.lists(st.integers(0, 40), min_size=1, max_size=8).map(lambda tenths: [t / 10 for t in sorted(tenths)[::-1]])
explorations = st.builds(Exploration, rate=st.floats(0, MAX_RATE), tie_gap=st.sampled_from([0.0, 0.1, 0.35, 5.0]))


def reply(script_id: str, score: float) -> Reply:
    return Reply(
        rank=0,
        script_id=script_id,
        version=1,
        kind="script",
        title="",
        text=script_id,
        score=score,
        probability=0.5,
        propensity=1.0,
        source="",
        why=(),
    )


def test_neighbours_are_near_tied_when_their_scores_are_close() -> None:
    assert near_ties(SCORES, SOME) == [0, 2]
    assert near_ties(SCORES, replace(SOME, tie_gap=0.0)) == []


def test_the_budget_is_shared_by_the_near_tied_pairs() -> None:
    assert slates(SCORES, SOME) == [((0, 1, 2, 3), 0.8), ((1, 0, 2, 3), 0.1), ((0, 1, 3, 2), 0.1)]


def test_propensities_by_hand() -> None:
    # of three shown, the first two change places in a tenth of the sets, the third makes room for the fourth in another
    assert propensities(slates(SCORES, SOME), 3) == [(0.9, 0.1, 0.0), (0.1, 0.9, 0.0), (0.0, 0.0, 0.9), (0.0, 0.0, 0.1)]


def test_conditional_propensities_by_hand() -> None:
    choices = slates(SCORES, SOME)
    # when the best stands first (9/10 of the sets), the second follows for sure, then the third in 8 of these 9
    ranks = conditional_propensities(choices, (0, 1, 2))
    assert [row[0] for row in ranks] == [0.9, 0.1, 0.0, 0.0]
    assert [row[1] for row in ranks] == [0.0, 1.0, 0.0, 0.0]
    assert [row[2] for row in ranks] == pytest.approx([0.0, 0.0, 8 / 9, 1 / 9])
    # when the second stands first, the rest is settled
    assert conditional_propensities(choices, (1, 0, 2))[2] == (0.0, 0.0, 1.0)


@given(scores, explorations, st.integers(1, 8))
def test_for_every_rank_the_propensities_sum_to_one(found: list[float], exploration: Exploration, n: int) -> None:
    choices = slates(found, exploration)
    n_shown = min(n, len(found))
    assert sum(probability for _, probability in choices) == pytest.approx(1)
    assert len({order[:n_shown] for order, _ in choices}) == len(choices) or n_shown < len(found) - 1
    for order, _ in choices:
        for table in (propensities(choices, n_shown), conditional_propensities(choices, order[:n_shown])):
            for rank in range(n_shown):
                column = [ranks[rank] for ranks in table]
                assert sum(column) == pytest.approx(1)
                assert all(0 <= one <= 1 for one in column)
                assert column[order[rank]] > 0


@given(scores, explorations)
def test_a_slates_propensity_is_the_product_of_its_conditional_ones(found: list[float], exploration) -> None:
    choices = slates(found, exploration)
    for order, probability in choices:
        product = 1.0
        for rank, ranks in enumerate(zip(*conditional_propensities(choices, order), strict=True)):
            product *= ranks[order[rank]]
        assert product == pytest.approx(probability, abs=1e-9)


@given(scores, explorations, st.text())
def test_only_one_near_tied_pair_changes_places(found: list[float], exploration: Exploration, set_id: str) -> None:
    order, _ = draw(slates(found, exploration), chance_of(set_id, exploration.seed))
    moved = [place for place, position in enumerate(order) if place != position]
    assert not moved or (len(moved) == 2 and moved[1] == moved[0] + 1)
    assert all(found[moved[0]] - found[place] <= exploration.tie_gap for place in moved)


def test_frequencies_in_ten_thousand_draws_are_the_propensities() -> None:
    replies = [reply(name, score) for name, score in zip("abcd", SCORES, strict=True)]
    n_draws, shown = 10_000, Counter()
    for number in range(n_draws):
        drawn, slate = explore(replies, 3, SOME, f"set-{number}")
        shown.update((one.script_id, one.rank) for one in drawn)
    expected = {(one.script_id, rank): p for one in slate.candidates for rank, p in enumerate(one.propensities, 1) if p}
    assert shown.keys() == expected.keys()
    for place, p in expected.items():
        assert shown[place] / n_draws == pytest.approx(p, abs=4 * (p * (1 - p) / n_draws) ** 0.5)


def test_a_draw_can_be_repeated_and_another_seed_draws_otherwise() -> None:
    replies = [reply(name, score) for name, score in zip("abcd", SCORES, strict=True)]
    drawn = [explore(replies, 3, SOME, f"set-{number}") for number in range(200)]
    assert drawn == [explore(replies, 3, SOME, f"set-{number}") for number in range(200)]
    assert drawn != [explore(replies, 3, replace(SOME, seed=1), f"set-{number}") for number in range(200)]


def test_without_a_set_the_likeliest_order_is_shown_with_its_propensities() -> None:
    drawn, slate = explore([reply("a", 2.0), reply("b", 2.0)], 1, SOME, "")
    assert [(one.script_id, one.propensity) for one in drawn] == [("a", 0.8)]
    assert [(one.script_id, one.propensities) for one in slate.candidates] == [("a", (0.8,)), ("b", (0.2,))]


@pytest.mark.parametrize("wrong", [{"rate": -0.1}, {"rate": 0.6}, {"rate": float("nan")}, {"tie_gap": -1.0}])
def test_a_budget_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadRequestError, match=next(iter(wrong))):
        Exploration(**wrong)


def test_a_policy_that_explores_nothing_has_the_version_of_its_other_numbers() -> None:
    assert Policy().version == Policy(exploration=Exploration(tie_gap=0.3, seed=5)).version == "dc7d7629a970"
    assert Policy(exploration=Exploration(rate=0.01)).version != Policy().version


def fill(shop, n_scripts: int = 6) -> None:
    """Scripts that answer one question equally well, so that the best are s0, s1 and s2."""
    shop.policy = STEADY
    for number in range(n_scripts):
        shop.add_script(
            f"s{number}", ["甲乙丙丁", "戊己庚辛", "壬癸子丑", "寅卯辰巳", "午未申酉", "戌亥"][number], "包邮吗"
        )


def ask(shop_engine, n: int, message: str = "包邮吗", **fields):
    return [shop_engine.suggest(SuggestRequest(message=message, **fields)) for _ in range(n)]


def exploring(shop, rate: float = MAX_RATE) -> None:
    shop.policy = replace(STEADY, exploration=Exploration(rate=rate, tie_gap=0.1))


def test_off_shows_and_records_what_is_best_and_nothing_else(shop) -> None:
    fill(shop)
    answers = ask(shop.engine, 5)
    assert {tuple(one.script_id for one in answer.replies) for answer in answers} == {("s0", "s1", "s2")}
    assert {answer.slate for answer in answers} == {Slate(1.0, ())}
    with shop.workspace.database.read() as session:
        assert {(row.slate_propensity, len(row.candidates)) for row in session.exec(select(SuggestionSet))} == {
            (1.0, 0)
        }
        assert {row.propensity for row in session.exec(select(Suggestion))} == {1.0}


def test_on_shows_other_orders_of_the_same_near_tied_replies(shop) -> None:
    fill(shop)
    exploring(shop)
    seen = {tuple(one.script_id for one in answer.replies) for answer in ask(shop.engine, 60)}
    assert seen == {("s0", "s1", "s2"), ("s1", "s0", "s2"), ("s0", "s2", "s1"), ("s0", "s1", "s3")}


def test_what_could_have_been_shown_is_recorded_with_the_set(shop) -> None:
    fill(shop)
    exploring(shop, rate=0.3)
    answers = ask(shop.engine, 20)
    with shop.workspace.database.read() as session:
        for answer in answers:
            kept = session.get(SuggestionSet, ("default", answer.set_id))
            shown = session.exec(select(Suggestion).where(Suggestion.set_id == answer.set_id)).all()
            assert round(kept.slate_propensity, 12) in (0.7, 0.1)
            assert len(kept.candidates) == 4
            by_id = {one["script_id"]: one for one in kept.candidates}
            for rank in range(3):
                assert sum(one["propensities"][rank] for one in kept.candidates) == pytest.approx(1)
                assert sum(one["conditional_propensities"][rank] for one in kept.candidates) == pytest.approx(1)
            for row in shown:
                assert row.propensity == by_id[row.item_id]["propensities"][row.rank - 1] > 0


def test_a_recorded_draw_comes_out_again_from_the_sets_id(shop) -> None:
    fill(shop)
    exploring(shop)
    engine = shop.engine
    for answer in ask(engine, 20):
        candidates = [reply(one.script_id, one.score) for one in answer.slate.candidates]
        again, _ = explore(candidates, 3, shop.policy.exploration, answer.set_id)
        assert [one.script_id for one in again] == [one.script_id for one in answer.replies]


def test_a_rehearsal_is_the_same_every_time(shop) -> None:
    fill(shop)
    exploring(shop)
    engine = shop.engine
    answers = [engine.rehearse(SuggestRequest(message="包邮吗"))[0] for _ in range(5)]
    assert {(answer.set_id, answer.replies, answer.slate) for answer in answers} == {
        ("", answers[0].replies, answers[0].slate)
    }


def test_what_a_rule_refuses_is_never_explored(shop) -> None:
    fill(shop, 3)
    shop.add_script("s3", "全网最低价，放心拍。", "包邮吗")
    shop.add_script("s4", "甲乙丙丁！", "包邮吗")
    shop.add_script("s5", "订单{{order.id}}包邮。", "包邮吗")
    exploring(shop)
    shown = {one.script_id for answer in ask(shop.engine, 40) for one in answer.replies}
    assert shown == {"s0", "s1", "s2"}


def test_nothing_below_the_threshold_is_explored(shop) -> None:
    fill(shop, 2)
    shop.add_script("low", "包邮的。")
    found = {one.script_id: one.probability for one in ask(shop.engine, 1)[0].replies}
    assert found["low"] < found["s1"]
    threshold = (found["low"] + found["s1"]) / 2
    shop.policy = replace(STEADY, reply_threshold=threshold, exploration=Exploration(rate=MAX_RATE, tie_gap=1e6))
    seen = ask(shop.engine, 40, max_replies=2)
    assert {tuple(one.script_id for one in answer.replies) for answer in seen} == {("s0", "s1"), ("s1", "s0")}


def test_nobody_who_complains_is_experimented_on(shop) -> None:
    fill(shop)
    exploring(shop)
    answers = ask(shop.engine, 40, message="包邮吗 我要投诉")
    assert len({tuple(one.script_id for one in answer.replies) for answer in answers}) == 1
    assert answers[0].replies
    assert {answer.slate for answer in answers} == {Slate()}
