from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.curation.facets import FACETS, narrow
from copilot.curation.listed import ListedScript
from knowledge.tables import ScriptStatus

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def script(script_id: str, **fields: object) -> ListedScript:
    given_fields = {
        "title": "",
        "kind": "script",
        "owner": "",
        "text": "您好",
        "triggers": (),
        "stages": (),
        "scenes": (),
        "skus": (),
        "tags": (),
        "scope": "organisation",
        "status": ScriptStatus.PUBLISHED,
        "ahead": None,
        "version": 1,
        "live_version": 1,
        "latest_version": 1,
        "author": "",
        "valid_from": None,
        "valid_to": None,
        "published_at": NOW,
        "updated_at": NOW,
    }
    return ListedScript(script_id, **(given_fields | fields))  # type: ignore[arg-type]


LIBRARY = [
    script("a", stages=("交易",), owner="wang"),
    script("b", stages=("交易", "交付"), kind="faq"),
    script("c", owner="wang", status=ScriptStatus.DRAFT),
    script("d", ahead=ScriptStatus.REVIEW),
]


def ids(scripts: Sequence[ListedScript]) -> list[str]:
    return [one.script_id for one in scripts]


def test_without_a_choice_everything_is_found_and_counted() -> None:
    found = narrow(LIBRARY, {}, NOW)
    assert ids(found.scripts) == ["a", "b", "c", "d"]
    assert found.counts["stage"] == {"交易": 2, "交付": 1, "any": 2}
    assert found.counts["status"] == {"published": 3, "draft": 1, "review": 1}


def test_values_of_one_facet_widen_and_facets_narrow() -> None:
    assert ids(narrow(LIBRARY, {"stage": ["交付", "any"]}, NOW).scripts) == ["b", "c", "d"]
    assert ids(narrow(LIBRARY, {"stage": ["交付", "any"], "owner": ["wang"]}, NOW).scripts) == ["c"]


def test_a_facet_counts_what_its_other_values_would_bring() -> None:
    found = narrow(LIBRARY, {"kind": ["faq"]}, NOW)
    assert found.counts["kind"] == {"script": 3, "faq": 1}
    assert found.counts["stage"] == {"交易": 1, "交付": 1}


@pytest.mark.parametrize(
    ("start", "end", "validity"),
    [
        (None, None, "always"),
        (None, 15, "current"),
        (None, 14, "expiring"),
        (None, -1, "expired"),
        (1, 30, "upcoming"),
        (-1, None, "always"),
    ],
)
def test_validity_is_told_by_its_ends(start: int | None, end: int | None, validity: str) -> None:
    moments = [None if days is None else NOW + timedelta(days=days) for days in (start, end)]
    assert script("a", valid_from=moments[0], valid_to=moments[1]).validity(NOW) == validity


STATUSES = st.sampled_from(list(ScriptStatus))
STAGES = st.lists(st.sampled_from(["交易", "交付", "转化"]), unique=True).map(tuple)
SCRIPTS = st.lists(
    st.builds(
        lambda stages, status, owner, kind: script("x", stages=stages, status=status, owner=owner, kind=kind),
        STAGES,
        STATUSES,
        st.sampled_from(["", "wang", "li"]),
        st.sampled_from(["script", "faq"]),
    ),
    max_size=12,
)
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "stage": st.lists(st.sampled_from(["交易", "交付", "any"]), max_size=2),
        "status": st.lists(STATUSES.map(str), max_size=2),
        "owner": st.lists(st.sampled_from(["", "wang"]), max_size=2),
    },
)


@given(SCRIPTS, CHOICES)
def test_counts_are_what_choosing_the_value_alone_would_find(
    library: list[ListedScript], chosen: dict[str, list[str]]
) -> None:
    found = narrow(library, chosen, NOW)
    for name in FACETS:
        for value, n in found.counts[name].items():
            assert len(narrow(library, {**chosen, name: [value]}, NOW).scripts) == n
