"""Cheap mode, from texts to a folder: encode once, fit heads, put them beside the base."""

import json
from pathlib import Path

import numpy as np

from models.encoders.conversion import SETTINGS_FILE
from models.encoders.manifest import read_manifest, write_manifest
from models.encoders.onnx import OnnxEncoder
from models.training.fitting import CheapSettings, ExamInputs, Fit, HeadInputs, fit_heads
from models.training.materials import copy_served
from models.training.measuring import Marks
from models.training.outcome import Outcome, Work
from models.training.vectors import VectorFile

VECTORS_FOLDER = "training-vectors"

_MARK = "-trained"


def train_cheap(work: Work, settings: CheapSettings) -> Outcome:
    """Fit heads on the base's vectors and write base and heads to the work's folder."""
    untrained, fit = fit_on(work.base, work, settings)
    copy_served(work.prepared, work.out)
    fit.heads.save(work.out)
    describe(work.out, of=work.prepared, n_turns=settings.n_turns)
    served = OnnxEncoder.from_folder(work.out, threads=work.threads)
    trained = work.materials.exam.take(served.encode_queries, served.encode_passages)
    return Outcome({"untrained": untrained, "trained": trained}, {"heads": fit.scores})


def fit_on(encoder: OnnxEncoder, work: Work, settings: CheapSettings) -> tuple[Marks, Fit]:
    """What an encoder without heads achieves on the exam, and heads for it."""
    inputs, exam_inputs = _encode(encoder, work, settings.n_turns)
    exam = work.materials.exam
    untrained = exam.mark(exam_inputs.queries, exam_inputs.pool)
    return untrained, fit_heads(inputs, work.materials.examples, exam, exam_inputs, settings, work.progress)


def describe(folder: Path, *, of: Path, n_turns: int) -> None:
    """Complete a served folder: its settings say how many turns its queries hold, its manifest what it is."""
    path = folder / SETTINGS_FILE
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**settings, "context_turns": n_turns}, indent=2), encoding="utf-8")
    base = read_manifest(of)
    name = base.name if base.name.endswith(_MARK) else f"{base.name}{_MARK}"
    write_manifest(folder, name=name, source=f"trained from {base.fingerprint}", dim=base.dim, versions=base.versions)


def _encode(encoder: OnnxEncoder, work: Work, n_turns: int) -> tuple[HeadInputs, ExamInputs]:
    """All vectors that heads need; texts that occur several times, or were encoded before, cost nothing."""
    folder = work.models / VECTORS_FOLDER
    queries, passages = VectorFile.of_queries(encoder, folder), VectorFile.of_passages(encoder, folder)
    pairs, exam = work.materials.examples.pairs, work.materials.exam
    messages = [pair.message for pair in pairs]
    told = [pair.query(n_turns) for pair in pairs]
    replies = [pair.reply for pair in pairs]
    asked = queries.vectors([*messages, *told, *exam.queries], work.progress)
    n = len(pairs)
    partners = sorted({row for rows in work.materials.examples.partners.values() for row in rows})
    found = passages.vectors([*replies, *exam.pool, *(messages[row] for row in partners)], work.progress)
    as_passage = np.zeros((n, encoder.dim), np.float32)
    as_passage[partners] = found[n + len(exam.pool) :]
    inputs = HeadInputs(asked[:n], asked[n : 2 * n], found[:n], as_passage)
    return inputs, ExamInputs(asked[2 * n :], found[n : n + len(exam.pool)])
