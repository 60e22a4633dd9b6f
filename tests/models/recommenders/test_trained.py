import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.recommenders.files import read_arrays, read_sparse
from models.recommenders.trained import TrainedRecommender, is_recommender


@pytest.fixture
def trained(lines) -> TrainedRecommender:
    return TrainedRecommender.fit("frequency", lines((1, 0, 0, 1.0), (2, 1, 0, 2.0), (2, 1, 2, 2.0)), tuple("abcd"))


def test_other_item_numbers_are_translated_by_sku_and_unknown_skus_never_recommended(trained, lines) -> None:
    skus = ("c", "new", "a")
    bought = lines((1, 0, 0, 3.0), (1, 0, 1, 3.0), n_customers=1, n_items=3)
    # Item 0 is c, bought once here and in one of the baskets learned from; a was in two of them.
    assert trained.for_items(skus).scores(bought, 4.0)[0] == pytest.approx([1 + 1 / 3, -np.inf, 2 / 3])


def test_the_same_items_need_no_translation(trained) -> None:
    assert trained.for_items(list("abcd")) is trained.model


def test_a_kind_that_is_not_registered_and_skus_that_do_not_fit_are_refused(lines) -> None:
    with pytest.raises(ModelError, match="'oracle'; expected one of popularity"):
        TrainedRecommender.fit("oracle", lines(), tuple("abcd"))
    with pytest.raises(ModelError, match="3 skus for 4 items"):
        TrainedRecommender.fit("frequency", lines(), tuple("abc"))


def test_a_folder_of_another_version_is_refused(trained, tmp_path: Path) -> None:
    trained.save(tmp_path)
    assert is_recommender(tmp_path)
    manifest = json.loads((tmp_path / "recommender.json").read_text())
    for change in ({"format": 99}, {"kind": "oracle"}, {"trained_on": {}}, {"files": 3}):
        (tmp_path / "recommender.json").write_text(json.dumps({**manifest, **change}))
        with pytest.raises(ModelError, match=r"recommender\.json cannot be read .*copilot train recommender"):
            TrainedRecommender.load(tmp_path)


@pytest.mark.parametrize("gone", ["recommender.json", "items.json", "model/model.npz"])
def test_a_missing_file_is_named(trained, tmp_path: Path, gone: str) -> None:
    trained.save(tmp_path)
    (tmp_path / gone).unlink()
    with pytest.raises(ModelError, match=rf"{gone} cannot be read .*copilot train recommender"):
        TrainedRecommender.load(tmp_path)


def test_the_manifest_cannot_leave_a_file_unchecked(trained, tmp_path: Path) -> None:
    trained.save(tmp_path)
    manifest = json.loads((tmp_path / "recommender.json").read_text())
    del manifest["files"]["items.json"]
    (tmp_path / "recommender.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"items\.json"):
        TrainedRecommender.load(tmp_path)


def test_arrays_that_are_no_matrix_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", data=[1.0], indices=[9], indptr=[0, 1], shape=[1, 2])
    with pytest.raises(ModelError, match=r"model\.npz"):
        read_sparse(tmp_path)
    with pytest.raises(ModelError, match=r"model\.npz"):
        read_arrays(tmp_path, "missing")
    (tmp_path / "model.npz").write_bytes(b"PK\x03\x04 short")
    with pytest.raises(ModelError, match=r"model\.npz"):
        read_arrays(tmp_path, "data")
