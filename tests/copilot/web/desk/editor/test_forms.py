from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from copilot.curation.saving import Description
from copilot.web.desk.editor.forms import EditorForm
from knowledge.library.content import ScriptContent

ODD = st.text(alphabet="a一 \r\n,|、<&{}\u202e", min_size=1, max_size=8)
moments = st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
contents = st.builds(
    ScriptContent,
    text=ODD,
    triggers=st.lists(ODD, max_size=3).map(tuple),
    stages=st.lists(st.sampled_from(["转化", "售前"]), max_size=2, unique=True).map(tuple),
    channels=st.lists(ODD, max_size=2).map(tuple),
    audience=st.fixed_dictionaries({}, optional={"all": st.lists(ODD, max_size=2), "vip": st.integers()}),
    skus=st.lists(ODD, max_size=2).map(tuple),
    attachments=st.lists(ODD, max_size=2).map(tuple),
    valid_from=moments,
)


def through_a_browser(form: EditorForm) -> EditorForm:
    """What a browser sends of a form that nobody touched: every line end is two characters."""
    sent: dict[str, Any] = {}
    for name, value in form.model_dump(mode="json", exclude={"key", "then"}).items():
        sent[name] = [_sent(one) for one in value] if isinstance(value, list) else _sent(value)
    return EditorForm.model_validate(sent)


def _sent(value: Any) -> Any:
    if not isinstance(value, str):
        return "" if value is None else value
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


@given(contents)
def test_a_form_that_nobody_touched_says_what_the_version_says_to_the_letter(content: ScriptContent) -> None:
    form = EditorForm.of("s", 3, Description(title="标题"), content)
    came_back = through_a_browser(form)
    assert came_back.content(content) == content
    assert came_back.description == Description(title="标题")


def test_one_changed_field_leaves_all_others_as_they_were() -> None:
    base = ScriptContent("旧", ("多行\r\n触发语",), audience={"gender": "女", "vip": 1}, attachments=("a\r\nb",))
    form = EditorForm.of("s", 1, Description(), base).model_copy(update={"text": "新"})
    assert form.content(base) == ScriptContent(
        "新", ("多行\r\n触发语",), audience={"gender": "女", "vip": 1}, attachments=("a\r\nb",)
    )


def test_a_changed_audience_keeps_what_has_no_box() -> None:
    base = ScriptContent("旧", audience={"all": ["会员"], "vip": 1})
    form = EditorForm.of("s", 1, Description(), base).model_copy(update={"audience_all": ["黑金"]})
    assert form.content(base).audience == {"all": ["黑金"], "vip": 1}


def test_triggers_are_one_a_line_without_blanks_and_repetitions() -> None:
    assert EditorForm(triggers=" 怎么退 \r\n\r\n能退吗\r\n怎么退").content(None).triggers == ("怎么退", "能退吗")
