"""A script's content in words, field by field, so that two of them can be told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from copilot.curation.saving import Description
from copilot.web.desk.editor.audience import AudienceFields
from copilot.web.pages.difference import Change, changes
from copilot.web.pages.translation import Words
from knowledge.library.content import ScriptContent

WORD_BY_WORD = frozenset({"text", "title"})
LINE_BY_LINE = frozenset({"triggers", "attachments", "channels", "skus", "stages", "scenes", "audience"})


@dataclass(frozen=True)
class FieldChange:
    """One field that two versions differ in, as a text with what went and what came."""

    field: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Names:
    """What ids stand for: products, people and teams."""

    products: Mapping[str, str]
    people: Mapping[str, str]
    teams: Mapping[str, str]

    def scope(self, scope: str, words: Words) -> str:
        """Whose script it is."""
        kind, _, owner = scope.partition(":")
        known = {"team": self.teams, "private": self.people}.get(kind)
        if known is None:
            return words.name("editor_scope", kind)
        return f"{words.name('editor_scope', kind)} · {known.get(owner, owner)}"


def field_changes(
    before: tuple[ScriptContent, Description], after: tuple[ScriptContent, Description], names: Names, words: Words
) -> list[FieldChange]:
    """The fields that differ, each with how one became the other."""
    old, new = told(*before, names, words), told(*after, names, words)
    return [FieldChange(name, tuple(_changes(name, old[name], new[name]))) for name in old if old[name] != new[name]]


def told(content: ScriptContent, description: Description, names: Names, words: Words) -> dict[str, str]:
    """Each field in words; lists one a line."""
    return {
        "text": content.text,
        "triggers": "\n".join(content.triggers),
        "title": description.title,
        "kind": words.name("kind", description.kind.value),
        "owner": names.people.get(description.owner, description.owner),
        "stages": "\n".join(words.name("stage", one) for one in content.stages),
        "scenes": "\n".join(words.name("scene", one) for one in content.scenes),
        "channels": "\n".join(content.channels),
        "audience": "\n".join(audience_lines(content.audience, words)),
        "scope": names.scope(content.scope, words),
        "validity": f"{_moment(content.valid_from)} – {_moment(content.valid_to)}",
        "skus": "\n".join(f"{names.products.get(sku, '')} {sku}".strip() for sku in content.skus),
        "attachments": "\n".join(content.attachments),
    }


def audience_lines(rule: Mapping[str, object], words: Words) -> list[str]:
    """An audience in words, a rule a line; nothing for everybody."""
    about = AudienceFields.of(rule)
    lines = [(f"audience_{name}", "、".join(getattr(about, name))) for name in ("all", "any", "none", "segments")]
    lines.append(("audience_gender", words.name("gender", about.gender)))
    lines.append(("audience_unknown_gender", words.name("editor_unknown", about.unknown_gender)))
    lines += [(f"audience_{name}", getattr(about, name)) for name in ("orders_min", "orders_max", "orders_days")]
    age = f"{about.age_from}–{about.age_to}" if about.age_from or about.age_to else ""
    lines += [("audience_age", age), ("audience_other", about.other)]
    return [f"{words.name('editor_field', name)} {value}" for name, value in lines if value]


def _changes(field: str, old: str, new: str) -> Sequence[Change]:
    if field in WORD_BY_WORD:
        return changes(old, new)
    if field in LINE_BY_LINE:
        return _line_changes(old.split("\n"), new.split("\n"))
    return [one for one in (Change(old, "gone"), Change(new, "new")) if one.text]


def _line_changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """Lines that went, came or stayed; of those that stayed the order does not matter."""
    came = [Change(f"{line}\n", "new") for line in new if line and line not in old]
    gone = [Change(f"{line}\n", "gone") for line in old if line and line not in new]
    same = [Change(f"{line}\n", "same") for line in new if line and line in old]
    return [*same, *gone, *came]


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="minutes") if at else "…"
