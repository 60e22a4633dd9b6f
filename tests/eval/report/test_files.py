import json

import pytest

from eval.errors import EvalError
from eval.report.files import write_report
from eval.report.words import words_of


@pytest.mark.parametrize("suffix", [".html", ".md", ".json"])
def test_the_same_report_is_the_same_bytes(report, tmp_path, suffix):
    for name in ("one", "two"):
        write_report(report, tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one{suffix}", f"two{suffix}"]


def test_a_folder_is_made_and_an_old_report_replaced(report, tmp_path):
    out = tmp_path / "deep" / "er" / "report.MD"
    write_report(report, out)
    write_report(report, out, language="zh")
    assert words_of("zh")("section.metrics") in out.read_text(encoding="utf-8")


def test_an_unknown_suffix_is_refused_before_anything_is_written(report, tmp_path):
    with pytest.raises(
        EvalError, match=r"report.pdf: a report cannot be written as '.pdf'; expected .html, .md, .json"
    ):
        write_report(report, tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())


def test_json_has_every_number_and_no_nan(hostile, tmp_path):
    write_report(hostile, tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    data = json.loads(text, parse_constant=pytest.fail)
    metric = hostile.summary.whole.metrics["nDCG@10"]
    assert data["summary"]["metrics"]["nDCG@10"] == metric.to_dict()
    assert data["comparison"]["won"]["nDCG@10"]
    assert (data["primary"], data["absent"]) == ("nDCG@10", [])


def test_the_names_of_the_product_are_used(report, tmp_path):
    write_report(report, tmp_path / "report.html", language="zh", names={"feature.reply_words": "回复用词"})
    assert "回复用词" in (tmp_path / "report.html").read_text(encoding="utf-8")
