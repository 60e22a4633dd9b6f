"""DOCX: paragraphs, headings by their style, and tables."""

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.documents.blocks import Outline, ParsedDocument
from knowledge.errors import ImportFileError
from knowledge.imports.readers.archives import require_archive

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

MAX_UNPACKED_BYTES = 300 << 20
EXPECTED = "a DOCX document"

_HEADING_STYLE = re.compile(r"(?:heading|标题)\s*(\d)", re.IGNORECASE)
_DOCTYPE_WITHIN = 4096


def read_docx(path: Path) -> ParsedDocument:
    """The sections of a Word document.

    Raises:
        ImportFileError: it is no Word document, unpacks to an absurd size, or declares entities.
    """
    require_archive(path, "word/document.xml", EXPECTED, max_bytes=MAX_UNPACKED_BYTES)
    _require_no_doctype(path)
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table

    try:
        document = Document(str(path))
    except (PackageNotFoundError, KeyError, ValueError, SyntaxError, zipfile.BadZipFile) as error:
        raise ImportFileError(f"{path.name}: cannot be read as {EXPECTED}: {error}") from error
    outline = Outline()
    title = ""
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            _add_table(item, outline)
        elif _style(item) in {"title", "标题"} and not title:
            title = item.text
        else:
            _add_paragraph(item, outline)
    return outline.finish(title)


def _require_no_doctype(path: Path) -> None:
    """Real documents declare none; those that do want the parser to fetch or multiply entities."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.filename.endswith((".xml", ".rels")):
                continue
            with archive.open(member) as part:
                if b"<!DOCTYPE" in part.read(_DOCTYPE_WITHIN).replace(b"\x00", b""):
                    raise ImportFileError(
                        f"{path.name}: {member.filename} declares a document type, expected {EXPECTED}"
                    )


def _style(paragraph: "Paragraph") -> str:
    return str(paragraph.style.name).strip().lower() if paragraph.style is not None else ""


def _add_paragraph(paragraph: "Paragraph", outline: Outline) -> None:
    heading = _HEADING_STYLE.match(_style(paragraph))
    if heading:
        outline.heading(int(heading[1]), paragraph.text)
    else:
        outline.text(paragraph.text)


def _add_table(table: "Table", outline: Outline) -> None:
    for row in table.rows:
        # A merged cell comes once for every column it spans.
        outline.row(list(dict.fromkeys(cell.text for cell in row.cells)))
