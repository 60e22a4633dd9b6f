"""What the database holds as files, in the columns that imports read: written out and read in, nothing changes.

The words of this package:

- exported row: the values of one script or product by column.
- table file: the rows as CSV, XLSX or JSON Lines; the ending of its name says which.
- sample: a small file of a kind, for people who want to see what to fill in.
"""

from knowledge.exports.rows import EXPORTABLE, ExportedRow, exported_rows
from knowledge.exports.samples import sample_rows
from knowledge.exports.table_files import ENDINGS, MEDIA_TYPES, write_table

__all__ = ["ENDINGS", "EXPORTABLE", "MEDIA_TYPES", "ExportedRow", "exported_rows", "sample_rows", "write_table"]
