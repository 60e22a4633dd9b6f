"""Public research data sets turned into the files that `copilot load` and `copilot eval` read."""

from knowledge.adapters.convert import SOURCES, Conversion, convert

__all__ = ["SOURCES", "Conversion", "convert"]
