import json
from pathlib import Path

import pytest

from copilot.curation.objections import Objection, Severity
from copilot.curation.review import ReviewRule, Stand, Step, require_publishable, review_rule
from copilot.errors import BadRequestError
from copilot.shop import Shop
from knowledge.tables import Script, ScriptStatus, ScriptVersion, User
from knowledge.workspace import Workspace, utc_now


def stand(status: ScriptStatus, rule: ReviewRule, live: int | None = None) -> Stand:
    script = Script(tenant_id="default", id="s", latest_version=2, live_version=live, updated_at=utc_now())
    shared = {"tenant_id": "default", "script_id": "s", "created_at": utc_now()}
    return Stand(script, ScriptVersion(**shared, version=2, text="x", status=status, author="ann"), rule)


@pytest.mark.parametrize(
    ("n_people", "setting", "rule"),
    [
        (0, None, ReviewRule.ANYONE),
        (1, None, ReviewRule.ANYONE),
        (2, None, ReviewRule.OTHER),
        (2, "anyone", ReviewRule.ANYONE),
        (1, "other", ReviewRule.OTHER),
    ],
)
def test_somebody_else_approves_as_soon_as_there_are_two_unless_the_shop_says_otherwise(
    tmp_path: Path, n_people: int, setting: str | None, rule: ReviewRule
) -> None:
    workspace = Workspace.create(tmp_path / "workspace")
    shop = {"name": "霁禾"} | ({"desk": {"review": setting}} if setting else {})
    (workspace.folder / "shop.json").write_text(json.dumps(shop), encoding="utf-8")
    with workspace.database.write() as session:
        for n in range(n_people):
            session.add(User(tenant_id="default", id=f"u{n}", name=f"u{n}"))
    with workspace.database.read() as session:
        assert review_rule(session, "default", Shop.read(workspace.folder)) is rule
    workspace.close()


def test_a_shop_with_another_word_for_the_rule_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text('{"desk": {"review": "nobody"}}', encoding="utf-8")
    with pytest.raises(BadRequestError, match=r"shop\.json"):
        Shop.read(tmp_path)


@pytest.mark.parametrize(
    ("status", "rule", "live", "steps"),
    [
        (ScriptStatus.DRAFT, ReviewRule.OTHER, None, [Step.SUBMIT]),
        (ScriptStatus.DRAFT, ReviewRule.ANYONE, 1, [Step.PUBLISH, Step.SUBMIT, Step.RETIRE]),
        (ScriptStatus.REVIEW, ReviewRule.OTHER, None, [Step.APPROVE, Step.SEND_BACK, Step.WITHDRAW]),
        (ScriptStatus.PUBLISHED, ReviewRule.OTHER, 2, [Step.RETIRE]),
        (ScriptStatus.RETIRED, ReviewRule.OTHER, None, []),
    ],
)
def test_each_state_has_its_steps(status: ScriptStatus, rule: ReviewRule, live: int | None, steps: list[Step]) -> None:
    assert stand(status, rule, live).steps == steps


@pytest.mark.parametrize(
    ("rule", "person", "refusal"),
    [
        (ReviewRule.OTHER, "ann", "author"),
        (ReviewRule.OTHER, "bob", ""),
        (ReviewRule.OTHER, None, "nobody"),
        (ReviewRule.ANYONE, "ann", ""),
        (ReviewRule.ANYONE, None, ""),
    ],
)
def test_who_may_approve(rule: ReviewRule, person: str | None, refusal: str) -> None:
    assert stand(ScriptStatus.REVIEW, rule).refusal(Step.APPROVE, person) == refusal


def test_only_what_blocks_keeps_a_script_from_being_published() -> None:
    warning = Objection(Severity.WARN, "price", "another price")
    require_publishable([warning])
    with pytest.raises(BadRequestError, match=r"absolute words \(ad\.absolute\)"):
        require_publishable(
            [warning, Objection(Severity.BLOCK, "compliance", "absolute words", "第一", {}, "ad.absolute")]
        )
