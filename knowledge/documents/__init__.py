"""Documents into passages: Markdown, HTML, text, DOCX and PDF.

The words of this package:

- block: a paragraph, list item or table row as it stands in a document, with the headings above it.
- passage: an extract of one section, about 80 to 300 characters, that search finds and an agent reads.
"""

from knowledge.documents.importing import import_documents
from knowledge.documents.passages import PassageText, split_passages
from knowledge.documents.reading import read_document

__all__ = ["PassageText", "import_documents", "read_document", "split_passages"]
