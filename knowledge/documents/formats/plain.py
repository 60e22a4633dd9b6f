"""Plain text: paragraphs between blank lines."""

from pathlib import Path

from knowledge.documents.blocks import Outline, ParsedDocument, paragraphs
from knowledge.imports.readers.encoding import text_encoding


def read_plain(path: Path) -> ParsedDocument:
    """The paragraphs of a text file.

    Raises:
        ImportFileError: it is not text.
    """
    outline = Outline()
    for paragraph in paragraphs(path.read_text(encoding=text_encoding(path))):
        outline.text(paragraph)
    return outline.finish()
