"""What can go wrong in this package.

EvalError
├── NothingMeasuredError   there is no measurement to summarise
├── DataError              an evaluation file is wrong; the message names file, line, value and what was expected
├── RunError               a run cannot be read, resumed or compared
├── SupportError           logged data cannot answer the question about another policy
└── LeakError              something later than the turn, or from the other side of a split, was used
"""

from pathlib import Path


class EvalError(Exception):
    """Base of every error this package raises on purpose."""


class NothingMeasuredError(EvalError):
    """There is no measurement to summarise."""


class DataError(EvalError):
    """An evaluation file is wrong in one place."""

    def __init__(self, path: Path | str, line: int | None, problem: str, expected: str) -> None:
        """Name the place, what stands there and what was expected."""
        where = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {problem}; expected {expected}")
        self.path = str(path)
        self.line = line
        self.problem = problem
        self.expected = expected


class RunError(EvalError):
    """A run cannot be read, resumed or compared."""


class SupportError(EvalError):
    """Logged data cannot answer the question about another policy."""


class LeakError(EvalError):
    """Something later than the turn, or from the other side of a split, was used."""
