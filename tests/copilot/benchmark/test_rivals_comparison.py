"""Whole comparisons over a few documents; what they report, never how fast."""

from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from copilot.benchmark.rivals.comparison import RivalsConfig, compare
from copilot.benchmark.rivals.haystack import HAYSTACK
from copilot.benchmark.rivals.material import Material, shop_talk, write_material
from copilot.benchmark.rivals.ours import OURS
from copilot.benchmark.rivals.recall import recall_at_k
from copilot.benchmark.rivals.report import table
from copilot.benchmark.rivals.requirements import require_installed, shared_weights
from copilot.benchmark.rivals.task import Encoding, Job, K, Library, Task
from copilot.benchmark.rivals.txtai import TXTAI
from copilot.cli.app import app
from copilot.errors import BadRequestError
from copilot.settings import Settings
from models.encoders.hashing import HashEncoder

WITHOUT_WEIGHTS = (Encoding.SHARED, Encoding.GIVEN)
AGAIN = Library("again", OURS.build, OURS.open)


def is_installed(*modules: str) -> bool:
    return all(find_spec(module) is not None for module in modules)


needs_rivals = pytest.mark.skipif(
    not is_installed("txtai", "haystack", "haystack_integrations"), reason="the extra `bench` is not installed"
)


def small(tmp_path: Path, *libraries: Library) -> RivalsConfig:
    return RivalsConfig(
        sizes=(120,), n_messages=20, patience_s=30, keep=tmp_path, libraries=libraries, encodings=WITHOUT_WEIGHTS
    )


def unheard(done: int, total: int, what: str) -> None:
    """Progress nobody watches."""


def test_a_missing_library_is_named_with_what_to_install() -> None:
    absent = Library("absent", OURS.build, OURS.open, ("no-such-distribution",))
    with pytest.raises(BadRequestError, match=r'no no-such-distribution.*pip install "customer-copilot\[bench\]"'):
        require_installed([absent])


@pytest.mark.parametrize("spec", ["hash", "float32:default"])
def test_an_encoder_that_the_others_cannot_load_is_refused(spec: str) -> None:
    with pytest.raises(BadRequestError, match="--encoder"):
        shared_weights(Settings(encoder=spec))


def test_too_few_messages_for_two_turns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="--messages: got 19, expected at least 20"):
        compare(Settings(encoder="hash"), replace(small(tmp_path, AGAIN), n_messages=19), unheard)


def test_documents_without_rivals_are_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["eval", "bench", "--documents", str(tmp_path / "texts.txt")])
    assert isinstance(result.exception, BadRequestError)
    assert "--rivals" in str(result.exception)


@pytest.mark.skipif(is_installed("txtai", "haystack"), reason="the extra `bench` is installed")
def test_the_command_says_that_rivals_are_not_installed() -> None:
    result = CliRunner().invoke(app, ["eval", "bench", "--rivals"])
    assert isinstance(result.exception, BadRequestError)  # which `main` turns into one line and exit code 2
    assert "txtai" in str(result.exception)


@pytest.mark.slow
def test_a_library_against_itself_finds_the_same(tmp_path: Path) -> None:
    report = compare(Settings(encoder="hash"), small(tmp_path, AGAIN), unheard)
    (size,) = report.sizes
    assert (size.n_documents, [build.library for build in size.builds]) == (120, ["ours", "again"])
    assert [(duel.library, duel.encoding) for duel in size.duels] == [("again", one) for one in WITHOUT_WEIGHTS]
    for duel in size.duels:
        assert [figures.job for figures in duel.jobs] == list(Job)
        for figures in duel.jobs:
            assert figures.ours.latency_ms.n == figures.theirs.latency_ms.n == 20
            assert figures.ours.about_found.mean == figures.theirs.about_found.mean
            assert figures.ratios.latency.low <= figures.ratios.latency.mean <= figures.ratios.latency.high
        assert duel.jobs[1].ours.recall.mean == duel.jobs[1].theirs.recall.mean == 1.0
    assert "120 documents" in table(report)
    assert asdict(report)["sizes"][0]["duels"][0]["jobs"][0]["ratios"]["latency"]["n"] == 20


@pytest.mark.slow
@needs_rivals
@pytest.mark.filterwarnings("ignore")  # theirs, not ours
@pytest.mark.parametrize("library", [TXTAI, HAYSTACK], ids=lambda library: library.name)
def test_a_rival_finds_the_nearest_documents_and_those_with_the_words(library: Library, tmp_path: Path) -> None:
    texts, encoder = shop_talk(200, 10, np.random.default_rng(7)), HashEncoder()
    write_material(tmp_path / "material", texts, encoder, tmp_path / "cache", unheard)
    task = Task(tmp_path / "material", tmp_path / "models", "hash", "", Encoding.GIVEN)
    library.build(task)
    searcher, material = library.open(task), Material(task.folder)
    asked = [message.text for message in material.messages]
    assert np.allclose([searcher.vector(text) for text in asked], material.message_vectors, atol=1e-6)
    found = [searcher.search(Job.DENSE, text) for text in asked]
    assert recall_at_k(found, material.message_vectors, material.vectors, K).mean() == 1.0  # no inverted file so small
    assert all(len(searcher.search(Job.HYBRID, text)) == K for text in asked)
    by_words = searcher.search(Job.HYBRID, asked[0])
    assert by_words != found[0]
    assert set(material.messages[0].about) & set(by_words)
