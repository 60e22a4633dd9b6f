"""Rankers learned from what was taken of what was shown: arrays in, weights out.

The words of this package:

- **slate**: a list that was shown, best first; its rows have a *place*, counted from 0.
- **taken**: whether somebody sent the row, edited or not.
- **examination**: how likely a place is to be looked at, relative to the first. What stands lower is taken less often
  whatever it is worth; dividing by it undoes that (Joachims et al., Unbiased Learning-to-Rank, 2017).
- **prior weights**: what is believed without any log; few takings move them little.
"""
