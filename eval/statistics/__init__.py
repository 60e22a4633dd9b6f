"""Intervals, tests and corrections, all from values per query."""
