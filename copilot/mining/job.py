"""One `copilot mine`: an archive, what is known beside it, and where the candidates go."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.encoding import NoEncoder, load_encoder
from copilot.engine.compliance import RuleBook
from copilot.errors import BadRequestError, CopilotError
from copilot.mining.candidates import Find, Surroundings, nothing_found
from copilot.mining.inputs import Files, Known, add_files, known_of_workspace
from copilot.mining.library import LibraryScripts, compliance_of
from copilot.mining.mining import MiningSettings, Stage
from copilot.mining.running import MiningRun, run_mining, write_rows
from copilot.serving import promoted_settings
from copilot.settings import Settings
from copilot.shop import Shop
from knowledge.archive.ingesting import IngestSettings
from knowledge.imports.cells import CHINA_TIME, ReadingRules
from knowledge.library.candidates import propose
from knowledge.library.proposals import Proposal
from knowledge.workspace import Workspace, utc_now

if TYPE_CHECKING:
    from models.encoders.encoder import Encoder


@dataclass(frozen=True)
class MiningJob:
    """What one run is asked for; without `out` the candidates go to the workspace's desk."""

    archive: Path
    out: Path | None = None
    state: Path | None = None
    files: Files = field(default_factory=Files)
    reading: IngestSettings = field(default_factory=IngestSettings)
    mining: MiningSettings = field(default_factory=MiningSettings)

    def state_folder(self, workspace: Path) -> Path:
        """Where what was read is kept: as asked, beside the file written, or in the workspace by the archive."""
        if self.state is not None:
            return self.state
        if self.out is not None:
            return self.out.with_name(f"{self.out.name}.state")
        place = self.archive.resolve()
        return workspace / "mining" / f"{place.name}-{sha256(bytes(place)).hexdigest()[:8]}"

    def require_outside_archive(self) -> None:
        """What is written into the archive's folder would be read as conversations by the next run.

        Raises:
            BadRequestError: it would.
        """
        for name, path in (("--out", self.out), ("--state", self.state)):
            if path is not None and path.resolve().is_relative_to(self.archive.resolve()):
                raise BadRequestError(name, str(path), f"a place outside the archive {self.archive}")


def run_job(job: MiningJob, settings: Settings, workspace: Workspace | None, stage: Stage) -> MiningRun:
    """The candidates of an archive, compared with the library of the workspace where there is one.

    Raises:
        ImportFileError: the archive or another file cannot be read.
        BadRequestError: the archive has no such outcome as was asked for, or what is written would lie within it.
        CopilotError: there is no encoder.
    """
    job.require_outside_archive()
    encoder = encoder_of(settings, workspace)
    known = _known(settings, workspace)
    add_files(known, job.files, ReadingRules(CHINA_TIME, utc_now()))
    return run_mining(
        job.archive,
        job.state_folder(settings.workspace),
        encoder,
        settings=job.mining,
        reading=job.reading,
        known=known,
        around=_around(settings, workspace, known, encoder),
        stage=stage,
    )


def deliver(run: MiningRun, job: MiningJob, settings: Settings, workspace: Workspace | None) -> dict[str, Any]:
    """Write the candidates to the file that was asked for, or propose them at the desk; what became of them.

    Raises:
        BadRequestError: there is neither a file nor a workspace.
    """
    if job.out is not None:
        write_rows(job.out, run.rows)
        return {"out": str(job.out)}
    if workspace is None:
        raise BadRequestError("--out", None, "a file to write, or a workspace (`copilot init`)")
    with workspace.database.write() as session:
        counts = propose(session, settings.tenant, map(Proposal.of_row, run.rows), utc_now())
    return {"desk": vars(counts)}


def encoder_of(settings: Settings, workspace: Workspace | None) -> "Encoder":
    """The encoder that serves in the workspace, or that of the settings.

    Raises:
        CopilotError: it cannot be loaded; without one there is nothing to compare messages with.
    """
    found = load_encoder(promoted_settings(settings) if workspace is not None else settings)
    if isinstance(found, NoEncoder):
        raise CopilotError(f"the encoder {settings.encoder!r} cannot be loaded: {found.reason}")
    return found


def _known(settings: Settings, workspace: Workspace | None) -> Known:
    if workspace is None:
        return Known()
    shop = Shop.read(workspace.folder)
    names = {agent.id: agent.name for agent in shop.agents}
    return known_of_workspace(workspace, settings.tenant, names, shop.name)


def _around(settings: Settings, workspace: Workspace | None, known: Known, encoder: "Encoder") -> Surroundings:
    rules = RuleBook.of_workspace(settings.workspace)
    near: Find = nothing_found
    if workspace is not None:
        near = LibraryScripts.of_database(workspace.database, settings.tenant, encoder.encode_queries).near
    return Surroundings(
        names=known.names(),
        sku_of=known.products,
        near_duplicates=near,
        compliance=lambda text: compliance_of(rules, text),
    )
