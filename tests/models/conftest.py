import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """Where prepared encoders are kept between runs, so that a machine converts the default one once."""
    return Path(os.environ.get("COPILOT_MODELS") or Path.home() / ".cache" / "customer-copilot" / "models")
