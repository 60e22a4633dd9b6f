"""Customers with their tags and identities."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from knowledge.imports import ImportReport

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]

TAGS = "SELECT customer_id, tag, value, source, valid_from, valid_to FROM customer_tag ORDER BY id"
T0, T1 = "2026-11-21 04:00:00.000000", "2026-11-21 05:00:00.000000"


def test_a_customer_is_kept_with_tags_and_identities(load: Load, rows: Rows) -> None:
    load(
        "customers",
        "id,name,gender,birthday,city,joined_at,tags,attributes,identities\n"
        'c1,张三,女,1990-05-01,上海,2025-01-01,会员:金卡|油皮,"{""level"": 3}",wecom:wm1|phone:h1\n',
    )
    assert rows("SELECT name, gender, birthday, city, joined_at, attributes FROM customer") == [
        ("张三", "female", "1990-05-01", "上海", "2024-12-31 16:00:00.000000", '{"level": 3}')
    ]
    assert rows(TAGS) == [("c1", "会员", "金卡", "import", T0, None), ("c1", "油皮", "", "import", T0, None)]
    assert rows("SELECT external_id, customer_id FROM identity ORDER BY 1") == [("phone:h1", "c1"), ("wecom:wm1", "c1")]


def test_tags_that_are_gone_end_and_others_begin(load: Load, rows: Rows, clock: Any) -> None:
    load("customers", "id,tags\nc1,会员:银卡|油皮\n")
    clock.now += timedelta(hours=1)
    assert load("customers", "id,tags\nc1,会员:金卡|油皮\n").n_changed == 1
    assert rows(TAGS) == [
        ("c1", "会员", "银卡", "import", T0, T1),
        ("c1", "油皮", "", "import", T0, None),
        ("c1", "会员", "金卡", "import", T1, None),
    ]
    assert load("customers", "id,tags\nc1,油皮|会员:金卡\n").n_unchanged == 1


def test_tags_of_other_sources_are_left_alone(load: Load, rows: Rows, workspace: Any, clock: Any) -> None:
    from knowledge.tables import CustomerTag

    load("customers", "id,tags\nc1,油皮\n")
    with workspace.database.write() as session:
        session.add(
            CustomerTag(tenant_id="default", customer_id="c1", tag="急性子", source="agent", valid_from=clock())
        )
    load("customers", "id,tags\nc1,\n")
    assert rows("SELECT tag FROM customer_tag WHERE valid_to IS NULL") == [("急性子",)]


def test_a_file_without_tags_leaves_them_alone(load: Load, rows: Rows) -> None:
    load("customers", "id,name,tags\nc1,a,油皮\n")
    load("customers", "id,name\nc1,b\n")
    assert rows(TAGS) == [("c1", "油皮", "", "import", T0, None)]


def test_an_identity_belongs_to_one_customer(load: Load, rows: Rows) -> None:
    report = load("customers", "id,identities\nc1,wecom:1\nc2,wecom:1\nc3,wecom:3\n")
    assert (report.n_added, report.n_rejected, report.rejected[0].line) == (2, 1, 3)
    report = load("customers", "id,identities\nc4,wecom:3\n")
    assert (report.n_added, report.rejected[0].value) == (0, "wecom:3")
    assert "'c3'" in report.rejected[0].reason
    assert rows("SELECT customer_id FROM identity ORDER BY 1") == [("c1",), ("c3",)]


def test_the_same_customers_again_change_nothing(load: Load, contents: Callable[[], object]) -> None:
    content = "id,name,tags,identities\nc1,a,x|y:1,wecom:1\nc2,b,,\n"
    load("customers", content)
    before = contents()
    assert load("customers", content).n_unchanged == 2
    assert contents() == before
