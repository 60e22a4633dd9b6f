import math

import pytest
from lxml import etree

from eval.report.plots.svg import drawing, element, percent, polyline


def test_an_element_is_written_with_its_attributes():
    assert element("line", x1=1.0, x2=percent(33.3333), stroke_width=2, class_="a b") == (
        '<line x1="1" x2="33.33%" stroke-width="2" class="a b"></line>'
    )


def test_text_and_attributes_are_escaped():
    drawn = element("text", "<script>&", title='"><b>')
    assert drawn == '<text title="&#34;&gt;&lt;b&gt;">&lt;script&gt;&amp;</text>'


def test_elements_inside_elements_are_not_escaped_twice():
    assert element("g", element("text", "a&b")) == "<g><text>a&amp;b</text></g>"


def test_minus_nothing_is_nothing():
    assert element("circle", cx=-0.001) == '<circle cx="0"></circle>'


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_has_no_place_is_not_drawn(value):
    with pytest.raises(ValueError, match="cannot be drawn"):
        element("circle", cx=value)


def test_a_line_runs_through_its_points():
    assert polyline([(0.0, 1.5), (2.0, 3.0)], "curve") == '<polyline points="0,1.5 2,3" class="curve"></polyline>'


def test_a_drawing_is_named_for_those_who_cannot_see_it():
    parsed = etree.fromstring(drawing(360, 300, title="A < B", description="how"))
    assert (parsed.get("role"), parsed.get("viewBox")) == ("img", "0 0 360 300")
    assert [child.text for child in parsed] == ["A < B", "how"]
