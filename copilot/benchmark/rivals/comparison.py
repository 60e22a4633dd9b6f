"""The whole comparison: material once for each size, every index built once, one duel for each rival and encoding."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np

from copilot.benchmark.apart import in_own_process, n_cores, one_thread_each
from copilot.benchmark.machine import this_machine
from copilot.benchmark.rivals.duel import DuelPlan, fight
from copilot.benchmark.rivals.figures import BuildFigures, RivalsReport, SizeFigures
from copilot.benchmark.rivals.haystack import HAYSTACK
from copilot.benchmark.rivals.material import Material, Texts, read_texts, shop_talk, write_material
from copilot.benchmark.rivals.ours import OURS
from copilot.benchmark.rivals.requirements import require_installed, shared_weights
from copilot.benchmark.rivals.task import Encoding, Library, Task
from copilot.benchmark.rivals.txtai import TXTAI
from copilot.benchmark.rivals.worker import offline
from copilot.errors import BadRequestError
from copilot.settings import Settings
from eval.memory import own_memory
from models.encoders.registry import open_encoder

Progress = Callable[[int, int, str], None]
CACHE_FOLDER = "vectors"


@dataclass(frozen=True)
class RivalsConfig:
    """What to compare; documents are synthetic unless there is a file of them, and thrown away without `keep`."""

    sizes: tuple[int, ...] = (100_000,)
    n_messages: int = 200
    n_processes: int = 2
    patience_s: float = 60.0
    documents: Path | None = None
    seed: int = 7
    keep: Path | None = None
    libraries: tuple[Library, ...] = (TXTAI, HAYSTACK)
    encodings: tuple[Encoding, ...] = tuple(Encoding)

    @classmethod
    def quick(cls) -> "RivalsConfig":
        """A smaller run of some minutes, to see that everything works."""
        return cls(sizes=(1_000,), n_messages=40, patience_s=10.0)

    @property
    def plan(self) -> DuelPlan:
        return DuelPlan(self.n_messages, self.n_processes, self.patience_s, self.seed)


def compare(settings: Settings, config: RivalsConfig, progress: Progress) -> RivalsReport:
    """Every size, every library, every way of encoding messages.

    Raises:
        BadRequestError: a library is not installed, the encoder cannot be shared, or there are too few messages.
        DataError: the file of documents cannot be used.
        ModelError: the encoder cannot be loaded.
        NotReadyError: a library failed.
    """
    _check_messages(config)
    versions = require_installed(config.libraries)
    weights = shared_weights(settings) if Encoding.OWN in config.encodings else ""
    with _folder(config.keep) as folder, one_thread_each(), offline():
        machine = in_own_process(this_machine)
        comparison = _Comparison(settings, config, folder, weights, progress)
        sizes = tuple(comparison.of_size(size) for size in sorted(config.sizes))
    return RivalsReport(
        machine=machine,
        encoder=settings.encoder,
        documents=str(config.documents or "synthetic triggers of a shop"),
        n_messages=config.n_messages,
        n_processes=config.n_processes,
        seed=config.seed,
        versions=versions,
        sizes=sizes,
    )


class _Comparison:
    """One run in one folder."""

    def __init__(
        self, settings: Settings, config: RivalsConfig, folder: Path, weights: str, progress: Progress
    ) -> None:
        self._settings = settings
        self._config = config
        self._folder = folder
        self._weights = weights
        self._progress = progress

    def of_size(self, size: int) -> SizeFigures:
        """Everything over so many documents."""
        config, folder = self._config, self._folder / f"documents-{size}"
        encoder = open_encoder(self._settings.encoder, folder=self._settings.models_folder, threads=n_cores())
        write_material(folder, self._texts(size), encoder, self._folder / CACHE_FOLDER, self._progress)
        tasks = [self._task(folder, encoding) for encoding in config.encodings]
        builds = tuple(self._build(library, tasks[0]) for library in (OURS, *config.libraries))
        duels = []
        for number, library in enumerate(config.libraries):
            for place, task in enumerate(tasks):
                what = f"{size:,} documents: {library.name}, {task.encoding} encoding"
                self._progress(number * len(tasks) + place, len(config.libraries) * len(tasks), what)
                duels.append(fight(library, task, config.plan))
        lengths = [len(text) for text in Material(folder).documents]
        return SizeFigures(len(lengths), float(np.mean(lengths)), builds, tuple(duels))

    def _texts(self, size: int) -> Texts:
        config, n_messages = self._config, self._config.plan.n_drawn
        rng = np.random.default_rng([config.seed, size])
        if config.documents is not None:
            return read_texts(config.documents, size, n_messages, rng)
        return shop_talk(size, n_messages, rng)

    def _task(self, folder: Path, encoding: Encoding) -> Task:
        settings = self._settings
        return Task(folder, settings.models_folder, settings.encoder, self._weights, encoding)

    def _build(self, library: Library, task: Task) -> BuildFigures:
        self._progress(0, 1, f"building the index of {library.name}")
        return in_own_process(_timed_build, library, task)


def _timed_build(library: Library, task: Task) -> BuildFigures:
    wall, cpu = perf_counter(), process_time()
    library.build(task)
    return BuildFigures(library.name, perf_counter() - wall, process_time() - cpu, own_memory().peak_mb)


def _check_messages(config: RivalsConfig) -> None:
    least = config.plan.n_least
    if config.n_messages < least:
        raise BadRequestError("--messages", config.n_messages, f"at least {least}, for two turns of each side")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with TemporaryDirectory(prefix="copilot-rivals-") as folder:
        yield Path(folder)
