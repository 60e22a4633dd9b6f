"""Find the reader for a document."""

from collections.abc import Callable
from pathlib import Path

from knowledge.documents.blocks import ParsedDocument
from knowledge.documents.formats.docx import read_docx
from knowledge.documents.formats.html import read_html
from knowledge.documents.formats.markdown import read_markdown
from knowledge.documents.formats.pdf import read_pdf
from knowledge.documents.formats.plain import read_plain
from knowledge.errors import ImportFileError
from knowledge.imports.readers.opening import require_file

MAX_TEXT_BYTES = 20 << 20
MAX_BINARY_BYTES = 200 << 20

TEXT_READERS: dict[str, Callable[[Path], ParsedDocument]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".txt": read_plain,
}
BINARY_READERS: dict[str, Callable[[Path], ParsedDocument]] = {".docx": read_docx, ".pdf": read_pdf}
SUFFIXES = (*TEXT_READERS, *BINARY_READERS)


def read_document(path: Path) -> ParsedDocument:
    """The document's blocks, its format told by its suffix.

    Raises:
        ImportFileError: it is missing, empty, too large, damaged, protected, or holds no text.
    """
    require_file(path)
    suffix = path.suffix.lower()
    reader = TEXT_READERS.get(suffix) or BINARY_READERS.get(suffix)
    if reader is None:
        raise ImportFileError(f"{path.name}: unknown suffix {path.suffix!r}, expected one of {', '.join(SUFFIXES)}")
    largest = MAX_TEXT_BYTES if suffix in TEXT_READERS else MAX_BINARY_BYTES
    if path.stat().st_size > largest:
        raise ImportFileError(f"{path.name}: {path.stat().st_size:,} bytes, expected at most {largest:,}")
    document = reader(path)
    if not document.blocks:
        raise ImportFileError(f"{path.name}: there is no text in it")
    return document
