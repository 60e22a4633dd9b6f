"""The product: the engine that joins knowledge, models and evaluation, with its web pages, API and commands.

The words of this package:

- turn: the customer's latest burst of messages, taken together, with the conversation's version.
- context: the customer as of that moment: attributes, tags, orders, stage, scene, agent and team.
- rule: a hard condition; what it refuses never reaches the search, and the refusal has a reason.
- feature, contribution: a named number about a candidate, and what it adds to the score.
- suggestion set: one answer of the engine; a decision says what the agent did with it; an outcome what the customer
  did.
"""

__version__ = "0.1.0"
