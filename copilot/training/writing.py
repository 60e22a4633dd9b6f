"""A learned policy as a folder: `policy.json` and `training.json`, which appear whole or not at all."""

import json
from pathlib import Path

from copilot.engine.policy_file import RANKER_FILE, policy_numbers, read_policy
from copilot.errors import BadRequestError
from copilot.training.outcome import TrainedRanker
from models.training.artefact import RECORD_FILE, beside, put_in_place


def require_free(out: Path) -> None:
    """Make sure that `out` may be written: not there, empty, or a ranker trained earlier.

    Raises:
        BadRequestError: something else lies there.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / RANKER_FILE).is_file() or not (out / RECORD_FILE).is_file():
        raise BadRequestError("--out", str(out), "a new or empty folder, or one that `copilot train ranker` wrote")


def write_ranker(found: TrainedRanker, out: Path) -> None:
    """Put policy and record in their place; the policy is read again before anybody can see it.

    Raises:
        BadRequestError: something else lies there.
        OutOfRoomError: the disk is full.
    """
    require_free(out)
    with beside(out) as aside:
        _write(aside / RANKER_FILE, policy_numbers(found.policy))
        _write(aside / RECORD_FILE, found.to_dict())
        again = read_policy(aside / RANKER_FILE)
        if again != found.policy:
            raise BadRequestError(str(aside / RANKER_FILE), again.version, f"the policy {found.policy.version}")
        put_in_place(aside, out)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")
