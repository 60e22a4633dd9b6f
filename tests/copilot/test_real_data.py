"""Real conversations and catalogues, from the folder in COPILOT_DATA, through the production engine."""

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from copilot.building import build_all
from copilot.engine.request import Said, SuggestRequest
from copilot.runtime import Runtime
from copilot.settings import Settings
from knowledge.adapters import convert
from knowledge.imports import import_folder
from knowledge.tables import MessageRole
from knowledge.text import canonical
from knowledge.workspace import Workspace, utc_now

DATA = Path(os.environ.get("COPILOT_DATA", Path(__file__).parents[3] / "shared" / "data"))
N_ROWS, N_ASKED = 400, 60
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data: {DATA} does not exist (set COPILOT_DATA)")


def head(source: Path, out: Path, n_lines: int) -> None:
    with source.open(encoding="utf-8") as lines:
        out.write_text("".join(islice(lines, n_lines)), encoding="utf-8")


def load(workspace: Path, folder: Path) -> Runtime:
    settings = Settings(workspace=workspace)
    made = Workspace.create(workspace)
    reports = import_folder(made.database, "default", folder, now=utc_now)
    assert [(report.kind, report.rejected[:3]) for report in reports if report.n_rejected] == []
    build_all(settings, made)
    made.close()
    return Runtime.open(settings)


@pytest.fixture(scope="module")
def jddc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("jddc")
    (folder / "source").mkdir()
    head(DATA / "jddc" / "script_pool.jsonl", folder / "source" / "script_pool.jsonl", N_ROWS)
    head(DATA / "jddc" / "sessions_dev.jsonl", folder / "source" / "sessions_dev.jsonl", N_ROWS // 4)
    convert("jddc", folder / "source", folder / "files")
    runtime = load(folder / "workspace", folder / "files")
    yield runtime
    runtime.close()


def test_what_a_real_customer_said_before_a_reply_finds_that_reply(jddc: Runtime) -> None:
    view = jddc.index.scripts
    asked = {view.row_text("trigger", row) for row in range(0, view.n_rows("trigger"), 7)}
    asked = {text for text in asked if len(canonical(text)) >= 4}
    assert len(asked) >= 30
    for message in sorted(asked):
        answer = jddc.engine.suggest(SuggestRequest(message=message))
        if answer.replies:
            assert canonical(message) in {canonical(text) for text in answer.replies[0].matched}
        else:
            assert answer.abstain_reason.startswith("blocked")


def test_real_conversations_get_ranked_explained_replies_or_a_reason(jddc: Runtime) -> None:
    n_answered = 0
    with (DATA / "jddc" / "sessions_dev.jsonl").open(encoding="utf-8") as lines:
        sessions = [json.loads(line) for line in islice(lines, N_ROWS, N_ROWS + N_ASKED)]
    for session in sessions:
        said = [Said(MessageRole(turn["role"]), turn["text"]) for turn in session["turns"][:5] if turn["text"].strip()]
        last = max((i for i, one in enumerate(said) if one.role == "customer"), default=None)
        if last is None:
            continue
        answer = jddc.engine.suggest(SuggestRequest(message=said[last].text, context=said[:last]))
        assert bool(answer.replies) != bool(answer.abstain_reason)
        assert [reply.rank for reply in answer.replies] == list(range(1, len(answer.replies) + 1))
        for reply in answer.replies:
            assert round(sum(part.contribution for part in reply.why), 6) == reply.score
        n_answered += bool(answer.replies)
    assert n_answered >= N_ASKED // 5


@pytest.mark.parametrize(
    ("source", "folder", "message", "wanted"),
    [
        ("risawoz", "catalog_zh_risawoz", "联想小新Air这个笔记本怎么样", "pc-001"),
        ("salesbot", "catalog_en_salesbot", "Do you have the Bonavita 8-cup coffee brewer?", "coffee-makers-001"),
    ],
)
def test_a_product_named_by_the_customer_is_suggested(
    tmp_path: Path, source: str, folder: str, message: str, wanted: str
) -> None:
    convert(source, DATA / folder, tmp_path / "files")
    runtime = load(tmp_path / "workspace", tmp_path / "files")
    try:
        answer = runtime.engine.suggest(SuggestRequest(message=message))
    finally:
        runtime.close()
    assert wanted in [product.sku for product in answer.products]
