"""What can go wrong in this package.

EvalError
└── NothingMeasuredError   there is no measurement to summarise
"""


class EvalError(Exception):
    """Base of every error this package raises on purpose."""


class NothingMeasuredError(EvalError):
    """There is no measurement to summarise."""
