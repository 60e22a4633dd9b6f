"""The library's own triggers, typed as customers type them."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.errors import BadRequestError
from copilot.evaluation.library_questions import hold_out, library_questions, library_without
from copilot.evaluation.robustness import ONE_TYPO_ROW, RobustnessOptions, measure_library
from copilot.settings import Settings
from eval.errors import EvalError
from knowledge.tables import DEFAULT_TENANT
from models.encoders.hashing import HashEncoder


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


@pytest.fixture
def library(shop):
    shop.add_customer("c1")
    shop.add_script("returns", "七天内可以退货哦", "可以退货吗", "东西不想要了能退吗")
    shop.add_script("delivery", "当天十六点前付款当天发", "什么时候发货", "多久能寄出来")
    shop.add_script("vip", "只给会员的优惠", "会员有什么优惠", audience={"all": ["没有人有的标签"]})
    return shop


@pytest.fixture
def settings(library) -> Settings:
    return Settings(workspace=library.workspace.folder, encoder="hash")


def test_every_trigger_that_somebody_may_ask_is_a_question(library) -> None:
    questions = library_questions(library.engine)
    assert [(one.script_id, one.text) for one in questions.asked] == [
        ("delivery", "什么时候发货"),
        ("delivery", "多久能寄出来"),
        ("returns", "可以退货吗"),
        ("returns", "东西不想要了能退吗"),
    ]
    assert questions.unseen == ("vip",)
    assert {one.request.customer_id for one in questions.asked} == {"c1"}


def test_one_trigger_of_each_script_with_several_is_held_out_of_the_library(library) -> None:
    engine = library.engine
    held = hold_out(library_questions(engine).asked, np.random.default_rng(7))
    assert [one.script_id for one in held] == ["delivery", "returns"]
    view = library_without(library.workspace.database, DEFAULT_TENANT, _Encoding(), held).view.scripts
    assert view.n_rows("trigger") == library.index.scripts.n_rows("trigger") - 2
    kept = {view.row_text("trigger", row) for row in range(view.n_rows("trigger"))}
    assert not kept & {one.text for one in held}


class _Encoding:
    """The hash encoder as the index takes it."""

    fingerprint = "hash"
    dim = HashEncoder().dim

    def encode(self, side, texts):  # noqa: ARG002
        return HashEncoder().encode_queries(texts)


def test_a_trigger_in_traditional_characters_is_still_an_exact_trigger(settings: Settings) -> None:
    pytest.importorskip("opencc")
    report = measure_library(settings, RobustnessOptions(("traditional",)), quiet)
    assert report.n_messages == 4
    assert report.plain["R@1"].mean == 1.0
    loss = report.kinds["traditional"]["R@1"]
    assert (loss.plain.n, loss.perturbed.mean, loss.lost.mean) == (4, 1.0, 0.0)  # 貨, 時, 東, 來 …
    assert list(report.left_out) == ["vip"]


def test_one_typo_counts_only_in_messages_of_eight_characters(settings: Settings) -> None:
    """Of the triggers only 东西不想要了能退吗 has eight or more."""
    report = measure_library(settings, RobustnessOptions(("dropped", "doubled", "traditional")), quiet)
    assert report.kinds[ONE_TYPO_ROW]["R@1"].plain.n == 2


def test_nothing_is_recorded(settings: Settings, library) -> None:
    from sqlmodel import select

    from knowledge.tables import SuggestionSet

    measure_library(settings, RobustnessOptions(("burst",)), quiet)
    with library.workspace.database.read() as session:
        assert session.exec(select(SuggestionSet)).all() == []


def test_a_sample_of_the_messages_is_the_same_for_the_same_seed() -> None:
    chosen = RobustnessOptions(seed=3, limit=10).chosen(100)
    assert chosen == RobustnessOptions(seed=3, limit=10).chosen(100)
    assert len(set(chosen)) == 10
    assert RobustnessOptions(limit=10).chosen(4) == [0, 1, 2, 3]


def test_an_unknown_kind_is_refused_before_any_work() -> None:
    with pytest.raises(EvalError, match="unknown kind 'typos'"):
        RobustnessOptions(("typos",))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kinds", "typos"], "--kinds: got 'typos', expected one of traditional"),
        (["--held-out", "--data", "beir"], "--held-out: got True, expected the workspace's own triggers"),
        (["--data", "beir", "--system", "best"], "--system: got 'best', expected one of lexical"),
    ],
)
def test_bad_options_are_named(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["eval", "robustness", *arguments])
    assert isinstance(result.exception, BadRequestError)
    assert str(result.exception).startswith(message)


def test_the_command_prints_what_is_lost(settings: Settings, library) -> None:
    workspace = ["--workspace", str(settings.workspace), "--encoder", "hash"]
    arguments = ["eval", "robustness", "--kinds", "upper-case,burst", *workspace]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "4 messages (own triggers) as they are: R@1 1.000" in shown.stdout
    assert "1 scripts nobody known may see are left out" in shown.stdout
    found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert list(found["kinds"]) == ["burst"], "nothing in these triggers has capitals to write"
    assert set(found["kinds"]["burst"]["R@3"]) == {"plain", "perturbed", "lost", "lost_share"}


def test_a_beir_folder_is_measured_with_any_system(tmp_path: Path) -> None:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    rows = {
        "corpus": [("d0", "七天内可以退货"), ("d1", "今天就发货")],
        "queries": [("q0", "可以退货吗"), ("q1", "今天发货吗")],
    }
    for name, texts in rows.items():
        lines = [json.dumps({"_id": _id, "title": "", "text": text}, ensure_ascii=False) for _id, text in texts]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td1\t1\n")
    arguments = ["eval", "robustness", "--data", str(folder), "--system", "lexical", "--kinds", "emoji-after"]
    found = json.loads(CliRunner().invoke(app, [*arguments, "--encoder", "hash", "--json"]).stdout)
    assert found["asked"] == "beir, lexical"
    assert found["kinds"]["emoji-after"]["R@1"]["lost"]["mean"] == 0.0
    assert found["metrics"]["R@1"]["mean"] == 1.0
