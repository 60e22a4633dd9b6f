"""HTML: what a reader of the page sees; scripts, styles and navigation are left out."""

from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.documents.blocks import Outline, ParsedDocument
from knowledge.imports.readers.encoding import text_encoding

UNSEEN = ("script", "style", "noscript", "template", "nav", "svg", "iframe", "form", "select", "button")
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt", "figcaption"}
    | {"figure", "footer", "header", "hr", "html", "li", "main", "ol", "p", "pre", "section", "summary", "table"}
    | {"tbody", "tfoot", "thead", "tr", "ul"}
)
CELLS = frozenset({"td", "th"})


def read_html(path: Path) -> ParsedDocument:
    """The sections of an HTML page.

    Raises:
        ImportFileError: it is not text.
    """
    page = LexborHTMLParser(path.read_text(encoding=text_encoding(path)))
    page.strip_tags(list(UNSEEN))
    title = page.css_first("title")
    outline = Outline()
    if page.body is not None:
        _collect(page.body, outline)
    return outline.finish(title.text() if title is not None else "")


def _collect(body: LexborNode, outline: Outline) -> None:
    inline: list[str] = []
    cells: list[str] = []
    for node, tag, begins in _walk(body):
        if tag == "-text":
            inline.append(_visible(node))
        elif tag == "br":
            inline.append("\n")
        elif tag in CELLS or tag in HEADINGS or tag in BLOCKS:
            _boundary(tag, begins, inline, cells, outline)
    outline.text("".join(inline))


def _boundary(tag: str, begins: bool, inline: list[str], cells: list[str], outline: Outline) -> None:
    """What stands before a block begins or ends goes where it belongs."""
    text = "".join(inline)
    if cells or (tag in CELLS and not begins):
        if tag in CELLS and not begins:
            cells.append(text)
            inline.clear()
        elif tag == "tr":
            outline.row(cells)
            cells.clear()
            inline.clear()
        return
    if tag in HEADINGS and not begins:
        outline.heading(HEADINGS[tag], text)
    else:
        outline.text(text)
    inline.clear()


def _visible(node: LexborNode) -> str:
    text = node.text_content or ""
    in_pre = node.parent is not None and node.parent.tag == "pre"
    return text if in_pre else text.replace("\n", " ")


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, str, bool]]:
    """Every node below `root` where it begins and where it ends; a page may be nested deeper than Python recurses."""
    path: list[LexborNode] = []
    node = root.first_child
    while node is not None or path:
        if node is None:
            node = path.pop()
            yield node, node.tag or "", False
            node = node.next
            continue
        yield node, node.tag or "", True
        child = node.first_child
        if child is not None:
            path.append(node)
            node = child
        else:
            if not node.is_text_node and node.tag != "br":
                yield node, node.tag or "", False
            node = node.next
