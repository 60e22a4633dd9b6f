import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from lxml import html

from eval.report.page import render
from eval.report.report import SECTIONS
from eval.report.words import words_of
from eval.statistics.estimate import Estimate

EN, ZH = words_of("en"), words_of("zh")


@pytest.fixture(scope="module")
def page(report):
    return html.fromstring(render(report, EN))


@pytest.fixture(scope="module")
def hostile_page(hostile):
    return html.fromstring(render(hostile, EN))


def texts(node):
    return " ".join(node.text_content().split())


def test_every_section_is_there_with_its_heading_and_linked(page):
    assert [section.get("id") for section in page.iter("section")] == list(SECTIONS)
    assert [link.get("href") for link in page.xpath("//nav//a")] == [f"#{name}" for name in SECTIONS]
    ids = Counter(node.get("id") for node in page.xpath("//*[@id]"))
    assert set(ids.values()) == {1}
    for section in page.iter("section"):
        assert page.get_element_by_id(section.get("aria-labelledby")).tag == "h2"


def test_headings_never_skip_a_level(page):
    levels = [int(node.tag[1]) for node in page.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(following - level <= 1 for level, following in pairwise(levels))


def test_every_table_has_a_caption_and_heads(page):
    for table in page.iter("table"):
        assert texts(table.find("caption"))
        assert table.xpath("./thead//th[@scope='col']")
        assert all(row.xpath("./th[@scope='row']") for row in table.xpath("./tbody/tr"))


def test_every_picture_is_described_and_every_strip_is_hidden_from_readers(page):
    pictures = page.xpath("//svg[@role='img']")
    assert len(pictures) == 3
    assert all(texts(one.find("title")) and texts(one.find("desc")) for one in pictures)
    assert all(one.get("aria-hidden") == "true" for one in page.xpath("//svg[not(@role)]"))


def test_nothing_is_loaded_from_anywhere(page):
    assert not page.xpath("//link|//img|//iframe|//object|//*[@src]|//*[@style]|//*[@onclick]")
    assert not page.xpath("//a[not(starts-with(@href, '#'))]")
    assert "url(" not in page.findtext(".//style")


def test_only_our_own_script_may_run(page, hostile_page):
    for one in (page, hostile_page):
        (script,) = one.iter("script")
        digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
        policy = one.xpath("//meta[@http-equiv='Content-Security-Policy']")[0].get("content")
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert f"script-src 'sha256-{digest}'" in policy


def test_customers_text_is_shown_as_it_was_written(hostile_page):
    shown = texts(hostile_page)
    assert "<script>alert('x')</script><img src=x onerror=alert(1)>" in shown
    assert "{{ 7*7 }} {% raw %}" in shown
    assert "\x08" not in shown
    assert not hostile_page.xpath("//h1[contains(., 'broken')]")


def test_a_very_long_text_says_how_much_is_left_out(hostile_page):
    # 700 letters and 900 times two characters, of which 1,200 are shown.
    assert "and 1,300 more characters" in texts(hostile_page)


def test_each_text_runs_in_its_own_direction(hostile_page):
    written = hostile_page.xpath("//*[contains(text(), 'مرحبا')]")
    assert written
    assert all(node.get("dir") == "auto" for node in written)


def test_the_numbers_of_the_tiles_are_those_of_the_summary(page, report):
    values = [texts(node) for node in page.find_class("value")]
    assert values == [f"{report.metrics[name].mean:.3f}" for name in report.headline]


def test_chinese_pages_are_chinese(report):
    page = html.fromstring(render(report, ZH))
    assert page.get("lang") == "zh-Hans"
    left = re.compile(r"\b(the|baseline|query|queries|right|answer)\b", re.IGNORECASE)
    for heading in page.xpath("//h2|//caption|//thead//th|//nav//a|//*[@class='lead']"):
        assert not left.search(texts(heading)), texts(heading)


def test_what_is_missing_is_said_and_not_drawn(alone):
    page = html.fromstring(render(alone, EN))
    assert "Comparison: no baseline was given." in texts(page)
    assert not page.xpath("//*[@id='comparison']|//*[@id='growth']|//*[@class='change']")
    assert not page.xpath("//article|//details[contains(@class, 'example')]")


def test_a_number_without_an_end_and_one_beyond_shares_are_written_but_not_drawn(alone):
    whole = replace(
        alone.summary.whole,
        metrics={"nDCG@10": Estimate(0.5, float("-inf"), float("inf"), 1), "novelty": Estimate(5.0, 4.0, 6.0, 9)},
    )
    page = html.fromstring(render(replace(alone, summary=replace(alone.summary, whole=whole)), EN))
    rows = page.xpath("//section[@id='metrics']//tbody/tr")
    assert [texts(row.xpath("./td[last()]")[0]) for row in rows] == ["[−∞, ∞]", "[4.000, 6.000]"]
    assert not page.xpath("//section[@id='metrics']//tbody//svg")


def test_a_slice_too_small_is_named_without_a_number(alone):
    table = alone.slices[0]
    small = replace(table, parts=(replace(table.parts[0], label="tiny", n=2, estimate=None),))
    page = html.fromstring(render(replace(alone, slices=(small,)), EN))
    row = page.xpath("//section[@id='slices']//tr[contains(., 'tiny')]")[0]
    assert "too few to claim an interval" in texts(row)
