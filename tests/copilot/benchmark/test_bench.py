"""The benchmark on a tiny library with the hash encoder; what it reports, never how fast."""

from pathlib import Path

import numpy as np
import pytest

from copilot.benchmark.bench import BenchConfig, run_bench
from copilot.benchmark.messages import draw_requests
from copilot.benchmark.products import measure_products
from copilot.benchmark.recommender import ensure_recommender
from copilot.benchmark.report import table
from copilot.benchmark.serving import measure_build, measure_serving
from copilot.benchmark.shop import FACTS_FILE, ensure_shop
from copilot.errors import BadRequestError
from copilot.runtime import Runtime
from copilot.settings import Settings

SIZE, SEED = 120, 7


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    return Settings(workspace=tmp_path_factory.mktemp("bench") / f"scripts-{SIZE}", encoder="hash")


@pytest.fixture(scope="module")
def built(settings: Settings):
    ensure_shop(settings, SIZE, SEED)
    return measure_build(settings)


def test_every_text_has_its_vector_before_the_index_is_built(built) -> None:
    assert built.n_encoded == 0


def test_the_library_has_as_many_scripts_and_products_as_asked(settings: Settings, built) -> None:
    runtime = Runtime.open(settings)
    try:
        assert runtime.index.scripts.n_live == SIZE
        assert runtime.index.scripts.n_rows("trigger") == 3 * SIZE
        assert runtime.index.products.n_live == SIZE
        assert runtime.index.passages.n_live == 3  # one in fifty scripts, rounded up
    finally:
        runtime.close()


def test_the_engine_is_timed_beside_the_encoder(settings: Settings, built) -> None:
    warm_up, asked = (draw_requests(SIZE, SEED, n, part=n) for n in (2, 10))
    serving = measure_serving(settings, warm_up, asked)
    assert serving.encode_ms.n == serving.suggest_ms.n == serving.beyond.n == 10
    assert {"context", "encode", "retrieval", "record"} <= set(serving.stages_ms)
    assert 0.0 <= serving.answered_share <= 1.0
    assert serving.n_rules > 1


def test_products_are_timed_with_a_recommender_of_the_shop(settings: Settings, built) -> None:
    version = ensure_recommender(settings, SEED)
    warm_up, asked = (draw_requests(SIZE, SEED, n, part=n) for n in (2, 10))
    times = measure_products(settings, warm_up, asked)
    assert times.recommender == f"promoted: {version}"
    assert times.cold_ms.n == times.warm_ms.n == times.customer_ms.n == 10
    assert min(times.cold_ms.p50, times.warm_ms.p50, times.customer_ms.p50, times.warm_up_s) > 0.0


def test_a_recommender_that_serves_is_not_learned_again(settings: Settings, built) -> None:
    assert ensure_recommender(settings, SEED) == ensure_recommender(settings, SEED + 1)


def test_a_kept_library_is_used_again(settings: Settings, built) -> None:
    before = (settings.workspace / FACTS_FILE).stat().st_mtime_ns
    ensure_shop(settings, SIZE, SEED)
    assert (settings.workspace / FACTS_FILE).stat().st_mtime_ns == before


def test_a_library_of_another_seed_is_not_taken_for_this_one(settings: Settings, built) -> None:
    with pytest.raises(BadRequestError, match="--keep"):
        ensure_shop(settings, SIZE, SEED + 1)


@pytest.mark.slow
def test_a_whole_run_measures_everything(tmp_path: Path) -> None:
    config = BenchConfig(sizes=(SIZE,), n_messages=40, n_publications=2, n_cold_starts=1, keep=tmp_path)
    steps: list[str] = []
    report = run_bench(Settings(encoder="hash"), config, lambda _done, _total, what: steps.append(what))
    (one,) = report.sizes
    assert one.n_scripts == SIZE
    assert one.freshness.lookup_ms.n == one.freshness.suggest_ms.n == 2
    assert one.cold_start.wall_s.n == 1
    assert min(one.throughput.threads_per_s, one.throughput.processes_per_s, one.memory.peak_mb) > 0
    assert one.floor.vector_bytes > (3 + 1 + 2) * SIZE * 256 * 4 * 0.9  # triggers, replies, two texts of products
    assert one.products.cold_ms.n == one.products.warm_ms.n == one.products.customer_ms.n > 0
    assert len(steps) == 9
    shown = table(report)
    assert "(suggest − encode) / encode" in shown
    assert "products, warm" in shown
    assert np.isfinite(one.serving.beyond.p50)
