"""What an editor makes of a candidate before it becomes a script."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from knowledge.errors import InvalidValueError
from knowledge.library.content import ScriptContent
from knowledge.tables import ScriptKind
from knowledge.text import canonical

_SLOT: Final = re.compile(r"\{\{(.*?)\}\}|\{\{|\}\}", re.DOTALL)


@dataclass(frozen=True)
class Wording:
    """What an editor made of a candidate; `slots` are those that can be filled when the script is sent."""

    text: str
    slots: Collection[str]
    title: str = ""
    triggers: tuple[str, ...] = ()
    stage: str = ""
    scene: str = ""
    skus: tuple[str, ...] = ()
    kind: ScriptKind = ScriptKind.SCRIPT

    def content(self) -> ScriptContent:
        """The content of the script's version.

        Raises:
            InvalidValueError: there is no text, or it has slots that nothing fills.
        """
        self.check_text()
        stages, scenes = (self.stage,) if self.stage else (), (self.scene,) if self.scene else ()
        return ScriptContent(self.text, distinct_triggers(self.triggers), stages, scenes, skus=self.skus)

    def check_text(self) -> None:
        """Check that there is a text and that its slots can be filled.

        Raises:
            InvalidValueError: it is empty, or has slots that nothing fills; names them.
        """
        if not self.text.strip():
            raise InvalidValueError("text", self.text, "the words of the script: write them first")
        if unknown := unknown_slots(self.text, self.slots):
            known = ", ".join(sorted(self.slots))
            raise InvalidValueError("text", ", ".join(unknown), f"only slots that can be filled: {known}")


def unknown_slots(text: str, known: Collection[str]) -> list[str]:
    """The slots of a text that nothing fills, in order; a pair of braces that stands alone counts as one."""
    found = [(match.group(1), match.group()) for match in _SLOT.finditer(text)]
    names = (whole if name is None else name.strip() or whole for name, whole in found)
    return [name for name in dict.fromkeys(names) if name not in known]


def distinct_triggers(triggers: Iterable[str]) -> tuple[str, ...]:
    """The triggers without blanks and without those that say the same as an earlier one."""
    said: dict[str, str] = {}
    for trigger in triggers:
        if trigger.strip():
            said.setdefault(canonical(trigger), trigger.strip())
    return tuple(said.values())
