import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.engine.policy import Policy
from copilot.evaluation.systems import SystemName, fused, open_system
from copilot.evaluation.texts import Asked, Corpus
from models.encoders.hashing import HashEncoder

TEXTS = ["七天内可以退货", "我们今天就发货", "", "敏感肌可以用这款面霜", "面霜适合敏感肌"]


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.of(TEXTS, HashEncoder(), quiet)


def asked(message: str) -> Asked:
    return Asked.of(message, (), HashEncoder())


@pytest.mark.parametrize("name", list(SystemName))
def test_every_system_puts_the_same_text_first(corpus: Corpus, name: SystemName) -> None:
    ranking = open_system(name, corpus, Policy())(asked("敏感肌可以用这款面霜"), None, 3)
    assert ranking.items[0] == 3
    assert np.all(np.diff(ranking.scores) <= 0)
    assert 2 not in ranking.items, "a blank text is never found"


@pytest.mark.parametrize("name", list(SystemName))
def test_only_what_is_allowed_is_ranked(corpus: Corpus, name: SystemName) -> None:
    ranking = open_system(name, corpus, Policy())(asked("敏感肌可以用这款面霜"), corpus.only([0, 4]), 5)
    assert set(ranking.items.tolist()) <= {0, 4}
    assert ranking.items[0] == 4


def test_fusion_adds_reciprocal_ranks(corpus: Corpus) -> None:
    """The first of both lists has 1/61 from each."""
    assert fused(corpus, asked("七天内可以退货"), None, 5).scores[0] == pytest.approx(2 / 61)


def test_the_contributions_of_the_engine_sum_to_its_score(corpus: Corpus) -> None:
    ranking = open_system(SystemName.ENGINE, corpus, Policy())(asked("面霜敏感肌"), None, 5)
    assert ranking.contributions is not None
    assert ranking.contributions.sum(axis=1) == pytest.approx(ranking.scores, abs=1e-5)


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": f"d{i}", "title": "", "text": text} for i, text in enumerate(TEXTS)]
    queries = [{"_id": "q1", "text": "可以退货吗"}, {"_id": "q2", "text": "什么时候发货"}]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td0\t1\nq2\td0\t1\n")
    return folder


def invoke(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(app, ["eval", *arguments, "--encoder", "hash", "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_retrieval_prints_every_metric_with_its_interval(beir: Path) -> None:
    found = invoke("retrieval", "--data", str(beir), "--system", "lexical")
    assert found["n"] == 2
    assert found["system"] == "lexical"
    # q1 is answered first; q2 asks about delivery and d0 is not found first, so half of the queries have P@1 = 1.
    assert found["metrics"]["P@1"]["mean"] == 0.5
    assert found["metrics"]["P@1"]["low"] <= 0.5 <= found["metrics"]["P@1"]["high"]


def test_all_systems_come_side_by_side_and_can_be_compared(beir: Path, tmp_path: Path) -> None:
    found = invoke("retrieval", "--data", str(beir), "--system", "all", "--save", str(tmp_path / "runs"))
    assert list(found["systems"]) == ["lexical", "dense", "hybrid", "engine"]
    arguments = [
        "eval",
        "compare",
        str(tmp_path / "runs" / "lexical"),
        str(tmp_path / "runs" / "dense"),
        "--by",
        "query",
    ]
    compared = CliRunner().invoke(app, [*arguments, "--metric", "R@5", "--json"])
    assert compared.exit_code == 0, compared.output
    assert json.loads(compared.stdout)["differences"][0]["metric"] == "R@5"


@pytest.fixture
def rerank(tmp_path: Path) -> Path:
    rows = [
        {
            "id": f"r{number}",
            "message": "可以退货吗",
            "context": [{"role": "customer", "text": "你好"}],
            "candidates": [{"text": "七天内可以退货", "label": int(number < 8)}, {"text": "今天发货", "label": 0}],
        }
        for number in range(12)
    ]
    path = tmp_path / "rerank.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("system", list(SystemName))
def test_reranking_judges_order_where_there_is_an_answer(rerank: Path, system: SystemName) -> None:
    found = invoke("rerank", "--data", str(rerank), "--system", system.value)
    assert found["metrics"]["MRR"] == {"mean": 1.0, "low": found["metrics"]["MRR"]["low"], "high": 1.0, "n": 8}
    # Every row looks alike, so the best threshold takes all twelve first candidates, eight of them rightly.
    assert found["metrics"]["F1"]["mean"] == pytest.approx(2 * 8 / (12 + 8))
    assert found["metrics"]["AUROC"]["mean"] == 0.5


def test_the_engine_says_how_probable_each_candidate_is_and_no_other_system_does(rerank: Path) -> None:
    found = invoke("rerank", "--data", str(rerank), "--system", "all")["systems"]
    named = {name for name, one in found.items() if "ECE-candidates" in one["metrics"]}
    assert named == {"engine"}
    assert found["engine"]["metrics"]["ECE-candidates"]["n"] == 24
    assert "ECE" in found["engine"]["metrics"]


def test_published_metrics_need_ten_candidates(rerank: Path, tmp_path: Path) -> None:
    assert "R10@1" not in invoke("rerank", "--data", str(rerank), "--system", "lexical")["metrics"]
    row = {
        "id": "x",
        "message": "可以退货吗",
        "candidates": [{"text": f"退货{i}", "label": int(i == 3)} for i in range(10)],
    }
    path = tmp_path / "ten.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert "R10@1" in invoke("rerank", "--data", str(path), "--system", "lexical")["metrics"]


def test_an_unknown_system_is_refused_by_name(beir: Path) -> None:
    result = CliRunner().invoke(app, ["eval", "retrieval", "--data", str(beir), "--system", "magic"])
    assert "--system: got 'magic'" in str(result.exception)
