"""Recommenders: order lines in, the items each customer should hear about next out.

The words of this subpackage:

- line: one item of one order; lines are parallel arrays of customer, item and day.
- score: how strongly an item is recommended to a customer; higher is better, -inf is never recommended.
"""
