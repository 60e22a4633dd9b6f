"""Texts that say the same in other words.

The words of this package:

- wording: what of a text can be compared by letters: its characters in pairs and in order, numbers, negation, question.
- evidence: the numbers that speak for or against two texts saying the same, one row a pair.
- similarity: the probability that a person calls two texts the same, from all evidence together.
- pair: two texts of a list and their similarity.
- star: a text and those similar to *it*; unlike in a chain, no member is further from the centre than the threshold.
"""
