"""Recommenders: order lines in, the items each customer should hear about next out.

The words of this subpackage:

- line: one item of one order; lines are parallel arrays of basket, customer, item and day.
- history: a customer's own lines up to today. A model is given histories to score, and looks nobody up by number.
- score: how strongly an item is recommended to a customer; higher is better, -inf is never recommended.
- kind: the name by which a recommender is registered, such as `ease`.
"""
