"""What both modes start from: pairs, their split, the exam and the base."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.encoders.conversion import MODEL_FILE
from models.encoders.heads import HEADS_FILE
from models.encoders.manifest import MANIFEST_FILE
from models.encoders.onnx import OnnxEncoder
from models.encoders.preparation import is_prepared, prepare_encoder
from models.training.errors import TrainingBaseError, TrainingDataError
from models.training.examples import Examples
from models.training.measuring import Exam
from models.training.pairs import Pair, Pairs, read_pairs
from models.training.report import DataRecord
from models.training.splitting import Split, split_by_conversation
from models.training.wording import normalised

FEWEST_TRAIN, FEWEST_DEV = 32, 10
DEV_SHARE = 0.05
_NOT_COPIED = {MANIFEST_FILE, HEADS_FILE}


@dataclass(frozen=True)
class Materials:
    """Examples to learn from, an exam, and where both come from."""

    examples: Examples
    exam: Exam
    record: DataRecord

    @classmethod
    def read(cls, pairs: Path, dev: Path | None, *, n_turns: int, seed: int, most_asked: int) -> "Materials":
        """Read the files and divide them.

        Raises:
            TrainingDataError: If a file is wrong, or too few pairs are left to learn from or to measure on.
        """
        given, held_back = read_pairs(pairs), read_pairs(dev) if dev else None
        split = _split(given, held_back)
        _require_enough(pairs, dev, split)
        exam = Exam.of(split.dev, n_turns, np.random.default_rng(seed), most=most_asked)
        record = DataRecord(
            pairs=pairs.name,
            pairs_sha256=given.sha256,
            counts=given.counts,
            dev=dev.name if dev else None,
            dev_sha256=held_back.sha256 if held_back else None,
            n_train=len(split.train),
            n_dev=len(split.dev),
            n_queries=len(exam.queries),
            n_pool=len(exam.pool),
        )
        return cls(Examples.of(split.train), exam, record)


def open_base(spec: str, folder: Path, threads: int) -> tuple[Path, OnnxEncoder]:
    """The prepared folder of the encoder to start from, and that encoder.

    Raises:
        EncoderError: If it cannot be found or converted.
        TrainingBaseError: If it already has heads, or is none that runs in int8.
    """
    if spec == "hash" or spec.startswith("float32:"):
        raise TrainingBaseError(f"training starts from `default`, a folder or a model name, got {spec!r}")
    prepared = Path(spec) if is_prepared(Path(spec)) else prepare_encoder(spec, folder=folder)
    if (prepared / HEADS_FILE).exists():
        raise TrainingBaseError(f"{prepared} has trained heads already; start from the encoder that they were put on")
    return prepared, OnnxEncoder.from_folder(prepared, threads=threads)


def copy_served(prepared: Path, out: Path) -> None:
    """Copy what serving loads: network, weights, tokenizer, settings."""
    from shutil import copyfile

    if not (prepared / MODEL_FILE).exists():
        raise TrainingBaseError(f"{prepared} has no {MODEL_FILE}")
    for path in sorted(prepared.iterdir()):
        if path.is_file() and path.name not in _NOT_COPIED:
            copyfile(path, out / path.name)


def _split(given: Pairs, held_back: Pairs | None) -> Split:
    """The file's own part held back, or a given one; what also stands in that is not learnt from."""
    if held_back is None:
        return split_by_conversation(given.rows, dev_share=DEV_SHARE)
    asked = {_said(pair) for pair in held_back.rows}
    return Split(tuple(pair for pair in given.rows if _said(pair) not in asked), held_back.rows)


def _said(pair: Pair) -> tuple[str, str]:
    bare = replace(pair, context=())
    return normalised(bare.message), normalised(bare.reply)


def _require_enough(pairs: Path, dev: Path | None, split: Split) -> None:
    if len(split.train) < FEWEST_TRAIN:
        raise TrainingDataError(
            pairs, None, f"{len(split.train)} distinct pairs are left to learn from", f"at least {FEWEST_TRAIN}"
        )
    if len(split.dev) < FEWEST_DEV:
        expected = f"at least {FEWEST_DEV}; give more pairs, or a file of your own with --dev"
        raise TrainingDataError(dev or pairs, None, f"{len(split.dev)} distinct pairs are left to measure on", expected)
