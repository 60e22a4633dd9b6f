"""One run of the command: where it keeps what it read, and where candidates go."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from copilot.errors import BadRequestError, CopilotError
from copilot.mining.job import MiningJob, deliver, encoder_of, run_job
from copilot.mining.mining import silent_stage
from copilot.settings import Settings
from knowledge.tables import Candidate, CandidateSource


def settings_of(folder: Path, encoder: str = "hash") -> Settings:
    return Settings(workspace=folder, encoder=encoder)


def test_the_state_is_kept_where_asked_beside_the_output_or_in_the_workspace(tmp_path: Path) -> None:
    job = MiningJob(tmp_path / "chats", out=tmp_path / "out" / "c.jsonl", state=tmp_path / "state")
    assert job.state_folder(tmp_path / "shop") == tmp_path / "state"
    assert replace(job, state=None).state_folder(tmp_path / "shop") == tmp_path / "out" / "c.jsonl.state"
    in_workspace = replace(job, state=None, out=None).state_folder(tmp_path / "shop")
    assert in_workspace.parent == tmp_path / "shop" / "mining"
    assert in_workspace.name.startswith("chats-")


@pytest.mark.parametrize("name", ["out", "state"])
def test_nothing_is_written_into_the_archive(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "chats"
    archive.mkdir()
    job = replace(MiningJob(archive, out=tmp_path / "c.jsonl"), **{name: archive / "deep" / ".." / "x.jsonl"})
    with pytest.raises(BadRequestError, match=rf"--{name}: got .*, expected a place outside the archive"):
        run_job(job, settings_of(tmp_path / "none"), None, silent_stage)
    assert list(archive.iterdir()) == []


def test_candidates_go_to_the_desk_with_their_evidence_and_a_second_time_only_refresh(
    shop: Any, archive: Path, run: Any
) -> None:
    job = MiningJob(archive)
    settings = settings_of(shop.workspace.folder)
    assert deliver(run, job, settings, shop.workspace)["desk"]["n_added"] == 4
    assert deliver(run, job, settings, shop.workspace)["desk"] == {
        "n_added": 0,
        "n_refreshed": 4,
        "n_still_rejected": 0,
        "n_already_decided": 0,
    }
    with shop.workspace.database.read() as session:
        kept = session.get(Candidate, (settings.tenant, run.rows[0]["candidate_id"]))
    assert kept is not None
    assert kept.source is CandidateSource.MINED
    assert kept.evidence["verdict"] == "helps"


def test_without_a_file_and_a_workspace_there_is_nowhere_to_write(tmp_path: Path, archive: Path, run: Any) -> None:
    with pytest.raises(BadRequestError, match=r"--out: got None, expected a file to write, or a workspace"):
        deliver(run, MiningJob(archive), settings_of(tmp_path), None)


def test_an_encoder_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(CopilotError, match=r"the encoder '.*nowhere' cannot be loaded"):
        encoder_of(settings_of(tmp_path, str(tmp_path / "nowhere")), None)
