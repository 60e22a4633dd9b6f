"""Messages as customers really type them: other characters, slips of the finger and the ear, other habits.

The words of this package:

- kind: one named way of writing a message differently, such as `traditional` or `typo-sound`.
- perturb: write a message in the way of a kind; nothing where the kind does not apply to it.
- one typo: the kinds that change a message by a single slip.
- lost: what recall a kind costs, over the messages it applies to.

Kinds by sound need pypinyin, those in traditional characters OpenCC. Importing this package does nothing.
"""
