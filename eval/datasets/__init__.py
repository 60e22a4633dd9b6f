"""Evaluation data in the field's own formats: checked line by line, and named by a hash of what was read.

The words of this package:

- record: one JSON object of a file, or one row of a Parquet file, with the line it stands on.
- said: one earlier message, with who wrote it; a *context* is what was said before, oldest first.
- document, query, qrels: as in BEIR; qrels say how relevant a document is to a query.
- candidate: one of the texts to be ranked for a message, with its label.
- turn: what a customer said in one go, and what an agent answered; a *burst* is the messages of one side in a row.
- refund, undone: what was given back, by a negative number or by a status; neither is a purchase.
- strict, refusal: a wrong row stops the reading, or is left out and counted.
- cut: the time of the last known order; what is bought from then on is to be predicted.

`docs/evaluation-data.md` shows the formats.
"""
