import re

from eval.report.words import split_measure, words_of
from eval.runs.run import CLUSTERS, SLICES

PLACE = re.compile(r"\{\w+\}")


def test_both_languages_say_the_same_things_about_the_same_values():
    english, chinese = words_of("en").texts, words_of("zh").texts
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(chinese[key])), key


def test_every_grouping_and_slicing_has_a_name():
    texts = words_of("en").texts
    assert {f"slicing.{name}" for name in SLICES} | {f"cluster.{name}" for name in CLUSTERS} <= texts.keys()


def test_a_metric_is_explained_with_its_depth():
    words = words_of("en")
    assert words.measure("R@10") == "The share of the right answers that are among the first 10."
    assert words.measure("P@1") == "How often the first answer is right."
    assert "first 1 of the 10 candidates" in words.measure("R10@1")
    assert words.measure("Rprec").startswith("The precision among as many")
    assert words.measure("unheard@5") == ""
    assert words.measure("unheard") == ""


def test_the_caller_names_its_features_and_unknown_ones_stand_for_themselves():
    words = words_of("en", {"feature.stage": "business stage", "abstain.unlikely": "too unsure"})
    assert words.name("feature", "stage") == "business stage"
    assert words.name("feature", "own_usage") == "own usage"
    assert words.reason("abstain", "unlikely: the best match has probability 0.20") == "too unsure"
    assert words.reason("abstain", "no_content: nothing") == "The message has no words to answer"


def test_a_name_splits_at_its_depth():
    assert split_measure("nDCG@10") == ("nDCG", "10")
    assert split_measure("diversity") == ("diversity", "")
