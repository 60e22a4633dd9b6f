"""Which artefacts serve, which did before, and which one is the shadow: what `serving.json` says."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

from models.store.artefact import Kind
from models.store.errors import DamagedStoreError
from models.store.files import require_format, write_whole

SERVING_FILE = "serving.json"
FORMAT = 1


@dataclass(frozen=True)
class Switch:
    """A change of what serves; no version means what is built in.

    `why` is what somebody said; `skipped` names versions that a rollback passed over because they were damaged.
    """

    at: datetime
    action: str
    before: str | None
    after: str | None
    why: str = ""
    skipped: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether something else serves now."""
        return self.before != self.after

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self) | {"at": self.at.isoformat(), "skipped": list(self.skipped)}


@dataclass(frozen=True)
class Standing:
    """How one kind stands."""

    line: tuple[str, ...] = ()
    shadow: str | None = None
    history: tuple[Switch, ...] = ()

    @property
    def serving(self) -> str | None:
        return self.line[-1] if self.line else None

    @property
    def in_use(self) -> frozenset[str]:
        """The versions that serve, would serve after a rollback, or are the shadow."""
        return frozenset({*self.line[-2:], *({self.shadow} if self.shadow else ())})

    def promoted(self, switch: Switch) -> "Standing":
        """With another version at the end of the line."""
        if switch.after is None or not switch.changes:
            return self
        return replace(self, line=(*self.line, switch.after), history=(*self.history, switch))

    def rolled_back(self, switch: Switch) -> "Standing":
        """Without the last of the line and those that the rollback passed over."""
        kept = self.line[: len(self.line) - 1 - len(switch.skipped)]
        return replace(self, line=kept, history=(*self.history, switch))

    def without(self, version: str) -> "Standing":
        """With a version taken out of the line."""
        kept = (one for one in self.line if one != version)
        return replace(self, line=tuple(one for one, _ in groupby(kept)))


def read_standings(folder: Path) -> dict[Kind, Standing]:
    """How every kind stands; before the first promotion nothing but what is built in serves.

    Raises:
        DamagedStoreError: the file is there and cannot be read.
    """
    path = folder / SERVING_FILE
    if not path.is_file():
        return {kind: Standing() for kind in Kind}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        require_format(content["format"], FORMAT)
        return {kind: _standing(content["kinds"].get(kind.value, {})) for kind in Kind}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedStoreError(
            f"{path} cannot be read ({error}); move it away to serve what is built in, then promote again"
        ) from error


def write_standings(folder: Path, standings: Mapping[Kind, Standing]) -> None:
    """Write them all at once; only the holder of the store's lock may."""
    kinds = {
        kind.value: {
            "serving": standing.serving,
            "line": list(standing.line),
            "shadow": standing.shadow,
            "history": [switch.to_dict() for switch in standing.history],
        }
        for kind, standing in standings.items()
    }
    write_whole(folder / SERVING_FILE, json.dumps({"format": FORMAT, "kinds": kinds}, ensure_ascii=False, indent=1))


def _standing(content: Mapping[str, object]) -> Standing:
    line, shadow, history = content.get("line", []), content.get("shadow"), content.get("history", [])
    if not isinstance(line, list) or not isinstance(history, list) or not (shadow is None or isinstance(shadow, str)):
        raise TypeError(f"got {str(content)[:80]}, expected line, shadow and history")
    return Standing(tuple(map(str, line)), shadow, tuple(_switch(**one) for one in history))


def _switch(at: str, skipped: list[str], **facts: str) -> Switch:
    return Switch(at=datetime.fromisoformat(at), skipped=tuple(skipped), **facts)
