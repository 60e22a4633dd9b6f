"""What each format of document says, under which headings."""

from pathlib import Path

import pytest
from docx import Document

from knowledge.documents import read_document
from knowledge.documents.blocks import Block

MARKDOWN = """---
title: ignored
---
# 退换货

七天内可以**无理由**退货，见[说明](https://example.com/x)。
第二行。

## 运费

- 质量问题：我们承担
- 其他：由您承担

| 地区 | 天数 |
|------|-----:|
| 上海 | 1 |

```
# 不是标题
```

# 保修
<!-- 内部 -->
一年。
"""

HTML = """<html><head><title>使用说明</title><style>p {}</style></head><body><nav>首页</nav>
<h1>面霜 <b>50 ml</b></h1><div>每天<b>早晚</b>
使用。<br>避开眼部</div><script>alert(1)</script>
<h2>成分</h2><ul><li>甘油<li>神经酰胺</ul>
<table><tr><th>规格</th><td><p>50 ml</p></td></tr></table>尾声</body></html>"""


def test_markdown_gives_paragraphs_items_and_rows_under_their_headings(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(MARKDOWN, encoding="utf-8")
    document = read_document(tmp_path / "a.md")
    assert document.title == "退换货"
    assert document.blocks == (
        Block(("退换货",), "七天内可以无理由退货，见说明。\n第二行。"),
        Block(("退换货", "运费"), "质量问题：我们承担"),
        Block(("退换货", "运费"), "其他：由您承担"),
        Block(("退换货", "运费"), "地区 | 天数"),
        Block(("退换货", "运费"), "上海 | 1"),
        Block(("退换货", "运费"), "# 不是标题"),
        Block(("保修",), "一年。"),
    )


def test_html_gives_what_a_reader_sees(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(HTML, encoding="utf-8")
    document = read_document(tmp_path / "a.html")
    assert document.title == "使用说明"
    assert document.blocks == (
        Block(("面霜 50 ml",), "每天早晚 使用。\n避开眼部"),
        Block(("面霜 50 ml", "成分"), "甘油"),
        Block(("面霜 50 ml", "成分"), "神经酰胺"),
        Block(("面霜 50 ml", "成分"), "规格 | 50 ml"),
        Block(("面霜 50 ml", "成分"), "尾声"),
    )


def test_html_may_be_nested_deeper_than_python_recurses(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<div>" * 50_000 + "deep", encoding="utf-8")
    assert [block.text for block in read_document(tmp_path / "a.html").blocks] == ["deep"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_gives_paragraphs(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("第一段\r\n接着\r\n\r\n\r\n第二段".encode(encoding))
    document = read_document(tmp_path / "a.txt")
    assert [block.text for block in document.blocks] == ["第一段\n接着", "第二段"]
    assert document.title == ""


def test_docx_gives_headings_paragraphs_and_tables_in_order(tmp_path: Path) -> None:
    document = Document()
    document.add_heading("面霜手册", level=0)
    document.add_heading("用法", level=1)
    document.add_paragraph("早晚各一次。")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "规格", "50 ml"
    document.add_heading("注意", level=2)
    document.add_paragraph("避开眼部。")
    document.save(str(tmp_path / "a.docx"))
    parsed = read_document(tmp_path / "a.docx")
    assert parsed.title == "面霜手册"
    assert parsed.blocks == (
        Block(("用法",), "早晚各一次。"),
        Block(("用法",), "规格 | 50 ml"),
        Block(("用法", "注意"), "避开眼部。"),
    )


def test_pdf_gives_the_text_of_its_pages(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_with("Keep the cream cool.", "Use it twice", "a day."))
    document = read_document(tmp_path / "a.pdf")
    assert document.blocks == (Block(("p. 1",), "Keep the cream cool."), Block(("p. 1",), "Use it twice a day."))


def pdf_with(*lines: str) -> bytes:
    """A PDF of one page, written by hand."""
    drawn = "".join(f"({line}) Tj 0 -20 Td " for line in lines)
    stream = f"BT /F1 12 Tf 50 700 Td {drawn}ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
    ]
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    trailer = f"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF"
    return body + f"xref\n0 5\n0000000000 65535 f \n{table}{trailer}".encode()
