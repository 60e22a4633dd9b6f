"""Finds what an evaluation must not have known.

The words of this package:

- leak: something later than the turn it answered, or something of the turn itself on the side that was learned from.
- fact: a tag, order, event or script version that the system knew when it answered, with the time it came to be.
- training side: the conversations or pairs that a model, a script or a policy was made from.
- copy: a text so like another that one was made from the other, spelling and punctuation aside.
"""
