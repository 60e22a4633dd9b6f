"""Full mode, from texts to a folder: tune the network, convert it to int8, add heads where they help."""

from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree

from models.encoders.conversion import convert
from models.encoders.onnx import OnnxEncoder
from models.encoders.preparation import BUNDLED, unpack_default
from models.training.cheap import describe, fit_on
from models.training.errors import TrainingBaseError
from models.training.fitting import CheapSettings
from models.training.network import Limits, Network
from models.training.outcome import Outcome, Work
from models.training.tuning import FullSettings, Saving, tune

FLOAT_FOLDER = "float32"


@dataclass(frozen=True)
class Place:
    """Where an interrupted training waits, and under which identity."""

    folder: Path
    identity: str


def train_full(work: Work, settings: FullSettings, heads: CheapSettings, base: str, place: Place) -> Outcome:
    """Tune the whole network and write it, in int8 to serve and in float32 to train on, to the work's folder."""
    source = _float_folder(base, work.models)
    device = _device()
    resumed = place.folder.exists()
    exam = work.materials.exam
    untrained = exam.take(work.base.encode_queries, work.base.encode_passages)
    network = Network.from_folder(source, Limits(settings.query_tokens, settings.passage_tokens), device)
    saving = Saving(place.folder, place.identity)
    scores = tune(network, work.materials.examples, exam, settings, saving, work.progress)
    tuned = exam.take(network.encode_queries, network.encode_passages)
    network.save(work.out / FLOAT_FOLDER, source)
    convert(work.out / FLOAT_FOLDER, work.out)
    describe(work.out, of=work.prepared, n_turns=settings.n_turns)
    served = OnnxEncoder.from_folder(work.out, threads=work.threads)
    in_int8 = exam.take(served.encode_queries, served.encode_passages)
    _, fit = fit_on(served, replace(work, models=place.folder), heads)
    marks = {"untrained": untrained, "float32": tuned, "int8": in_int8}
    if fit.marks.gain_over(in_int8).mean > 0.0:
        fit.heads.save(work.out)
        describe(work.out, of=work.prepared, n_turns=settings.n_turns)
        marks["int8 with heads"] = fit.marks
    return Outcome(marks, {"network": scores, "heads": fit.scores}, resumed, device)


def _float_folder(base: str, models: Path) -> Path:
    """The base as a float32 sentence-transformers folder."""
    if base == BUNDLED:
        return unpack_default(folder=models)
    folder = Path(base) / FLOAT_FOLDER if (Path(base) / FLOAT_FOLDER).is_dir() else Path(base)
    if not (folder / "modules.json").exists():
        raise TrainingBaseError(
            f"full mode starts from `default` or a sentence-transformers folder with its weights, got {base!r}"
        )
    return folder


def _device() -> str:
    """A GPU when there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def forget(place: Place) -> None:
    """Remove what an interruption would have needed."""
    rmtree(place.folder, ignore_errors=True)
