"""A shop with an index and a model store, and encoders of a few lines that serve like real ones."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copilot.artefacts import CHECKS
from copilot.settings import Settings
from copilot.switching import ModelDesk
from knowledge.index.snapshot import current_snapshot, tenant_folder
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT
from knowledge.workspace import Workspace
from models.encoders.conversion import MODEL_FILE, SETTINGS_FILE, TOKENIZER_FILE
from models.encoders.graph import INPUT, OUTPUT
from models.encoders.manifest import read_manifest, write_manifest
from models.store.artefact import Artefact, Kind
from models.store.store import ModelStore

THEN = datetime(2026, 11, 2, 12, tzinfo=UTC)
DIM = 16
WORDS = ["[UNK]", *"什么时候发货可以退吗今天下单包邮在"]


@pytest.fixture(scope="session")
def make_encoder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a prepared folder: the mean of random word vectors, brought to length 1."""

    def make(seed: int, **training: Any) -> Path:
        folder = tmp_path_factory.mktemp("encoder") / f"mine-{seed}"
        folder.mkdir()
        _write_network(folder / MODEL_FILE, np.random.default_rng(seed))
        _write_tokenizer(folder / TOKENIZER_FILE)
        settings = {"dim": DIM, "max_tokens": 64, "query_prefix": "", "passage_prefix": ""}
        (folder / SETTINGS_FILE).write_text(json.dumps(settings), encoding="utf-8")
        write_manifest(folder, name=f"mine-{seed}", source="test", dim=DIM, versions={})
        if training:
            (folder / "training.json").write_text(json.dumps(training), encoding="utf-8")
        return folder

    return make


def _write_network(path: Path, rng: np.random.Generator) -> None:
    from onnx import TensorProto, helper, numpy_helper, save_model

    words = rng.standard_normal((len(WORDS), DIM)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["words", INPUT], ["found"]),
        helper.make_node("ReduceMean", ["found", "axis"], ["mean"], keepdims=0),
        helper.make_node("LpNormalization", ["mean"], [OUTPUT], axis=1, p=2),
    ]
    constants = [numpy_helper.from_array(words, "words"), numpy_helper.from_array(np.array([1]), "axis")]
    given = helper.make_tensor_value_info(INPUT, TensorProto.INT64, [1, "n_tokens"])
    result = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, DIM])
    graph = helper.make_graph(nodes, "tiny", [given], [result], constants)
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)


def _write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token=WORDS[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(path))


@dataclass
class Switchboard:
    """A workspace with its store and its desk; nothing of it is open between two calls."""

    folder: Path
    models: Path

    @property
    def settings(self) -> Settings:
        return Settings(workspace=self.folder, models=self.models)

    @property
    def store(self) -> ModelStore:
        return ModelStore.in_workspace(self.folder)

    @property
    def desk(self) -> ModelDesk:
        return ModelDesk(self.settings, lambda: THEN, lambda *_: None)

    @property
    def index(self) -> tuple[str, str]:
        """The generation in use and the encoder it was built with."""
        snapshot = current_snapshot(tenant_folder(self.folder / "index", DEFAULT_TENANT))
        return snapshot.name, snapshot.contents.fingerprint

    def add(self, kind: Kind, source: Path) -> Artefact:
        artefact, _ = self.store.add(kind, source, check=CHECKS[kind], at=THEN)
        return artefact

    def promote(self, artefact: Artefact) -> None:
        self.desk.promote(artefact.kind, artefact.version, why="", accept_worse=False)

    def roll_back(self, kind: Kind) -> str | None:
        return self.desk.roll_back(kind, why="").after

    def publish(self, script_id: str, text: str, *triggers: str) -> None:
        workspace = Workspace.open(self.folder)
        with workspace.database.write() as session:
            save_draft(session, DEFAULT_TENANT, script_id, ScriptContent(text, triggers), actor="e", now=THEN)
            publish_script(session, DEFAULT_TENANT, script_id, actor="e", now=THEN)
        workspace.close()


@pytest.fixture
def board(tmp_path: Path) -> Switchboard:
    """A workspace with two scripts, not indexed yet, where the encoder that is built in cannot be loaded."""
    Workspace.create(tmp_path / "workspace").close()
    (tmp_path / "models").write_text("no folder, so nothing can be prepared in it")
    made = Switchboard(tmp_path / "workspace", tmp_path / "models")
    made.publish("shipping", "今天下单，今天发货。", "什么时候发货")
    made.publish("returns", "可以退。", "可以退吗")
    return made


@pytest.fixture
def make_ranker(tmp_path: Path) -> Callable[..., Path]:
    """Makes the folder of a ranker from the numbers that differ."""

    def make(name: str, **numbers: Any) -> Path:
        folder = tmp_path / "rankers" / name
        folder.mkdir(parents=True)
        (folder / "policy.json").write_text(json.dumps(numbers), encoding="utf-8")
        return folder

    return make


@pytest.fixture
def fingerprint() -> Callable[[Artefact], str]:
    return lambda artefact: read_manifest(artefact.folder).fingerprint


@pytest.fixture
def real_models(board: Switchboard) -> Switchboard:
    """The board, with the encoder that is built in at hand."""
    shared = os.environ.get("COPILOT_MODELS") or Path.home() / ".cache" / "customer-copilot" / "models"
    return replace(board, models=Path(shared))
