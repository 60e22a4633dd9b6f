"""Every number of every table is the one that the JSON report has."""

import json
import re

import pytest
from markdown_it import MarkdownIt

from eval.report.markdown.document import to_markdown
from eval.report.markdown.writing import escaped, literal, table
from eval.report.plain import to_dict
from eval.report.words import words_of

NUMBER = re.compile(r"[+\u2212]?\d[\d,]*(?:\.\d+)?")
EN = words_of("en")


def rows_under(text, heading):
    """The cells of every row of every table under a heading, without the heads of the tables."""
    lines = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0].splitlines()
    is_rule = [bool(re.fullmatch(r"\|( :?-+:? \|)+", line)) for line in [*lines, ""]]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for position, line in enumerate(lines)
        if line.startswith("|") and not is_rule[position] and not is_rule[position + 1]
    ]


def assert_same(cells, expected):
    """Each cell shows its number, or both of an interval, as exactly as its decimals can."""
    assert len(cells) == len(expected), cells
    for cell, value in zip(cells, expected, strict=True):
        if cell == "< 0.001":
            assert 0 <= value < 0.001
            continue
        values = value if isinstance(value, tuple) else (value,)
        written = NUMBER.findall(cell)
        assert len(written) == len(values), (cell, value)
        for number, wanted in zip(written, values, strict=True):
            decimals = len(number.partition(".")[2])
            read = float(number.replace(",", "").replace("\u2212", "-"))
            assert read == pytest.approx(wanted, abs=0.5 * 10**-decimals + 1e-9), (cell, value)


def interval(estimate):
    return estimate["low"], estimate["high"]


@pytest.fixture(scope="module")
def text(report):
    return to_markdown(report, EN)


@pytest.fixture(scope="module")
def data(report):
    return json.loads(json.dumps(to_dict(report, EN)))


def test_metrics(text, data):
    rows = rows_under(text, "Quality")
    assert {row[0] for row in rows} == data["summary"]["metrics"].keys()
    for name, *cells in rows:
        one = data["summary"]["metrics"][name]
        assert_same(cells, [one["n"], one["mean"], interval(one)])


def test_differences(text, data):
    differences = data["comparison"]["differences"]
    whole = [one for one in differences if one["slice"] is None]
    changed = [one for one in differences if one["slice"] is not None and one["p_adjusted"] < 0.05]
    assert changed, "the data of this test must have clear slices"
    surest = sorted(changed, key=lambda one: (one["p_adjusted"], -abs(one["difference"]["mean"])))
    rows = rows_under(text, "Against the baseline")
    for (name, *cells), one in zip(rows, [*whole, *surest], strict=True):
        assert name.startswith(one["metric"])
        values = (one["mean_a"], one["mean_b"], one["difference"]["mean"], interval(one["difference"]))
        assert_same(cells, [*values, one["p"], one["p_adjusted"], one["n_won"], one["n_tied"], one["n_lost"]])


def test_slices(text, data):
    rows = iter(rows_under(text, "Where it is good, and where not"))
    for found in data["slices"]:
        whole = data["summary"]["metrics"][found["metric"]]
        assert_same(next(rows)[1:4], [whole["n"], whole["mean"], interval(whole)])
        for one in found["parts"]:
            label, n, *cells = next(rows)
            assert (label, n) == (one["label"], str(one["estimate"]["n"]))
            assert_same(
                cells,
                [
                    one["estimate"]["mean"],
                    interval(one["estimate"]),
                    one["difference"]["mean"],
                    interval(one["difference"]),
                    one["p_adjusted"],
                ],
            )
    assert next(rows, None) is None


def test_certainty(text, data):
    found = data["certainty"]
    expected = [
        [(one["low"], one["high"]), one["n"], one["mean_probability"], one["share_correct"]] for one in found["bins"]
    ]
    expected += [[one["coverage"], one["threshold"], one["precision"]] for one in found["points"]]
    rows = rows_under(text, "Certainty")
    assert len(rows) == len(expected)
    for cells, values in zip(rows, expected, strict=True):
        assert_same(cells, values)


def test_growth(text, data):
    points = [(name, one) for name, sizes in data["growth"]["systems"].items() for one in sizes]
    rows = rows_under(text, "As the library grows")
    assert [row[0] for row in rows] == [name for name, _ in points]
    for row, (_, one) in zip(rows, points, strict=True):
        assert_same(row[1:], [one["n_items"], one["mean"], interval(one), one["n"]])


def test_timing(text, data):
    rows = rows_under(text, "Speed")
    assert [row[0] for row in rows] == list(data["timing_ms"])
    for name, *cells in rows:
        one = data["timing_ms"][name]
        assert_same(cells, [one["p50"], one["p95"], one["p99"], one["n"]])


def test_abstentions(text, data):
    found = data["abstentions"]
    rows = rows_under(text, "When nothing was suggested")
    for row, one in zip(rows, found["reasons"], strict=True):
        assert_same(row[1:], [one["n"], 100 * one["n"] / found["n_queries"]])


def test_the_verdict_is_the_same_sentence(text, data):
    assert literal(data["verdict"]["sentence"]) in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_customers_text_stays_text(hostile, language):
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(to_markdown(hostile, words_of(language)))
    assert "<script" not in rendered
    assert "<img" not in rendered
    assert "<h1>broken" not in rendered
    assert "&lt;script&gt;alert('x')&lt;/script&gt;" in rendered


def test_a_text_is_one_line_in_which_nothing_means_anything():
    assert escaped("a | b\n\n# c `d` <e>") == r"a \| b \# c \`d\` \<e\>"
    assert escaped("x" * 200) == "x" * 160 + "…"


def test_a_table_knows_its_numbers():
    assert table(["a", "b"], [["x", "1"]]) == ["", "| a | b |", "| :--- | ---: |", "| x | 1 |", ""]
