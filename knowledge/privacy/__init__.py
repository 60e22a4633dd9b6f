"""Recognises personal data in what people write, and puts typed slots in its place.

The words of this package:

- kind: what a piece of personal data is (name, phone, address …).
- find: where in a text one stands.
- slot: what a script template writes instead (`{{customer.phone}}`); mask: what other tools left (`[电话x]`).
- fold: to copy a text in plain spelling, with the place of each character in the original.
- mark: a character that stands in the folded text for a find, a slot or a mask.
- cue: words that announce a value ("订单号", "my name is").
- known: what is on file about the people of a conversation, found in any spelling.
"""

from knowledge.privacy.finding import find_personal, with_slots
from knowledge.privacy.kinds import SLOTS, Found, KnownPersonal, Masked, PersonalKind

__all__ = ["SLOTS", "Found", "KnownPersonal", "Masked", "PersonalKind", "find_personal", "with_slots"]
