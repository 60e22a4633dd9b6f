"""From archive to rows: the same every time, in one run or two, and without a trace of anybody."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from faker import Faker

from copilot.mining.candidates import Surroundings
from copilot.mining.evidence import EvidenceSettings
from copilot.mining.inputs import Known
from copilot.mining.mining import MiningSettings, silent_stage
from copilot.mining.running import MiningRun, run_mining, write_rows
from copilot.sample.world import SampleConfig, World, build_world
from eval.effects.settings import EffectSettings
from eval.effects.verdicts import JudgementSettings
from knowledge.archive.ingesting import IngestSettings
from models.encoders import open_encoder
from models.encoders.encoder import Encoder


@pytest.mark.slow
def test_two_runs_give_identical_bytes(archive: Path, run: Any, tmp_path: Path, mined_from: Any) -> None:
    write_rows(tmp_path / "one.jsonl", run.rows)
    write_rows(tmp_path / "two.jsonl", mined_from(archive, tmp_path / "state").rows)
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


@pytest.mark.slow
def test_an_archive_that_grew_gives_the_rows_of_one_that_was_whole(
    archive: Path, run: Any, tmp_path: Path, mined_from: Any
) -> None:
    """The newer part comes first, in a folder of two files."""
    lines = archive.read_text(encoding="utf-8").splitlines(keepends=True)
    folder = tmp_path / "chats"
    folder.mkdir()
    (folder / "a.jsonl").write_text("".join(lines[1_500:]), encoding="utf-8")
    mined_from(folder, tmp_path / "state")
    (folder / "b.jsonl").write_text("".join(lines[:1_500]), encoding="utf-8")
    grown = mined_from(folder, tmp_path / "state")
    assert grown.report.n_conversations == 1_500
    assert grown.rows == run.rows


def test_the_summary_counts_what_was_read_and_found(run: Any) -> None:
    summary = run.summary()
    assert (summary["read"]["n_conversations"], summary["n_conversations"]) == (2_400, 2_400)
    assert summary["n_candidates"] == len(run.rows) == 4
    assert (summary["n_helps"], summary["n_harms"], summary["n_cannot_tell"]) == (1, 1, 2)
    assert {row["agent_id"] for row in summary["agents"]} == {f"a{n}" for n in range(8)}
    assert set(summary["seconds"]) == {"reading", "replies", "messages", "needs", "evidence", "agents", "writing"}
    json.dumps(summary, allow_nan=False)


@pytest.mark.slow
def test_where_no_script_matters_none_is_said_to(
    tmp_path: Path, small_world: Any, write_archive: Any, mined_from: Any
) -> None:
    archive = write_archive(tmp_path / "chats.jsonl", small_world(effects=(0.0, 0.0), seed=3).rows())
    rows = mined_from(archive, tmp_path / "state").rows
    assert [row["verdict"] for row in rows] == ["cannot-tell"] * 4


def test_rows_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "new" / "rows.jsonl"
    write_rows(out, [{"a": "好"}])
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_rows(out, [{"a": "坏"}, {"a": float("nan")}])
    assert out.read_text(encoding="utf-8") == '{"a": "好"}\n'


@pytest.mark.slow
def test_nothing_personal_survives_into_candidates(
    tmp_path: Path, small_world: Any, write_archive: Any, mined_from: Any
) -> None:
    """A name, phone, address, identity card, bank card and e-mail in every conversation, and the name on file."""
    fake = Faker("zh_CN")
    Faker.seed(5)
    rows, secrets, names = small_world(n=900).rows(), set[str](), {}
    for row in rows:
        customer = row["customer_id"]
        names.setdefault(customer, fake.name())
        phone, card, bank, mail = fake.phone_number(), fake.ssn(), fake.credit_card_number("visa"), fake.email()
        street = fake.street_address()
        address = f"{fake.province()}{fake.city()}{street}"
        told = f"我叫{names[customer]}，手机号{phone}，地址：{address}，身份证号{card}，银行卡号{bank}，邮箱{mail}"
        first, second, *_ = row["messages"]
        first["text"] += f"\n{told}"
        second["text"] = f"{names[customer]}您好，{second['text']}，我们会打{phone}联系您"
        secrets |= {names[customer], phone, street, card, bank, mail}
    found = mined_from(write_archive(tmp_path / "chats.jsonl", rows), tmp_path / "state", known=Known(customers=names))
    assert len(found.rows) >= 3
    written = json.dumps(found.rows, ensure_ascii=False)
    assert [secret for secret in secrets if secret in written] == []


N_TALKS = 4_000
LENIENT = EvidenceSettings(
    with_side_effects=False,
    effects=EffectSettings(least_rows=60),
    judging=JudgementSettings(largest_error=0.12),
)
"""For an archive far smaller than a brand's, in which the planted effects are far larger than a script's."""


def sample_world() -> World:
    return build_world(SampleConfig(seed=11, n_customers=600, n_conversations=N_TALKS))


def mined_sample(world: World, effects: dict[str, float], folder: Path, encoder: Encoder) -> MiningRun:
    """What is mined from conversations of the sample brand in which scripts have these effects."""
    folder.mkdir()
    with (folder / "chats.jsonl").open("w", encoding="utf-8") as file:
        for talk in world.conversations(effects):
            file.write(json.dumps(talk.as_row(), ensure_ascii=False) + "\n")
    brand = world.brand
    known = Known(
        customers={one.customer_id: one.name for one in world.customers},
        products={one.name: one.sku for one in brand.products},
        agents=[one.name for one in brand.shop.agents],
    )
    return run_mining(
        folder / "chats.jsonl",
        folder / "state",
        encoder,
        settings=MiningSettings(evidence=LENIENT),
        reading=IngestSettings(),
        known=known,
        around=Surroundings(names=known.names(), sku_of=known.products),
        stage=silent_stage,
    )


def script_of(found: MiningRun, row: dict[str, Any]) -> str:
    """The script that most examples of a row were rendered from, as the archive knows."""
    table = found.mined.table
    place_of = {talk.conversation_id: place for place, talk in enumerate(table.talks)}
    keys = {(place_of[one["conversation_id"]], one["position"]) for one in row["examples"]}
    scripts = [
        table.script.texts[table.script.of_row[place]]
        for place in range(len(table))
        if (int(table.talk[place]), int(table.position[place])) in keys
    ]
    return max(sorted(set(scripts)), key=scripts.count)


@pytest.mark.slow
def test_large_planted_effects_are_found_and_where_there_are_none_none_are(tmp_path: Path) -> None:
    """Of scripts that are meant to sell, the most used one helps, and the most used one for another need harms."""
    cache = Path(os.environ.get("COPILOT_MODELS") or Path.home() / ".cache" / "customer-copilot" / "models")
    world, encoder = sample_world(), open_encoder("default", folder=cache, threads=1)
    need = {planned.script_id: planned.need for planned in world.brand.plan if planned.goal == "conversion"}
    uses = Counter(one for talk in world.conversations({}) for one in talk.script_ids if one in need)
    often = sorted(uses, key=lambda one: (-uses[one], one))
    worst = next(one for one in often if need[one] != need[often[0]])
    found = mined_sample(world, {often[0]: 0.4, worst: -0.4}, tmp_path / "planted", encoder)
    told = {script_of(found, row): row["verdict"] for row in found.rows if row["verdict"] != "cannot-tell"}
    assert told == {often[0]: "helps", worst: "harms"}
    nothing = mined_sample(world, {}, tmp_path / "nothing", encoder)
    assert len(nothing.rows) > 20
    assert [row["text"] for row in nothing.rows if row["verdict"] != "cannot-tell"] == []
