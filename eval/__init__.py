"""Measures any system through plain data and callables; knows nothing of the engine, the library or the models.

The words of this package:

- spread: the quantiles of repeated measurements of one thing; a *p50* is their median, with its 95 % interval.
- side by side: two callables timed in turn on the same inputs, so that a busy machine slows both alike.
- beyond: what a system adds to a floor it cannot go under, as a share of that floor.
- floor: the least that the work must cost on this machine, such as reading so many bytes once.

Importing this package does nothing.
"""
