"""Readers: one per file format, all giving the same raw rows."""

from knowledge.imports.readers.opening import open_rows
from knowledge.imports.readers.raw import BrokenRow, RawRow, RowFile

__all__ = ["BrokenRow", "RawRow", "RowFile", "open_rows"]
