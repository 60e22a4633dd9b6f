"""`train_encoder`: from a file of pairs to a folder that serves."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Literal

from models.encoders.manifest import read_manifest
from models.encoders.onnx import OnnxEncoder
from models.training.artefact import beside, is_trained, put_in_place, require_free
from models.training.cheap import train_cheap
from models.training.fitting import CheapSettings
from models.training.full import Place, forget, train_full
from models.training.materials import Materials, open_base
from models.training.measuring import Interval
from models.training.outcome import Outcome, Work
from models.training.report import Report, intervals
from models.training.tuning import FullSettings

Mode = Literal["cheap", "full"]
Progress = Callable[[int, int, str], None]
Finish = Callable[[Path, OnnxEncoder], None]

_LIBRARIES = ("torch", "numpy", "onnxruntime", "tokenizers")
_MOST_ASKED: Mapping[Mode, int] = {"cheap": 2000, "full": 600}


@dataclass(frozen=True)
class Job:
    """What to train from what, into where. `models` is where prepared encoders and vectors are kept."""

    pairs: Path
    out: Path
    models: Path
    dev: Path | None = None
    mode: Mode = "cheap"
    base: str = "default"
    threads: int = 1
    cheap: CheapSettings = field(default_factory=CheapSettings)
    full: FullSettings = field(default_factory=FullSettings)

    @property
    def settings(self) -> CheapSettings | FullSettings:
        """Those of the mode."""
        return self.cheap if self.mode == "cheap" else self.full


def train_encoder(job: Job, progress: Progress, finish: Finish | None = None) -> Report:
    """Train, measure against the untrained encoder, and put the result in its place.

    `finish` may add to the folder before that; it is given the folder and the encoder that training started from.

    An encoder that lies there already is replaced only by one that beats it on the dev pairs. Nothing is left
    half-written, whatever happens; an interrupted full training goes on when the same job is started again.

    Raises:
        TrainingDataError: If a file of pairs is wrong.
        TrainingError: If the base cannot be trained, the folder is not free, or the disk is full.
        EncoderError: If the base cannot be found or converted.
    """
    import torch

    started = monotonic()
    require_free(job.out)
    torch.set_num_threads(job.threads)
    settings = job.settings
    materials = Materials.read(
        job.pairs, job.dev, n_turns=settings.n_turns, seed=settings.seed, most_asked=_MOST_ASKED[job.mode]
    )
    with beside(job.out) as aside:
        prepared, base = open_base(job.base, job.models, job.threads)
        work = Work(aside, materials, prepared, base, job.models, job.threads, progress)
        place = Place(job.out.with_name(f".{job.out.name}.training"), _identity(job, materials, base))
        outcome = _train(work, job, place)
        report = _report(job, materials, base, aside, outcome, monotonic() - started)
        report.write(aside)
        if finish is not None:
            finish(aside, base)
        if report.replaced:
            put_in_place(aside, job.out)
    forget(place)
    return report


def _train(work: Work, job: Job, place: Place) -> Outcome:
    if job.mode == "cheap":
        return train_cheap(work, job.cheap)
    return train_full(work, job.full, job.cheap, job.base, place)


def _identity(job: Job, materials: Materials, base: OnnxEncoder) -> str:
    """A hash of all that decides what training does next."""
    parts = (materials.record.pairs_sha256, materials.record.dev_sha256, base.fingerprint, job.threads, job.full)
    return sha256(repr(parts).encode()).hexdigest()[:16]


def _report(job: Job, materials: Materials, base: OnnxEncoder, aside: Path, outcome: Outcome, seconds: float) -> Report:
    return Report(
        mode=job.mode,
        base=base.name,
        base_fingerprint=base.fingerprint,
        fingerprint=read_manifest(aside).fingerprint,
        data=materials.record,
        settings=asdict(job.settings),
        seed=job.settings.seed,
        threads=job.threads,
        device=outcome.device,
        versions={library: version(library) for library in _LIBRARIES},
        metrics={name: intervals(marks) for name, marks in outcome.marks.items()},
        gain=outcome.trained.gain_over(outcome.untrained),
        gain_over_present=_gain_over_present(job, materials, outcome),
        passes=outcome.passes,
        resumed=outcome.resumed,
        seconds=round(seconds, 1),
    )


def _gain_over_present(job: Job, materials: Materials, outcome: Outcome) -> Interval | None:
    """How much better the result is than the encoder that lies in its place, if one does."""
    if not is_trained(job.out):
        return None
    present = OnnxEncoder.from_folder(job.out, threads=job.threads)
    return outcome.trained.gain_over(materials.exam.take(present.encode_queries, present.encode_passages))
