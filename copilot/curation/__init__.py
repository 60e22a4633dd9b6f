"""What the desk works with: checks, reviews, tried messages, bulk changes, the health and performance of a library.

The words of this package:

- objection: what stands against a script as it is written; it blocks publishing, warns, or is a note.
- step: what can be done next in a script's life (submit, approve, retire …).
- stand: a script at one moment, with its newest version and the rule of who may approve.
- edit: what an editor wrote, and the version it was written over.
- deed: one entry of the audit trail about a script.
- hit: what a tried message found, and where the script in question stands among it.
- case: a message that must go on finding its script.
"""
