"""How good an answer was: one number a query first, means and intervals second.

The words of this package:

- qrels: for each query, the judged items and how relevant they are; 0 is judged and irrelevant.
- ranking: the items a system returned for one query, best first, each with its score.
- shown and sent: the texts put before the agent, and the text the agent sent.
- coverage: the share of queries that get an answer when the less certain ones are withheld.

NaN says that a metric does not apply to a query, never that it is bad.
"""
