"""Settings, read once by the command line and handed down as plain values."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.tables import DEFAULT_TENANT


class Settings(BaseSettings):
    """Where things are and how the engine is set up; each may come from the environment as `COPILOT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="COPILOT_", extra="ignore")

    workspace: Path = Field(default=Path("workspace"), description="The folder with database, index, models and runs.")
    database_url: str | None = Field(default=None, description="Another database than the workspace's SQLite file.")
    models: Path | None = Field(default=None, description="Where prepared encoders are kept; shared by workspaces.")
    tenant: str = DEFAULT_TENANT
    encoder: str = Field(default="default", description="`default`, or a sentence-transformers model by name or path.")
    threads: int = Field(default=1, ge=1, le=64, description="Threads of the encoder for one message.")

    @property
    def names_encoder(self) -> bool:
        """Whether somebody named the encoder; if nobody did, what is promoted in the workspace comes first."""
        return "encoder" in self.model_fields_set

    @property
    def models_folder(self) -> Path:
        """Encoders take a while to prepare, so they are kept in the user's cache unless the settings say otherwise."""
        return self.models or Path.home() / ".cache" / "customer-copilot" / "models"
