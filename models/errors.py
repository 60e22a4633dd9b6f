"""What can go wrong in this package.

ModelError
├── EncoderError
│   ├── UnknownEncoderError        the name is neither built in, nor a folder, nor a model that can be reached
│   ├── UnsupportedModelError      the model exists, but its architecture or its modules cannot be converted
│   └── DamagedModelError          a file is missing, cut short, or differs from its manifest
├── StoreError                     the branch in `models.store.errors`
└── TrainingError                  the branch in `models.training.errors`
"""


class ModelError(Exception):
    """Base of every error this package raises on purpose."""


class EncoderError(ModelError):
    """Base of the errors about encoders."""


class UnknownEncoderError(EncoderError):
    """No encoder has this name, and no folder or reachable model does either."""


class UnsupportedModelError(EncoderError):
    """The model was found, but is not of a kind that can be converted for serving."""


class DamagedModelError(EncoderError):
    """A model file is missing, truncated, or not what its manifest says it is."""
