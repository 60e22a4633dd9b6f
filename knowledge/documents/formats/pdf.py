"""PDF: the text of each page, under a heading that names the page."""

import re
from collections.abc import Iterator
from pathlib import Path

from knowledge.documents.blocks import Outline, ParsedDocument
from knowledge.errors import ImportFileError

MAX_PAGES = 3_000
EXPECTED = "a PDF with text that is not encrypted"

_ENDS_SENTENCE = re.compile(r"[。！？；：.!?;:]\s*$")


def read_pdf(path: Path) -> ParsedDocument:
    """The pages of a PDF.

    Raises:
        ImportFileError: it is encrypted, damaged, too long, or holds only pictures.
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        with path.open("rb") as file:
            reader = PdfReader(file, strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                raise ImportFileError(f"{path.name}: the file is encrypted, expected {EXPECTED}")
            if len(reader.pages) > MAX_PAGES:
                raise ImportFileError(f"{path.name}: {len(reader.pages)} pages, expected at most {MAX_PAGES}")
            pages = [page.extract_text() for page in reader.pages]
            title = str(reader.metadata.title or "") if reader.metadata is not None else ""
    except (PyPdfError, ImportError) as error:  # ImportError: a cipher that needs a package we do not ask for
        raise ImportFileError(f"{path.name}: cannot be read ({error}), expected {EXPECTED}") from error
    return _parsed(path, title, pages)


def _parsed(path: Path, title: str, pages: list[str]) -> ParsedDocument:
    outline = Outline()
    for number, page in enumerate(pages, start=1):
        outline.heading(1, f"p. {number}")
        for paragraph in _paragraphs(page):
            outline.text(paragraph)
    if not outline.blocks:
        raise ImportFileError(f"{path.name}: no page has text (scanned pictures?), expected {EXPECTED}")
    return ParsedDocument(title.strip(), tuple(outline.blocks))


def _paragraphs(page: str) -> Iterator[str]:
    """Lines put together again: a line that ends no sentence goes on in the next."""
    paragraph = ""
    for line in page.splitlines():
        if not line.strip():
            yield paragraph
            paragraph = ""
            continue
        needs_blank = paragraph[-1:].isascii() and paragraph[-1:].isalnum()
        paragraph += (" " if needs_blank else "") + line.strip()
        if _ENDS_SENTENCE.search(line):
            yield paragraph
            paragraph = ""
    yield paragraph
