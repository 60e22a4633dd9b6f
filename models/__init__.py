"""Text and arrays in, arrays out: the learned parts of the copilot, with no database and no web.

The words this package uses, each for one idea:

- **encoder**: turns texts into unit vectors whose dot product is their similarity.
- **query** and **passage**: what is searched with (a customer's message) and what is searched for (a script, a
  product, a document passage). Some encoders prefix the two differently, so the caller always says which it has.
- **fingerprint**: a short hash of everything that determines the vectors; an index stores it, and two vectors are
  comparable only when their encoders' fingerprints are equal.
- **source**: where an encoder's weights come from: the bundled ones, a sentence-transformers folder, or a model name.
- **prepare**: convert a source once into a *prepared folder* that serving loads without PyTorch.

Importing this package does nothing and loads neither PyTorch nor ONNX Runtime.
"""
