"""Files into the database: products, scripts, customers, orders, events, conversations and documents.

The words of this package:

- raw row: the cells of one row, as a reader of CSV, XLSX, JSON Lines or Parquet gives them.
- row: a raw row whose cells have been understood and checked (`XRow`); a bad one becomes a `RejectedRow`.
- staging: where all good rows of a file wait, grouped by id, until the whole file has been read.
- plan: what one batch of groups will write, compared with what is stored.
- report: the counts, the rejected rows, and what deserves a look.
"""

from knowledge.imports.kinds import ImportKind
from knowledge.imports.report import ImportNotice, ImportReport, RejectedRow
from knowledge.imports.running import import_file, import_folder

__all__ = ["ImportKind", "ImportNotice", "ImportReport", "RejectedRow", "import_file", "import_folder"]
