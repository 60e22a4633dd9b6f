"""The bundled model's tokenizer, in a form that loads in a tenth of a second.

`tokenizers` needs a second or more to build its trie of 250,000 pieces; a process that answers one message cannot
wait for that. Here the pieces are one dictionary and the best segmentation (Viterbi; Kudo 2018) is found in Python,
which for a chat message takes some hundredths of a millisecond more and gives the same ids.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from models.encoders.charsmap import compile_charsmap
from models.errors import DamagedModelError

_SPACE_MARK = "\u2581"
_UNKNOWN_PENALTY = 10.0
_PROBED_CODE_POINTS = (range(1, 0xD800), range(0xE000, 0x30000))
_EXPECTED_NORMALIZERS = ["Precompiled", "Replace", "Strip"]
_BOS, _EOS = "<s>", "</s>"

_Json = dict[str, Any]


@dataclass(frozen=True)
class UnigramTokenizer:
    """Token ids of a text, begin and end marks included.

    `ids` maps every piece to its id and `scores` every id to its log probability. Marks such as `</s>` written by a
    customer are ordinary text here.
    """

    ids: Mapping[str, int]
    scores: list[float]
    replacements: Mapping[int, str]
    bos_id: int
    eos_id: int
    unk_id: int
    max_tokens: int
    longest_piece: int
    unknown_score: float

    @classmethod
    def from_file(cls, path: Path, *, max_tokens: int) -> "UnigramTokenizer":
        """Load what `write_unigram` wrote.

        Raises:
            DamagedModelError: If the file is missing or cannot be read.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return _from_content(content, max_tokens)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedModelError(f"cannot read {path}: {error}") from error

    def encode(self, text: str) -> list[int]:
        """At most `max_tokens` ids; what does not fit is cut off at the end."""
        room = self.max_tokens - 2
        content: list[int] = []
        for word in self._words(text):
            content += self._segment(word[: room * self.longest_piece])
            if len(content) >= room:
                break
        return [self.bos_id, *content[:room], self.eos_id]

    def _words(self, text: str) -> Iterator[str]:
        """Normalised words, each with its leading space mark."""
        normal = text.translate(self.replacements).rstrip()
        yield from (_SPACE_MARK + word for word in normal.split(" ") if word)

    def _segment(self, word: str) -> list[int]:
        """Ids of the most probable segmentation; neighbouring unknown characters become one."""
        best = [0.0] + [-inf] * len(word)
        came_from = [(0, self.unk_id)] * (len(word) + 1)
        for start in range(len(word)):
            score = best[start]
            for end in range(start + 1, min(start + self.longest_piece, len(word)) + 1):
                piece_id = self.ids.get(word[start:end])
                if piece_id is not None and score + self.scores[piece_id] > best[end]:
                    best[end] = score + self.scores[piece_id]
                    came_from[end] = (start, piece_id)
            if score + self.unknown_score > best[start + 1]:
                best[start + 1] = score + self.unknown_score
                came_from[start + 1] = (start, self.unk_id)
        return self._backtrack(came_from)

    def _backtrack(self, came_from: list[tuple[int, int]]) -> list[int]:
        path: list[int] = []
        end = len(came_from) - 1
        while end > 0:
            end, piece_id = came_from[end]
            if piece_id != self.unk_id or path[-1:] != [self.unk_id]:
                path.append(piece_id)
        return path[::-1]


def write_unigram(tokenizer_file: Path, out: Path) -> bool:
    """Write the fast form of `tokenizer_file` to `out`, if it is a tokenizer of exactly this kind; say whether it is.

    A fine-tuned copy of the bundled model keeps its tokenizer and therefore qualifies.
    """
    content = json.loads(tokenizer_file.read_text(encoding="utf-8"))
    replacements = _replacements(content)
    if replacements is None:
        return False
    pieces, scores = zip(*content["model"]["vocab"], strict=True)
    marks = content["post_processor"]["special_tokens"]
    fast_form = {
        "pieces": pieces,
        "scores": b64encode(np.array(scores, "<f8").tobytes()).decode(),
        "replacements": replacements,
        "mark_ids": sorted(token["id"] for token in content["added_tokens"]),
        "bos_id": marks[_BOS]["ids"][0],
        "eos_id": marks[_EOS]["ids"][0],
        "unk_id": content["model"]["unk_id"],
    }
    out.write_text(json.dumps(fast_form, ensure_ascii=False), encoding="utf-8")
    return True


def _from_content(content: _Json, max_tokens: int) -> UnigramTokenizer:
    scores = np.frombuffer(b64decode(content["scores"]), "<f8").tolist()
    ids = dict(zip(content["pieces"], range(len(scores)), strict=True))
    for mark_id in content["mark_ids"]:
        del ids[content["pieces"][mark_id]]
    return UnigramTokenizer(
        ids=ids,
        scores=scores,
        replacements={ord(character): text for character, text in content["replacements"].items()},
        bos_id=content["bos_id"],
        eos_id=content["eos_id"],
        unk_id=content["unk_id"],
        max_tokens=max_tokens,
        longest_piece=max(map(len, ids)),
        unknown_score=min(scores) - _UNKNOWN_PENALTY,
    )


def _replacements(content: _Json) -> dict[str, str] | None:
    """The normalisation of single characters, or None if the tokenizer does anything else besides."""
    normalizers = (content.get("normalizer") or {}).get("normalizers", [])
    is_of_this_kind = (
        content["model"].get("type") == "Unigram"
        and not content["model"].get("byte_fallback")
        and [normalizer["type"] for normalizer in normalizers] == _EXPECTED_NORMALIZERS
        and (content.get("pre_tokenizer") or {}).get("type") == "Metaspace"
        and {_BOS, _EOS} == set((content.get("post_processor") or {}).get("special_tokens", {}))
    )
    if not is_of_this_kind:
        return None
    charsmap = b64decode(normalizers[0]["precompiled_charsmap"])
    replacements = _probe(charsmap)
    return replacements if compile_charsmap(replacements) == charsmap else None


def _probe(charsmap: bytes) -> dict[str, str]:
    """What a compiled table does to each single character, for those it changes."""
    from tokenizers.normalizers import Precompiled

    normalizer = Precompiled(charsmap)
    characters = map(chr, chain(*_PROBED_CODE_POINTS))
    outcomes = ((character, normalizer.normalize_str(character)) for character in characters)
    return {character: outcome for character, outcome in outcomes if outcome != character}
