import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from copilot.building import build_all
from copilot.engine.policy import Policy
from copilot.engine.policy_file import policy_in_use
from copilot.engine.request import SuggestRequest
from copilot.errors import BadRequestError, NotReadyError
from copilot.evaluation.retrieval import need_encoder
from copilot.runtime import Runtime
from copilot.serving import promoted_settings
from copilot.settings import Settings
from copilot.web.app import create_app
from knowledge.errors import SearchIndexError
from knowledge.workspace import Workspace
from models.affinity import Affinity
from models.recommenders.lines import PurchaseLines
from models.recommenders.trained import TrainedRecommender
from models.store.artefact import Kind
from models.store.errors import DamagedArtefactError, RefusedArtefactError, StoreError


def build(board, settings: Settings | None = None) -> None:
    workspace = Workspace.open(board.folder)
    build_all(settings or board.settings, workspace)
    workspace.close()


def opened(board, settings: Settings | None = None) -> Runtime:
    return Runtime.open(settings or board.settings)


def spoil(path: Path) -> None:
    """Change the file, not its size."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def test_promoting_an_encoder_builds_the_index_with_it(board, make_encoder, fingerprint) -> None:
    first = board.add(Kind.ENCODER, make_encoder(1))
    board.promote(first)
    assert board.index == ("gen-000001", fingerprint(first))
    runtime = opened(board)
    try:
        assert runtime.engine.versions().model == fingerprint(first)
        assert (runtime.degraded, runtime.in_use.encoder) == ("", f"promoted: {first.version}")
        answer = runtime.engine.suggest(SuggestRequest(message="什么时候发货"))
        assert answer.replies[0].script_id == "shipping"
    finally:
        runtime.close()


def test_the_index_is_ready_before_the_encoder_serves_and_a_server_goes_on_with_the_old(
    board, make_encoder, fingerprint
) -> None:
    first, second = (board.add(Kind.ENCODER, make_encoder(seed)) for seed in (1, 2))
    board.promote(first)
    runtime = opened(board)
    try:
        board.promote(second)
        board.publish("parcel", "包邮。", "包邮吗")
        answer = runtime.engine.suggest(SuggestRequest(message="包邮吗"))
        assert answer.versions.model == fingerprint(first)
        assert answer.replies[0].script_id == "parcel"
        assert runtime.index.version.startswith("gen-000001")
    finally:
        runtime.close()
    again = opened(board)
    assert again.engine.versions().model == fingerprint(second)
    again.close()


def test_a_rollback_takes_up_the_kept_index_without_encoding(board, make_encoder, fingerprint, monkeypatch) -> None:
    first, second = (board.add(Kind.ENCODER, make_encoder(seed)) for seed in (1, 2))
    board.promote(first)
    board.promote(second)
    assert board.index == ("gen-000002", fingerprint(second))

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("nothing needs to be built")

    monkeypatch.setattr("copilot.switching.build_all", fail)
    assert board.roll_back(Kind.ENCODER) == first.version
    assert board.index == ("gen-000001", fingerprint(first))
    monkeypatch.undo()
    build(board)
    assert board.index == ("gen-000003", fingerprint(first))


@pytest.mark.slow
def test_vectors_of_the_encoder_before_stay_however_often_the_index_is_built(board, make_encoder, monkeypatch) -> None:
    first, second = (board.add(Kind.ENCODER, make_encoder(seed)) for seed in (1, 2))
    board.promote(first)
    board.promote(second)
    for _ in range(3):
        build(board)
    workspace = Workspace.open(board.folder)
    built = build_all(board.settings.model_copy(update={"encoder": str(first.folder)}), workspace)
    workspace.close()
    assert built.index.n_encoded == 0


@pytest.mark.slow
def test_the_first_rollback_leads_to_the_encoder_built_in(real_models, make_encoder) -> None:
    build(real_models)
    before = real_models.index
    first = real_models.add(Kind.ENCODER, make_encoder(1))
    real_models.promote(first)
    assert real_models.index != before
    assert real_models.roll_back(Kind.ENCODER) is None
    assert real_models.index == before
    runtime = opened(real_models)
    assert (runtime.degraded, runtime.in_use.encoder) == ("", "built in: nothing is promoted")
    runtime.close()


def test_a_promotion_killed_between_index_and_switch_leaves_an_encoder_that_fits(
    board, make_encoder, fingerprint, caplog
) -> None:
    first, second = (board.add(Kind.ENCODER, make_encoder(seed)) for seed in (1, 2))
    board.promote(first)
    build(board, board.settings.model_copy(update={"encoder": str(second.folder)}))
    assert board.store.standing(Kind.ENCODER).serving == first.version
    with caplog.at_level(logging.WARNING):
        runtime = opened(board)
    assert runtime.engine.versions().model == fingerprint(second)
    (warning,) = runtime.in_use.warnings
    assert f"encoder {first.version} is promoted, but {second.version} serves" in warning
    assert warning in caplog.text
    runtime.close()


def test_a_promoted_encoder_that_cannot_be_loaded_leaves_words_and_a_warning(board, make_encoder) -> None:
    first = board.add(Kind.ENCODER, make_encoder(1))
    board.promote(first)
    spoil(first.folder / "model.onnx")
    (first.folder / "tokenizer.json").write_text("{}")
    runtime = opened(board)
    assert first.version in runtime.degraded
    assert any(first.version in warning for warning in runtime.in_use.warnings)
    answer = runtime.engine.suggest(SuggestRequest(message="什么时候发货"))
    assert answer.replies[0].script_id == "shipping"
    with TestClient(create_app(runtime)) as client:
        ready = client.get("/readyz").json()
    assert ready["ready"]
    assert ready["models"]["encoder"] == "none: only words are searched"
    assert any(first.version in warning for warning in ready["models"]["warnings"])
    runtime.close()


def test_without_an_index_the_encoder_promoted_before_takes_the_place_of_a_damaged_one(
    board, make_encoder, fingerprint
) -> None:
    first, second = (board.add(Kind.ENCODER, make_encoder(seed)) for seed in (1, 2))
    board.promote(first)
    board.promote(second)
    (second.folder / "model.onnx").unlink()
    (board.folder / "index").rename(board.folder / "lost")
    (board.folder / "index").mkdir()
    runtime = opened(board)
    assert runtime.engine.versions().model == fingerprint(first)
    assert any(second.version in warning for warning in runtime.in_use.warnings)
    runtime.close()
    with pytest.raises(DamagedArtefactError, match=second.version):
        build(board)


def test_what_is_named_comes_before_what_is_promoted(board, make_encoder, monkeypatch) -> None:
    first = board.add(Kind.ENCODER, make_encoder(1))
    board.promote(first)
    named = Settings(workspace=board.folder, encoder="hash")
    with pytest.raises(SearchIndexError, match="copilot index build"):
        opened(board, named)
    monkeypatch.setenv("COPILOT_ENCODER", "hash")
    settings = Settings(workspace=board.folder)
    assert promoted_settings(settings).encoder == "hash"
    build(board, settings)
    runtime = opened(board, settings)
    assert runtime.in_use.encoder == "named by --encoder or COPILOT_ENCODER"
    runtime.close()


def test_an_index_that_no_encoder_at_hand_made_is_searched_by_words(board, make_encoder) -> None:
    first = board.add(Kind.ENCODER, make_encoder(1))
    board.promote(first)
    build(board, Settings(workspace=board.folder, encoder="hash"))
    runtime = opened(board)
    assert "the index was built with another one; run: copilot index build" in runtime.degraded
    runtime.close()


def test_a_failing_build_leaves_what_serves(board, make_encoder, monkeypatch) -> None:
    first, second = (board.add(Kind.ENCODER, make_encoder(seed)) for seed in (1, 2))
    board.promote(first)
    before = board.index

    def fail(*_: object) -> None:
        raise NotReadyError("no memory")

    monkeypatch.setattr("copilot.switching.build_all", fail)
    with pytest.raises(NotReadyError):
        board.promote(second)
    assert board.store.standing(Kind.ENCODER).serving == first.version
    assert board.index == before


def test_what_is_measured_is_what_is_promoted(board, make_encoder, fingerprint) -> None:
    first = board.add(Kind.ENCODER, make_encoder(1))
    board.promote(first)
    assert need_encoder(promoted_settings(board.settings)).fingerprint == fingerprint(first)
    assert promoted_settings(board.settings).names_encoder


def test_a_folder_that_is_no_encoder_is_refused(board, make_encoder, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    with pytest.raises(RefusedArtefactError, match="copilot train encoder"):
        board.add(Kind.ENCODER, tmp_path / "letters")
    broken = make_encoder(3)
    spoil(broken / "model.onnx")
    with pytest.raises(RefusedArtefactError, match=r"model\.onnx differs"):
        board.add(Kind.ENCODER, broken)


def test_an_encoder_that_is_whole_and_does_not_work_is_refused(board, make_encoder) -> None:
    from models.encoders.manifest import write_manifest

    broken = make_encoder(4)
    (broken / "model.onnx").write_bytes(b"no network at all")
    write_manifest(broken, name="broken", source="test", dim=16, versions={})
    with pytest.raises(RefusedArtefactError, match="InvalidProtobuf"):
        board.add(Kind.ENCODER, broken)


def test_a_promoted_ranker_serves_until_policy_toml_says_otherwise(board, make_ranker) -> None:
    ranker = board.add(Kind.RANKER, make_ranker("bold", n_ranked=7))
    assert ranker.name == f"policy {Policy(n_ranked=7).version}"
    board.promote(ranker)
    assert policy_in_use(board.folder).policy == Policy(n_ranked=7)
    assert policy_in_use(board.folder).why == f"promoted: {ranker.version}"
    (board.folder / "policy.toml").write_text("n_ranked = 9", encoding="utf-8")
    assert policy_in_use(board.folder).policy == Policy(n_ranked=9)
    assert policy_in_use(board.folder).why == f"as {board.folder / 'policy.toml'} says"


def test_a_damaged_ranker_gives_way_to_the_one_before_with_a_warning(board, make_ranker) -> None:
    first, second = (board.add(Kind.RANKER, make_ranker(str(n), n_ranked=n)) for n in (7, 8))
    board.promote(first)
    board.promote(second)
    spoil(second.folder / "policy.json")
    found = policy_in_use(board.folder)
    assert (found.policy, found.why) == (Policy(n_ranked=7), f"promoted: {first.version}")
    assert second.version in found.warnings[0]
    spoil(first.folder / "policy.json")
    assert policy_in_use(board.folder).policy == Policy()
    (board.store.folder / "serving.json").write_text("{", encoding="utf-8")
    found = policy_in_use(board.folder)
    assert found.policy == Policy()
    assert "serving.json" in found.warnings[0]


@pytest.mark.parametrize(("name", "content"), [("policy.json", '{"n_ranked": -1}'), ("policy.toml", "n_ranked = 7")])
def test_a_folder_without_a_good_policy_is_refused(board, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    (tmp_path / "ranker").mkdir()
    (tmp_path / name).rename(tmp_path / "ranker" / name)
    with pytest.raises(RefusedArtefactError, match=r"policy\.json"):
        board.add(Kind.RANKER, tmp_path / "ranker")


def test_a_promoted_recommender_takes_the_place_of_what_the_orders_taught(board, tmp_path: Path) -> None:
    from dataclasses import replace

    replace(Affinity.empty(), skus=("a", "b")).save(tmp_path / "orders")
    artefact = board.add(Kind.RECOMMENDER, tmp_path / "orders")
    assert artefact.name == "affinity of 2 products"
    board.promote(artefact)
    hashed = Settings(workspace=board.folder, encoder="hash")
    runtime = opened(board, hashed)
    assert runtime.in_use.recommender == f"promoted: {artefact.version}"
    runtime.close()
    spoil(artefact.folder / "affinity.npz")
    (artefact.folder / "affinity.npz").write_bytes(b"short")
    runtime = opened(board, hashed)
    assert runtime.in_use.recommender == "learned from the orders of the workspace"
    assert artefact.version in runtime.in_use.warnings[0]
    runtime.close()
    with pytest.raises(RefusedArtefactError, match=r"affinity\.npz"):
        board.add(Kind.RECOMMENDER, artefact.place)


def test_a_promoted_recommender_that_was_trained_proposes_products(board, tmp_path: Path) -> None:
    lines = PurchaseLines(*(np.arange(40) % n for n in (20, 4, 2)), np.arange(40.0), 4, 2)
    TrainedRecommender.fit("learned", lines, ("a", "b")).save(tmp_path / "trained")
    Affinity.fit(("a", "b"), lines.baskets, lines.customers, lines.items, lines.days).save(tmp_path / "trained")
    artefact = board.add(Kind.RECOMMENDER, tmp_path / "trained")
    assert artefact.name == "learned and affinity of 2 products"
    board.promote(artefact)
    runtime = opened(board, Settings(workspace=board.folder, encoder="hash"))
    learned = runtime.engine.setup.models.learned
    assert learned is not None
    assert learned.skus == ("a", "b")
    runtime.close()
    spoil(artefact.folder / "items.json")
    runtime = opened(board, Settings(workspace=board.folder, encoder="hash"))
    assert runtime.engine.setup.models.learned is None
    assert "items.json" in runtime.in_use.warnings[0]
    runtime.close()


def test_only_a_ranker_can_be_a_shadow(board, make_encoder) -> None:
    encoder = board.add(Kind.ENCODER, make_encoder(1))
    with pytest.raises(BadRequestError, match="expected ranker"):
        board.desk.set_shadow(Kind.ENCODER, encoder.version)


def test_a_damaged_shadow_is_left_out_with_a_warning(board, make_ranker) -> None:
    ranker = board.add(Kind.RANKER, make_ranker("bold", n_ranked=7))
    board.desk.set_shadow(Kind.RANKER, ranker.version)
    hashed = Settings(workspace=board.folder, encoder="hash")
    runtime = opened(board, hashed)
    assert (runtime.in_use.shadow, runtime.engine.setup.shadow.policy) == (ranker.version, Policy(n_ranked=7))
    runtime.close()
    spoil(ranker.folder / "policy.json")
    runtime = opened(board, hashed)
    assert (runtime.in_use.shadow, runtime.engine.setup.shadow) == ("", None)
    assert ranker.version in runtime.in_use.warnings[0]
    runtime.close()


def test_a_workspace_without_a_store_is_as_ever(board) -> None:
    assert promoted_settings(board.settings) == board.settings
    assert policy_in_use(board.folder).why == "built in: nothing is promoted"
    assert not board.store.folder.exists()
    assert issubclass(DamagedArtefactError, StoreError)


def test_every_tenant_with_an_index_gets_one_of_the_new_encoder(
    board, make_encoder, fingerprint: Callable[..., str]
) -> None:
    from knowledge.index.snapshot import current_snapshot, tenant_folder
    from knowledge.tables import Tenant

    workspace = Workspace.open(board.folder)
    with workspace.database.write() as session:
        session.add_all([Tenant(id="north", name="north"), Tenant(id="south", name="south")])
    workspace.close()
    build(board, Settings(workspace=board.folder, tenant="north", encoder="hash"))
    first = board.add(Kind.ENCODER, make_encoder(1))
    board.promote(first)
    snapshots = [current_snapshot(tenant_folder(board.folder / "index", one)) for one in ("north", "south")]
    assert snapshots[0].contents.fingerprint == fingerprint(first)
    assert snapshots[1] is None
