"""What is wrong with a library of scripts, and what it lacks: plain rows in, plain results out.

The words of this package:

- asked: a customer's message that got no suggestion, or none that the agent used.
- gap: asked messages that say the same, so that one script could answer them all.
- quantity: an amount with its unit in one normal form; 七天, 7 days and 一周 are one quantity.
- conflict: two scripts for the same question that state different quantities of one kind.
- decay: a script used to be accepted, or to work, more often than it is now.
- dead: a script that is never shown, never accepted, or out of date.
"""
