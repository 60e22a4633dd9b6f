"""The calibration branch of the package's errors."""

from models.errors import ModelError


class CalibrationError(ModelError):
    """Scores and labels that no map can be learned from."""
