"""A sentence-transformers folder becomes the files that `OnnxEncoder` serves."""

import json
from pathlib import Path
from shutil import copyfile

from models.encoders.source import read_source
from models.encoders.unigram import write_unigram
from models.errors import UnsupportedModelError

MODEL_FILE = "model.onnx"
WEIGHTS_FILE = "model.weights"
TOKENIZER_FILE = "tokenizer.json"
FAST_TOKENIZER_FILE = "unigram.json"
SETTINGS_FILE = "encoder.json"


def convert(folder: Path, out: Path) -> int:
    """Write the model of `folder`, in int8, into the existing folder `out` and give back its dimension.

    Takes a few seconds; needs neither PyTorch nor a network.

    Raises:
        UnsupportedModelError: If the network or its pooling is of a kind that cannot be converted.
        DamagedModelError: If the folder is incomplete.
    """
    import onnx

    from models.encoders.graph import build_graph

    source = read_source(folder)
    try:
        graph = build_graph(source.architecture, source.weights)
    except KeyError as error:
        raise UnsupportedModelError(f"{folder} has no tensor {error}; the network is not a BERT encoder") from error
    # In a file of their own the weights are mapped, not read: a process starts a quarter of a second sooner.
    onnx.save_model(graph, out / MODEL_FILE, save_as_external_data=True, location=WEIGHTS_FILE, size_threshold=65_536)
    if not write_unigram(source.tokenizer_file, out / FAST_TOKENIZER_FILE):
        copyfile(source.tokenizer_file, out / TOKENIZER_FILE)
    settings = {
        "dim": source.architecture.hidden,
        "max_tokens": source.max_tokens,
        "query_prefix": source.prefixes.query,
        "passage_prefix": source.prefixes.passage,
    }
    (out / SETTINGS_FILE).write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return source.architecture.hidden
