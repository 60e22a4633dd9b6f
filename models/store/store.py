"""The store: a folder of artefacts, and what is done with them."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from models.store.artefact import FILES_FOLDER, MANIFEST_FILE, Artefact, Kind, read_artefact, read_training
from models.store.errors import (
    ArtefactInUseError,
    DamagedArtefactError,
    NothingBeforeError,
    RefusedArtefactError,
    UnknownArtefactError,
    WorseArtefactError,
    room_needed,
)
from models.store.files import copy_files, sync, sync_all, version_of, write_whole
from models.store.standing import Standing, Switch, read_standings, write_standings

if TYPE_CHECKING:
    from filelock import BaseFileLock

Check = Callable[[Path], str]
"""Loads the files in a folder with the code that will serve them and gives their name.

Raises:
    RefusedArtefactError: they cannot serve.
"""

Prepare = Callable[[Artefact | None], None]
"""Makes ready whatever must be before an artefact (nothing: what is built in) serves; the switch waits for it."""

STORE_FOLDER = Path("models") / "store"
UNFINISHED_FOLDER = ".unfinished"


def _nothing_to_prepare(_: Artefact | None) -> None:
    """Most artefacts serve as they are."""


@dataclass(frozen=True)
class Verdict:
    """What reading every byte of one artefact showed; no problem means that it is whole."""

    kind: Kind
    version: str
    problem: str


@dataclass(frozen=True)
class ModelStore:
    """Artefacts in a folder; any number of processes may use it at once.

    Readers need no lock. One lock is held while something is added, one for each kind while what serves changes (an
    index may have to be built), and one for the moment in which `serving.json` is written.
    """

    folder: Path

    @classmethod
    def in_workspace(cls, workspace: Path) -> "ModelStore":
        """The store of a workspace, which may not have been made yet."""
        return cls(workspace / STORE_FOLDER)

    def standing(self, kind: Kind) -> Standing:
        """What serves, what did before, and the shadow.

        Raises:
            DamagedStoreError: `serving.json` cannot be read.
        """
        return read_standings(self.folder)[kind]

    def artefacts(self, kind: Kind) -> list[Artefact]:
        """All whose manifest can be read, oldest first."""
        found = []
        for place in self._places(kind):
            try:
                found.append(read_artefact(place))
            except DamagedArtefactError:
                continue  # `verify` names it
        return sorted(found, key=lambda one: (one.added_at, one.version))

    def get(self, kind: Kind, version: str) -> Artefact:
        """The artefact whose version is, or alone begins with, `version`.

        Raises:
            UnknownArtefactError: there is none, or there are several.
            DamagedArtefactError: its manifest cannot be read.
        """
        names = [place.name for place in self._places(kind)]
        matching = [name for name in names if name == version] or [name for name in names if name.startswith(version)]
        if len(matching) != 1 or not version:
            known = ", ".join(names) or "none; add one: copilot models add"
            raise UnknownArtefactError(f"{kind.value} {version!r}: expected one of the versions {known}")
        return read_artefact(self.folder / kind.value / matching[0])

    def add(self, kind: Kind, source: Path, *, check: Check, at: datetime, note: str = "") -> tuple[Artefact, bool]:
        """Copy a folder into the store; gives the artefact and whether it is new.

        Of an encoder only the files of the folder itself are copied, which is all that serves. A version that is there
        already stays as it is, save that damaged files of it are mended.

        Raises:
            RefusedArtefactError: the folder does not hold what the kind needs.
            StoreRoomError: the disk is full.
        """
        if not source.is_dir():
            raise RefusedArtefactError(f"{source} is no folder; expected the folder of {kind.value} files")
        own = self.folder / kind.value
        aside = own / UNFINISHED_FOLDER
        with room_needed(self.folder):
            own.mkdir(parents=True, exist_ok=True)
            with self._locked("adding"), _new_folder(aside):
                files = copy_files(source, aside / FILES_FOLDER, deep=kind is not Kind.ENCODER)
                version = version_of(files)
                name = check(aside / FILES_FOLDER)
                training = read_training(aside / FILES_FOLDER)
                made = Artefact(own / version, kind, version, name, at, source.resolve().name, note, training, files)
                if made.place.exists():
                    return _mended(made, aside), False
                _write_manifest(made, aside)
                sync_all(aside)
                aside.rename(made.place)
                sync(own)
                return made, True

    def promote(
        self,
        kind: Kind,
        version: str,
        *,
        check: Check,
        at: datetime,
        why: str = "",
        accept_worse: bool = False,
        prepare: Prepare = _nothing_to_prepare,
    ) -> Switch:
        """Let an artefact serve, once every byte of it has been checked and it has been loaded.

        Whatever fails, the one that serves goes on.

        Raises:
            UnknownArtefactError: there is no such artefact.
            DamagedArtefactError: it is not what was added.
            RefusedArtefactError: it cannot be loaded.
            WorseArtefactError: by its own report it does not beat the baseline, and `accept_worse` was not said.
        """
        artefact = self.get(kind, version)
        with self._locked(kind.value):
            artefact.check_contents()
            if artefact.beats_baseline is False and not accept_worse:
                raise WorseArtefactError(
                    f"{kind.value} {artefact.version} does not beat what it was trained from, says its training "
                    "report; what serves goes on. To promote it all the same: --accept-worse"
                )
            check(artefact.folder)
            switch = Switch(at, "promote", self.standing(kind).serving, artefact.version, why)
            if switch.changes:
                prepare(artefact)
                self._change(kind, lambda standing: standing.promoted(switch))
        return switch

    def roll_back(
        self, kind: Kind, *, check: Check, at: datetime, why: str = "", prepare: Prepare = _nothing_to_prepare
    ) -> Switch:
        """Let what served before serve again; at the end of the line that is what is built in.

        Versions that are damaged or gone by now are passed over and named in the switch.

        Raises:
            NothingBeforeError: what is built in serves already.
        """
        with self._locked(kind.value):
            line = self.standing(kind).line
            if not line:
                raise NothingBeforeError(f"no {kind.value} is promoted: what is built in serves already")
            before, skipped = self._whole_one(kind, line[:-1], check)
            switch = Switch(at, "rollback", line[-1], before.version if before else None, why, skipped)
            prepare(before)
            self._change(kind, lambda standing: standing.rolled_back(switch))
        return switch

    def set_shadow(self, kind: Kind, version: str, *, check: Check) -> Artefact:
        """Let an artefact work silently beside the one that serves; it is checked like one that is promoted."""
        artefact = self.get(kind, version)
        with self._locked(kind.value):
            artefact.check_contents()
            check(artefact.folder)
            self._change(kind, lambda standing: replace(standing, shadow=artefact.version))
        return artefact

    def end_shadow(self, kind: Kind) -> str | None:
        """Have no shadow any more; gives the version it was."""
        with self._locked(kind.value):
            before = self.standing(kind).shadow
            if before is not None:
                self._change(kind, lambda standing: replace(standing, shadow=None))
        return before

    def remove(self, kind: Kind, version: str) -> str:
        """Delete an artefact, also from the line; gives its version.

        Raises:
            UnknownArtefactError: there is no such artefact.
            ArtefactInUseError: it serves, would serve after a rollback, or is the shadow.
        """
        found = self._place(kind, version)
        with self._locked("adding"), self._locked(kind.value):
            if found.name in self.standing(kind).in_use:
                raise ArtefactInUseError(
                    f"{kind.value} {found.name} serves, is what a rollback returns to, or is the shadow; promote or "
                    "roll back to others first"
                )
            self._change(kind, lambda standing: standing.without(found.name))
            gone = found.with_name(f".{found.name}.removed")
            found.rename(gone)
            shutil.rmtree(gone)
        return found.name

    def verify(self) -> list[Verdict]:
        """Read every byte of every artefact.

        Raises:
            DamagedStoreError: `serving.json` cannot be read.
        """
        verdicts = [Verdict(kind, place.name, _problem(place)) for kind in Kind for place in self._places(kind)]
        there = {(one.kind, one.version) for one in verdicts}
        needed = {(kind, version) for kind in Kind for version in self.standing(kind).in_use}
        missing = [Verdict(kind, version, "it is in use and is not there") for kind, version in sorted(needed - there)]
        return verdicts + missing

    def _whole_one(self, kind: Kind, line: tuple[str, ...], check: Check) -> tuple[Artefact | None, tuple[str, ...]]:
        """The last of the line that can serve, and those after it that cannot."""
        skipped: list[str] = []
        for version in reversed(line):
            try:
                artefact = self.get(kind, version)
                artefact.check_contents()
                check(artefact.folder)
            except (UnknownArtefactError, DamagedArtefactError, RefusedArtefactError):
                skipped.append(version)
            else:
                return artefact, tuple(skipped)
        return None, tuple(skipped)

    def _change(self, kind: Kind, change: Callable[[Standing], Standing]) -> None:
        """Read, change and write `serving.json` while nobody else does."""
        with self._locked("serving"), room_needed(self.folder):
            standings = read_standings(self.folder)
            write_standings(self.folder, standings | {kind: change(standings[kind])})

    def _place(self, kind: Kind, version: str) -> Path:
        """Where an artefact lies, even one whose manifest is damaged."""
        try:
            return self.get(kind, version).place
        except DamagedArtefactError:
            return next(place for place in self._places(kind) if place.name.startswith(version))

    def _places(self, kind: Kind) -> list[Path]:
        own = self.folder / kind.value
        return sorted(path for path in own.iterdir() if not path.name.startswith(".")) if own.is_dir() else []

    def _locked(self, name: str) -> "BaseFileLock":
        from filelock import FileLock  # imports asyncio, which nothing that serves needs

        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / f".{name}.lock")


@contextmanager
def _new_folder(path: Path) -> Iterator[None]:
    """A folder to fill, without what a killed process may have left in it; gone afterwards unless it was renamed."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _write_manifest(artefact: Artefact, place: Path) -> None:
    write_whole(place / MANIFEST_FILE, json.dumps(artefact.to_dict(), ensure_ascii=False, indent=1))


def _mended(made: Artefact, aside: Path) -> Artefact:
    """The artefact already there, what is damaged of it replaced one by one by what was just made of the same files."""
    for name in made.damaged_files():
        path = made.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sync(aside / FILES_FOLDER / name)
        (aside / FILES_FOLDER / name).replace(path)
        sync(path.parent)
    try:
        return read_artefact(made.place)
    except DamagedArtefactError:
        _write_manifest(made, made.place)
        return made


def _problem(place: Path) -> str:
    try:
        read_artefact(place).check_contents()
    except DamagedArtefactError as error:
        return str(error)
    return ""
