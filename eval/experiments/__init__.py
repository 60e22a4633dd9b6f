"""Experiments on live traffic: who gets which variant, and what can be said of the difference at any moment.

The words of this package:

- unit: whoever is assigned to a variant and keeps it: a customer or an agent.
- variant: what a unit gets; the *control* is the variant that the others are compared with.
- effect: mean of a variant minus mean of the control, over units; each unit counts once, however often it was seen.
- always valid: true at every look at once with the stated confidence, so that one may look daily and stop at will.
"""
