"""What another policy would have earned, from rounds that the logging policy decided.

The words of this package:

- round: one decision, of one item or of a list; its *places* count the positions it shows from 0.
- propensity: the probability with which the logging policy did what it did; *target* is the policy to evaluate.
- weight: the target's probability over the propensity; its mean is 1 when the log covers the target.
- terms: one number a round, whose mean (or ratio of means) is the estimate; *cluster* is what rounds are resampled by.
- support: whether the log can answer at all; a refusal is an answer.

`docs/off-policy.md` says which estimator for what, and what was measured. Importing this package does nothing.
"""
