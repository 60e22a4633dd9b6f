"""The web: the HTTP API and the agent console over one open runtime; importing it starts nothing.

The words of this package:

- problem: an error as `application/problem+json`; statuses are decided in `problems` and nowhere else.
- hub: hands news (a message, suggestions, a decision) to everybody who listens to the stream.
- board: the answer standing beside each conversation, made when it is missing or answers an older version.
- desk queue: the bounded line of work before the engine's threads.
"""
