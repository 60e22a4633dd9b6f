"""Hands the production engine to `eval`: what is measured is what is served.

The words of this package:

- turn: a customer's burst of messages with what was said before, who wrote, and what the agent sent.
- setting: everything that decides what an engine answers to a turn; the run's manifest is made of it.
- shard: some consecutive turns, answered by one process and kept as one file, so that a run can be resumed.
"""
