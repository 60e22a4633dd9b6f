"""The next-best product: candidates from several named sources, one additive score, a reason for each.

The words of this subpackage:

- source: a function that proposes products and says what speaks for them, such as refills that are due.
- signal: one feature of one product, from 0 to 1, with the reason that the agent reads.
- owned: what the customer has; things that last, and refills that are not due, are not offered again.
- gate: the rules that decide, before anything is searched, which products may be offered here at all.
- silence: when nothing may be offered, whatever speaks for it.
- question: what to ask a customer of whom little is known.
"""
