import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from copilot.runtime import Runtime
from copilot.web.uploads import Phase, Upload, Uploads
from knowledge.imports import ImportKind
from knowledge.tables import DEFAULT_TENANT, AuditEntry, Script

GOOD = "id,text,triggers,colour\nn1,今天发货,什么时候发货,red\nn2,七天可退,能退吗,blue\n"
BAD = GOOD + "n3,,空的,red\n"


def upload(client: TestClient, body: str | bytes, name: str = "scripts.csv", kind: str = "scripts") -> str:
    """The fragment once the file has been read."""
    files = {"file": (name, body if isinstance(body, bytes) else body.encode())}
    page = client.post("/desk/transfer/check?lang=en", data={"kind": kind}, files=files)
    assert page.status_code == 200, page.text
    return followed(client, page.text)


def followed(client: TestClient, page: str) -> str:
    while "hx-trigger" in page:
        path = re.findall(r'hx-get="([^"]+)"', page)[0]
        page = client.get(f"{path}?lang=en").text
    return page


def counts(page: str) -> list[str]:
    """Added, changed, unchanged, rejected."""
    return re.findall(r'<div class="tile"><b class="[^"]*">([^<]+)</b>', page)


def imported(client: TestClient, page: str) -> str:
    path = re.findall(r'hx-post="([^"]+/import)"', page)[0]
    return followed(client, client.post(f"{path}?lang=en").text)


def has_script(runtime: Runtime, script_id: str) -> bool:
    with runtime.workspace.database.read() as session:
        return session.get(Script, (DEFAULT_TENANT, script_id)) is not None


def test_a_check_tells_everything_and_writes_nothing(client: TestClient, runtime: Runtime) -> None:
    page = upload(client, BAD)
    assert counts(page) == ["2", "0", "0", "1"]
    assert "colour" in page
    assert "this column is required" in page
    assert "Import 2 rows" in page
    assert not has_script(runtime, "n1")


def test_a_row_says_once_what_was_wrong_and_all_reasons_are_kept(client: TestClient) -> None:
    page = upload(client, "id,text,valid_to\nn1,,\nn2,好,=cmd\nn3,一,\nn3,二,\n")
    reasons = re.findall(r'<td dir="auto">([^<]*)</td></tr>', page)
    assert [one.replace("&#39;", "'") for one in reasons] == [
        "expected a value, this column is required",
        "expected a date such as 2026-01-05, 2026/1/5 or 2026-01-05 10:00",
        "id: 'n3' already stands on line 4 with other values — expected each id once in a file",
    ]


def test_notices_are_told_in_words(client: TestClient) -> None:
    page = upload(client, "id,text,skus\nn1,好,NOPE\n")
    assert "Products that the catalogue does not have: 1" in page
    assert "unknown_skus" not in page


def test_what_was_checked_is_imported_noted_and_suggested(
    client: TestClient, runtime: Runtime, conversation: Any
) -> None:
    page = imported(client, upload(client, BAD))
    assert "Imported." in page
    assert counts(page) == ["2", "0", "0", "1"]
    conversation.say("什么时候发货")
    assert "今天发货" in [reply["text"] for reply in conversation.suggest()["replies"]]
    with runtime.workspace.database.read() as session:
        noted = session.execute(select(AuditEntry).where(col(AuditEntry.action) == "import.run")).scalar_one()
    assert (noted.subject, noted.detail["added"]) == ("scripts.csv", 2)
    assert "scripts.csv" in client.get("/desk/transfer?lang=en").text


def test_the_same_file_again_offers_nothing_to_write(client: TestClient) -> None:
    imported(client, upload(client, GOOD))
    page = upload(client, GOOD)
    assert counts(page) == ["0", "0", "2", "0"]
    assert "There is nothing to write." in page


def test_a_file_of_gb18030_is_understood(client: TestClient) -> None:
    assert counts(upload(client, GOOD.encode("gb18030"))) == ["2", "0", "0", "0"]


def test_rejected_rows_can_be_taken_along_and_no_cell_is_a_formula(client: TestClient) -> None:
    page = upload(client, "id,text,valid_to\nn1,好,=cmd\n")
    path = re.findall(r'href="([^"]+rejected\.csv)"', page)[0]
    lines = client.get(path).text.splitlines()
    assert lines[0] == "\ufeffline,column,value,reason,expected"
    assert lines[1].startswith("2,valid_to,'=cmd,")


