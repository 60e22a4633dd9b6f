"""Training an encoder on a team's own conversations.

`train_encoder(...)` is the way in. The words of this package:

- **pair**: a customer's message with the turns before it, and the reply that an agent sent.
- **view**: what of a pair is encoded as the query: the message alone, or with the last turns in front.
- **base**: the encoder that training starts from and that it has to beat.
- **heads**: two small networks, one for queries and one for passages, on top of an encoder's vectors.
- **dev**: pairs held back, on which everything is chosen and measured; **pool**: the distinct replies among them.

PyTorch is loaded only while training runs.
"""
