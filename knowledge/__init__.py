"""What the company knows: products, scripts, customers, conversations, and the index that finds them.

The words of this package:

- tenant: one company; every row, index and search belongs to exactly one.
- script: a reply worth sending (kinds: script, faq, policy); a *version* is its text at one time; the *live* one is
  published.
- trigger: something customers say when a script is used.
- audience: who a script or product may be shown to.
- passage: a short extract of a document, with its heading and source.
- change: one row of the feed that tells every process what to read again (`index_change`).
- collection, field, row, item: an index holds collections (scripts, products, passages); an item has fields (trigger,
  reply); a field has one row per text.
"""
