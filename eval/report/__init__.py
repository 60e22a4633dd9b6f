"""One page that says how good a run is, whether it beats another, and how far to trust that.

The words of this package:

- report: everything the page says, as data; the same numbers become HTML, Markdown and JSON.
- verdict: the one sentence at the top; its *primary* metric is the one that decides.
- clearly: with an adjusted p below 0.05.
- strip: a row of a table drawn as an interval or a bar, on the scale of its column.
- absent: a part that the data does not give, and why.
"""
