"""Measures any system through plain data and callables; knows nothing of the engine, the library or the models.

The words of this package (each subpackage has its own beside them):

- run: what one system answered to every query of some data, with one value a query for every metric.
- estimate: a mean with its 95 % interval, over queries or over clusters of them.
- cluster: queries that are no independent witnesses, such as those of one conversation, customer or agent.
- slice: the queries that carry a label, such as a stage or a customer's tag.
- leak: something a run used that was not known yet, or that it had learned from; see `eval.leaks`.
- propensity: the probability with which the logging policy showed what was shown; see `eval.offpolicy`.
- spread: the quantiles of repeated measurements of one thing; a *p50* is their median, with its 95 % interval.
- side by side: two callables timed in turn on the same inputs, so that a busy machine slows both alike.
- beyond: what a system adds to a floor it cannot go under, as a share of that floor.
- floor: the least that the work must cost on this machine, such as reading so many bytes once.

Importing this package does nothing.
"""
