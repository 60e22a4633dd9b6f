"""Learning from what the workspace itself recorded: logged decisions become arrays, arrays become a policy.

The words of this package:

- **decided set**: a suggestion set that showed replies and that an agent decided on; its last decision counts.
- **ranges**: the decided sets by time, cut in three: to fit the weights, to calibrate, and to judge.
"""
