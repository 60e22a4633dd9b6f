"""Runs: what a system answered to every query, how good that was, and one run against another."""