@pytest.mark.parametrize(
    ("body", "name", "says"),
    [
        (b"PK\x03\x04broken", "scripts.xlsx", "scripts.xlsx"),
        (b"\x00\x01\x02", "scripts.csv", "scripts.csv"),
        (b"name,price\na,b\n", "scripts.csv", "&#39;id&#39; is missing"),
        (b"id,text\na,b\n", "scripts.exe", ".csv"),
        (b"id,text\na,b\n", "../../../etc/passwd", ".csv"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(client: TestClient, body: bytes, name: str, says: str) -> None:
    page = upload(client, body, name)
    assert "This file cannot be used" in page
    assert says in page
    assert "/import" not in page


@pytest.mark.parametrize(
    ("kind", "body", "status"), [("documents", b"x", 422), ("nothing", b"x", 422), ("scripts", b"", 422)]
)
def test_what_cannot_be_meant_is_refused(client: TestClient, kind: str, body: bytes, status: int) -> None:
    answer = client.post("/desk/transfer/check", data={"kind": kind}, files={"file": ("a.csv", body)})
    assert answer.status_code == status


def test_a_file_larger_than_a_message_is_taken_and_other_posts_stay_small(client: TestClient) -> None:
    large = GOOD + "".join(f"x{place},{'长' * 400},,\n" for place in range(1_200))
    assert len(large.encode()) > 1_000_000
    assert counts(upload(client, large))[0] == "1,202"
    assert client.post("/v1/suggest", content=b"x" * 1_100_000).status_code == 413


def test_hostile_names_and_values_are_shown_as_text(client: TestClient) -> None:
    page = upload(client, "id,text,<img>\n<b>x</b>,,‮1\n", "<script>a</script>.csv")
    assert "<script>" not in page
    assert "<img>" not in page


def test_an_unknown_upload_sample_or_export_is_not_found(client: TestClient) -> None:
    for path in ("uploads/nothing", "uploads/nothing/rejected.csv", "samples/documents.csv", "export/orders.csv"):
        assert client.get(f"/desk/transfer/{path}").status_code == 404
    assert client.get("/desk/transfer/export/scripts.exe").status_code == 422


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_an_export_can_be_imported_again_and_changes_nothing(client: TestClient, ending: str) -> None:
    imported(client, upload(client, GOOD))
    file = client.get(f"/desk/transfer/export/scripts.{ending}")
    assert "attachment" in file.headers["content-disposition"]
    page = upload(client, file.content, f"scripts.{ending}")
    assert counts(page)[0] == counts(page)[1] == counts(page)[3] == "0"


def test_a_sample_can_be_downloaded_and_imported(client: TestClient) -> None:
    file = client.get("/desk/transfer/samples/products.xlsx")
    assert counts(upload(client, file.content, "products.xlsx", "products")) == ["2", "0", "0", "0"]


def finished(uploads: Uploads, started: Upload) -> Upload:
    uploads.settle()
    return uploads.get(started.token)


def test_an_import_asked_for_twice_runs_once(runtime: Runtime) -> None:
    uploads = Uploads(runtime)
    checked = finished(uploads, uploads.add(ImportKind.SCRIPTS, "scripts.csv", GOOD.encode(), "wang"))
    assert checked.phase is Phase.CHECKED
    for _ in range(2):
        uploads.start_import(checked.token, "wang")
    done = finished(uploads, checked)
    uploads.close()
    assert done.report is not None
    assert (done.phase, done.report.n_added) == (Phase.IMPORTED, 2)


def test_files_of_yesterday_and_of_an_earlier_process_are_removed(runtime: Runtime) -> None:
    now = [0.0]
    uploads = Uploads(runtime, clock=lambda: now[0])
    folder = runtime.workspace.folder / "uploads"
    old = finished(uploads, uploads.add(ImportKind.SCRIPTS, "a.csv", GOOD.encode(), "wang"))
    (folder / "left").mkdir()
    now[0] = 25 * 3600.0
    new = finished(uploads, uploads.add(ImportKind.SCRIPTS, "b.csv", GOOD.encode(), "wang"))
    uploads.close()
    assert [path.name for path in folder.iterdir()] == [new.token]
    assert not Path(old.path).exists()
