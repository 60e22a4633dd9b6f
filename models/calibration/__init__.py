"""From scores to probabilities that come true, learned from scores and labels.

The words of this package:

- **map**: turns scores into probabilities and never falls where scores rise.
- **family**: a kind of map: `logistic`, `beta` or `isotonic`.
- **knots**: scores and probabilities between which a map runs straight; plain numbers that a policy can hold.
"""
