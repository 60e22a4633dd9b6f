from dataclasses import replace

import pytest

from eval.report.examples import examples
from eval.runs.answers import Answer, Answers, Reason, SideBySide


def answer(item_id, *amounts, is_relevant=False):
    why = tuple(Reason(f"f{i}", amount) for i, amount in enumerate(amounts))
    return Answer(item_id, "text", sum(amounts), None, is_relevant, why)


def query(before, after, reason=""):
    return SideBySide("q1", "hello", "", Answers(0.0, before, (), reason), Answers(1.0, after, (), ""))


@pytest.fixture
def read(report):
    def _read(won, lost=()):
        comparison = replace(report.comparison, won={report.primary: won}, lost={report.primary: lost})
        return examples(replace(report, comparison=comparison))

    return _read


def test_won_queries_come_before_lost_ones_and_the_first_of_each_lie_open(read):
    one = query((answer("a", 1.0),), (answer("b", 1.0),))
    found = read((one,) * 3, (one,) * 3)
    assert [(example.is_won, example.is_first) for example in found] == [
        (True, True),
        (True, True),
        (True, False),
        (False, True),
        (False, True),
        (False, False),
    ]


def test_the_first_three_are_shown_and_the_right_one_however_far_down(read):
    ranked = tuple(answer(name, 1.0, is_relevant=name == "f") for name in "abcdefg")
    (found,) = read((query((), ranked, "unlikely: 0.2"),))
    baseline, run = found.sides
    assert [(card.rank, card.answer.item_id) for card in run.cards] == [(1, "a"), (2, "b"), (3, "c"), (6, "f")]
    assert (baseline.cards, baseline.abstain_reason, baseline.is_baseline) == ((), "unlikely: 0.2", True)


def test_the_largest_reasons_stand_alone_and_the_others_sum_up(read):
    (found,) = read((query((), (answer("a", 0.1, -2.0, 1.0, 0.5, 0.25, -0.4),)),))
    (card,) = found.sides[1].cards
    assert [one.contribution for one in card.reasons] == [-2.0, 1.0, 0.5, -0.4]
    assert (card.n_others, card.others) == (2, pytest.approx(0.35))
    assert sum(one.contribution for one in card.reasons) + card.others == pytest.approx(card.answer.score)


def test_a_fifth_reason_is_shown_rather_than_summed(read):
    (found,) = read((query((), (answer("a", 1, 2, 3, 4, 5),)),))
    (card,) = found.sides[1].cards
    assert (len(card.reasons), card.n_others, card.others) == (5, 0, 0)


def test_both_sides_are_drawn_on_one_scale(read):
    (found,) = read((query((answer("a", -1.0),), (answer("b", 3.0),)),))
    assert found.scale.low <= -1.0 < 3.0 <= found.scale.high


def test_products_are_shown_where_there_are_no_replies(read):
    products = SideBySide(
        "q1", "", "", Answers(0.0, (), (answer("sku1", 1.0),), ""), Answers(1.0, (), (answer("sku2", 1.0),), "")
    )
    (found,) = read((products,))
    assert [side.cards[0].answer.item_id for side in found.sides] == ["sku1", "sku2"]
