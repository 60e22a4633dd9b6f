"""The weekly digest as a page in Chinese or English."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from copilot.mining.digest import Digest, Week
from knowledge.health.conflicts import Conflict
from knowledge.health.dead import Ending
from knowledge.health.decay import Decayed
from knowledge.health.gaps import Coverage, Gap

Language = Literal["zh", "en"]
FOLDER: Final = Path(__file__).parent / "digest_words"
COUNTS: Final = (
    "n_messages",
    "n_abstained",
    "n_accepted",
    "n_edited",
    "n_dismissed",
    "n_ignored",
    "n_freehand",
    "n_inferred",
)
_SPECIAL: Final = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#"} | {"\n": " ", "\r": " "})


@dataclass(frozen=True)
class Words:
    """Everything the digest says in one language."""

    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its values filled in."""
        return self.texts[key].format(**values)

    def name(self, group: str, value: str) -> str:
        """What a value is called; unknown ones stand for themselves."""
        return self.texts.get(f"{group}.{value}", escaped(value))


@cache
def words_of(language: Language) -> Words:
    """The words of a language."""
    tables = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return Words({f"{group}.{key}": text for group, texts in tables.items() for key, text in texts.items()})


def digest_markdown(digest: Digest, language: Language, *, most: int) -> str:
    """The page, with up to `most` lines a section."""
    words = words_of(language)
    start, end = (moment.date().isoformat() for moment in (digest.start, digest.end))
    sections = [_week(digest, words)]
    sections += [_section(name, lines, words, most) for name, lines in _lines(digest, words).items()]
    sections[1] += f"\n\n{_rest(digest.coverage, words)}"
    return "\n\n".join([f"# {words('page.title', start=start, end=end)}", *sections]) + "\n"


def escaped(text: str) -> str:
    """A text on one line in which no sign means anything to Markdown."""
    return text.translate(_SPECIAL)


def _lines(digest: Digest, words: Words) -> dict[str, list[str]]:
    """The lines of every section, in the order of the page."""
    return {
        "gaps": [_gap(one, words) for one in digest.coverage.gaps],
        "decayed": [_decayed(one, words) for one in digest.decayed],
        "decayed_sales": [_decayed(one, words) for one in digest.decayed_sales],
        "conflicts": [_conflict(one, words) for one in digest.conflicts],
        "duplicates": [_row("duplicates", words, scripts=_list(one.script_ids, words)) for one in digest.duplicates],
        "same_question": [
            _row(
                "same_question",
                words,
                left_id=escaped(one.left_id),
                right_id=escaped(one.right_id),
                question=escaped(one.question),
            )
            for one in digest.same_question
        ],
        "never_accepted": [
            _row("never_accepted", words, script=escaped(one.script_id), n_shown=one.n_shown)
            for one in digest.never_accepted
        ],
        "never_shown": [_row("never_shown", words, script=escaped(one.script_id)) for one in digest.never_shown],
        "expiring": [_ending("expiring", one, words) for one in digest.expiring],
        "expired": [_ending("expired", one, words) for one in digest.expired],
        "orphan_slots": [
            _row("orphan_slots", words, script=escaped(one.script_id), slots=_list(one.slots, words))
            for one in digest.orphan_slots
        ],
        "candidates": [
            _row("candidates", words, verdict=words.name("verdict", verdict), n=n)
            for verdict, n in digest.candidates.items()
        ],
    }


def _section(name: str, lines: Sequence[str], words: Words, most: int) -> str:
    shown = [f"- {line}" for line in lines[:most]]
    if len(lines) > most:
        shown.append(f"- {words('page.more', n=len(lines) - most)}")
    return "\n".join([f"## {words(f'{name}.title')}", "", *(shown or [words("page.nothing")])])


def _week(digest: Digest, words: Words) -> str:
    head = f"| {words('week.name')} | {words('week.this')} | {words('week.before')} |"
    rows = [f"| {name} | {this} | {before} |" for name, this, before in _counts(digest.week, digest.week_before, words)]
    return "\n".join([f"## {words('week.title')}", "", head, "|---|---:|---:|", *rows])


def _counts(week: Week, before: Week, words: Words) -> Iterator[tuple[str, str, str]]:
    for name in COUNTS:
        yield words(f"week.{name}"), str(getattr(week, name)), str(getattr(before, name))
    yield words("week.acceptance"), _share(week.acceptance), _share(before.acceptance)
    for kind in sorted(week.outcomes.keys() | before.outcomes.keys()):
        name = words("week.outcome", kind=words.name("outcome", kind))
        yield name, str(week.outcomes.get(kind, 0)), str(before.outcomes.get(kind, 0))


def _gap(gap: Gap, words: Words) -> str:
    stake = "" if gap.at_stake_fen is None else words("gaps.stake", amount=f"{gap.at_stake_fen / 100:,.0f}")
    return _row(
        "gaps",
        words,
        trigger=escaped(gap.triggers[0]),
        n_messages=gap.n_messages,
        n_conversations=gap.n_conversations,
        n_not_converted=gap.n_not_converted,
        stake=stake,
        triggers=_list(gap.triggers, words),
    )


def _rest(coverage: Coverage, words: Words) -> str:
    return words("gaps.rest", n_without_words=coverage.n_without_words, n_left_out=coverage.n_left_out)


def _decayed(one: Decayed, words: Words) -> str:
    return _row(
        "decayed",
        words,
        script=escaped(one.script_id),
        earlier=_share(one.earlier_rate),
        earlier_n=one.earlier.n,
        recent=_share(one.recent_rate),
        recent_n=one.recent.n,
        shrunk=f"{one.shrunk:+.0%}",
        q=f"{one.q_value:.2g}",
    )


def _conflict(one: Conflict, words: Words) -> str:
    return _row(
        "conflicts",
        words,
        left_id=escaped(one.left_id),
        right_id=escaped(one.right_id),
        left=escaped(one.left),
        right=escaped(one.right),
        kind=words.name("kind", one.kind.value),
        question=escaped(one.question),
    )


def _ending(section: str, one: Ending, words: Words) -> str:
    return _row(section, words, script=escaped(one.script_id), at=one.valid_to.date().isoformat())


def _row(section: str, words: Words, **values: object) -> str:
    return words(f"{section}.row", **values)


def _list(texts: Iterable[str], words: Words) -> str:
    return words("page.list").join(map(escaped, texts))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
