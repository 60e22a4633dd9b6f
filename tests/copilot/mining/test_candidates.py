"""The rows of candidates: exactly the agreed columns, fit for the desk, and nobody can be known by them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copilot.mining.candidates import NO_OUTCOME, Surroundings, candidate_rows
from copilot.mining.inputs import Known
from knowledge.library.proposals import Proposal

COLUMNS = {
    *("candidate_id", "text", "title", "triggers", "stage", "scene", "skus", "language", "n", "n_conversations"),
    *("n_customers", "n_agents", "first_at", "last_at", "n_wordings", "outcome", "effect", "low", "high", "p_value"),
    *("q_value", "shrunk", "verdict", "why", "basis", "needs_more", "outcomes", "segments", "contexts", "examples"),
    *("playbook", "near_duplicates", "compliance"),
}
OUTCOME_COLUMNS = {
    *("effect", "low", "high", "p_value", "q_value", "shrunk", "n_treated", "n_comparison", "treated_rate"),
    *("comparison_rate", "raw_difference", "within_agent", "e_value", "e_value_limit", "overlap", "needs_more"),
    *("verdict", "why"),
}
Json = dict[str, Any]


def by_text(rows: list[Json], begin: str) -> Json:
    return next(row for row in rows if row["text"].startswith(begin))


def test_a_row_has_the_agreed_columns_and_no_others(run: Any) -> None:
    assert run.rows
    for row in run.rows:
        assert row.keys() == COLUMNS
        for judged in row["outcomes"].values():
            assert judged.keys() == OUTCOME_COLUMNS
        assert all(sorted(one) == ["n", "text"] for one in row["contexts"])
        assert all(sorted(one) == ["conversation_id", "message", "position", "reply"] for one in row["examples"])


def test_every_row_is_fit_for_the_desk(run: Any) -> None:
    for row in run.rows:
        proposal = Proposal.of_row(json.loads(json.dumps(row, allow_nan=False)))
        assert proposal.id == row["candidate_id"]
        assert proposal.fingerprint
    assert len({row["candidate_id"] for row in run.rows}) == len(run.rows)


def test_what_helps_comes_first_and_what_harms_last(run: Any) -> None:
    verdicts = [row["verdict"] for row in run.rows]
    assert (verdicts[0], verdicts[-1]) == ("helps", "harms")
    assert verdicts[1:-1] == ["cannot-tell"] * (len(verdicts) - 2)


def test_the_headline_is_the_judgement_on_the_outcome_at_stake(run: Any) -> None:
    for row in run.rows:
        assert row["outcome"] == "conversion"
        judged = row["outcomes"]["conversion"]
        for name in ("effect", "low", "high", "p_value", "q_value", "shrunk", "verdict", "why", "needs_more"):
            assert row[name] == judged[name]
        assert row["basis"] == "observational (adjusted)"


def test_planted_effects_lie_in_their_intervals(run: Any) -> None:
    helps, harms = run.rows[0], run.rows[-1]
    assert helps["text"] == "算下来每天只要{{product.price}}块钱，还送您两片小样先试用，不合适包退的"
    assert harms["text"].startswith("这个价格已经是全网最低了")
    assert helps["low"] < 0.4 < helps["high"]
    assert harms["low"] < -0.3 < harms["high"]


def test_counts_period_stage_scene_and_language(run: Any) -> None:
    row, table = run.rows[0], run.mined.table
    said = [text.startswith("算下来每天只要") for text in table.reply.texts]
    rows = np.flatnonzero(np.array(said)[table.reply.of_row])
    talks = [table.talks[talk] for talk in table.talk[rows]]
    assert row["n"] == row["n_conversations"] == len(rows)
    assert row["n_customers"] == len({talk.customer_id for talk in talks})
    assert (row["n_agents"], row["n_wordings"]) == (8, 7)
    assert (row["stage"], row["scene"], row["language"]) == ("转化", "direct", "zh")
    assert row["first_at"].startswith("2026-01-01T")
    assert row["first_at"] < row["last_at"]


def test_triggers_are_what_customers_of_that_need_said(run: Any) -> None:
    for row in (run.rows[0], run.rows[-1]):
        assert row["triggers"]
        assert all(any(word in text for word in ("优惠", "便宜", "价格", "打折")) for text in row["triggers"])
        assert row["title"] == row["triggers"][0][:40]
        assert [one["text"] for one in row["contexts"]] == row["triggers"][:5]


def test_examples_stand_in_the_archive(run: Any) -> None:
    table = run.mined.table
    for row in run.rows:
        assert 1 <= len(row["examples"]) <= 5
        for one in row["examples"]:
            talk = next(n for n, talk in enumerate(table.talks) if talk.conversation_id == one["conversation_id"])
            (place,) = np.flatnonzero((table.talk == talk) & (table.position == one["position"]))
            assert table.message.texts[table.message.of_row[place]] == one["message"]
            assert table.reply.texts[table.reply.of_row[place]] == one["reply"]


def test_surroundings_are_asked_about_the_text(run: Any) -> None:
    around = Surroundings(
        names=Known().names(),
        near_duplicates=lambda text: [{"script_id": f"s-{len(text)}", "similarity": 0.9}],
        compliance=lambda text: [{"rule": text[:2], "severity": "warn", "reason": "r", "words": []}],
    )
    for row in candidate_rows(run.mined, around):
        assert row["near_duplicates"] == [{"script_id": f"s-{len(row['text'])}", "similarity": 0.9}]
        assert row["compliance"][0]["rule"] == row["text"][:2]


def test_the_product_that_most_uses_name_is_the_candidates(
    tmp_path: Path, small_world: Any, write_archive: Any, mined_from: Any
) -> None:
    """The longer name counts where one name stands in another."""
    rows = small_world(n=600).rows()
    for number, row in enumerate(rows):
        text = row["messages"][1]["text"]
        name = "水光精华液" if number % 10 else "舒缓面霜"
        row["messages"][1]["text"] = text.replace("这个价格", f"{name}的价格").replace("两片小样", "两片舒缓面霜小样")
    known = Known(products={"水光精华": "P0", "水光精华液": "P1", "舒缓面霜": "P2"})
    found = mined_from(write_archive(tmp_path / "chats.jsonl", rows), tmp_path / "state", known=known).rows
    skus = {row["text"][:5]: row["skus"] for row in found}
    assert skus["算下来每天"] == ["P2"]
    assert skus["水光精华液"] == ["P1"]
    assert skus["我们默认发"] == []


def test_without_any_outcome_nothing_is_said_of_the_effect(
    tmp_path: Path, small_world: Any, write_archive: Any, mined_from: Any
) -> None:
    archive = write_archive(tmp_path / "chats.jsonl", small_world(n=600, given={"outcome": None}).rows())
    found = mined_from(archive, tmp_path / "state")
    assert found.report.n_without_outcome == 600
    for row in found.rows:
        assert (row["verdict"], row["why"], row["outcome"], row["outcomes"]) == ("cannot-tell", NO_OUTCOME, "", {})
        assert {row[name] for name in ("effect", "low", "high", "p_value", "q_value", "shrunk", "needs_more")} == {None}
        Proposal.of_row(row)


@pytest.mark.parametrize(("given", "n_agents"), [({"agent_id": "a1"}, 1), ({"agent_id": None}, 0)])
def test_with_one_agent_or_none_known_there_is_no_effect_and_a_reason(
    tmp_path: Path, small_world: Any, write_archive: Any, mined_from: Any, given: Json, n_agents: int
) -> None:
    archive = write_archive(tmp_path / "chats.jsonl", small_world(n=700, given=given).rows())
    rows = mined_from(archive, tmp_path / "state").rows
    assert rows
    for row in rows:
        assert (row["verdict"], row["effect"], row["n_agents"]) == ("cannot-tell", None, n_agents)
    assert (
        "no two agents are known to have used it: agent and reply cannot be told apart"
        in by_text(rows, "算下来")["why"]
    )


def test_without_times_the_period_is_empty(
    tmp_path: Path, small_world: Any, write_archive: Any, mined_from: Any
) -> None:
    rows = small_world(n=600).rows()
    for row in rows:
        for message in row["messages"]:
            del message["at"]
    found = mined_from(write_archive(tmp_path / "chats.jsonl", rows), tmp_path / "state")
    assert found.report.n_without_times == 600
    assert found.rows
    assert all((row["first_at"], row["last_at"]) == (None, None) for row in found.rows)


def test_what_one_customer_was_told_again_and_again_is_nobodys_script(
    tmp_path: Path, small_world: Any, write_archive: Any, mined_from: Any
) -> None:
    rows = small_world(n=600).rows()
    private = {"role": "agent", "text": "小月亮的专属暗号是海棠花开，别告诉别人"}
    for row in [row for row in rows if row["customer_id"] == rows[0]["customer_id"]][:1]:
        row["messages"] += [{"role": "customer", "text": "再说一遍"}, private] * 60
    found = mined_from(write_archive(tmp_path / "chats.jsonl", rows), tmp_path / "state")
    assert found.rows
    assert "海棠" not in json.dumps(found.rows, ensure_ascii=False)


def test_two_moves_whose_templates_come_out_alike_keep_apart(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copilot.mining.candidates.Templates.induce", lambda _self, _wordings: "亲爱的{{blank_1}}")
    rows = candidate_rows(run.mined, Surroundings(names=Known().names()))
    assert {row["text"] for row in rows} == {"亲爱的{{blank_1}}"}
    assert len({row["candidate_id"] for row in rows}) == len(rows) > 1


def test_playbooks_show_what_customers_of_the_next_need_say_and_what_is_answered(
    tmp_path: Path, small_world: Any, write_archive: Any, mined_from: Any
) -> None:
    """Whoever was told of the price by the day asks next about shipping and is told of the carrier."""
    rows: list[Json] = small_world(n=900).rows()
    carrier = "我们默认发顺丰，江浙沪次日达，其他地区两三天"
    for number, row in enumerate(rows):
        if row["messages"][1]["text"].startswith("算下来"):
            asked = f"{('红', '蓝', '紫')[number % 3]}色毛衣快递包裹什么时候发货几天送到"
            row["messages"][2:] = [{"role": "customer", "text": asked}, {"role": "agent", "text": carrier}]
    found = mined_from(write_archive(tmp_path / "chats.jsonl", rows), tmp_path / "state").rows
    (step,) = by_text(found, "算下来")["playbook"]
    assert step["reply"] == carrier
    assert "快递包裹" in step["customer"]
    assert step["n"] == by_text(found, "算下来")["n"]


FIND_NOTHING: Callable[[str], list[Json]] = lambda _text: []  # noqa: E731


def test_evidence_without_a_single_use_has_a_row_of_noughts(run: Any) -> None:
    """A move whose every need is a misreading; the row must still be fit for the desk."""
    evidence = run.mined.evidence[0]
    turns = replace(run.mined.exposing.turns, need=np.arange(len(run.mined.table), dtype=np.int32))
    mined = replace(run.mined, exposing=replace(run.mined.exposing, turns=turns), evidence=[evidence])
    (row,) = candidate_rows(mined, Surroundings(names=Known().names(), near_duplicates=FIND_NOTHING))
    assert (row["n"], row["n_customers"], row["examples"], row["first_at"]) == (0, 0, [], None)
    Proposal.of_row(row)
