"""E-mail addresses, also those written to escape programs: "emma at qq dot com", "张三艾特163点com"."""

import re
from collections.abc import Iterator
from typing import Final

from knowledge.privacy.folding import HAN
from knowledge.privacy.kinds import PersonalKind, Span

_SIGN: Final = re.compile(
    r" ?@ ?| ?[(\[{<] ?(?:at|@|艾特) ?[)\]}>] ?| ?(?:艾特|圈a|小老鼠) ?"
    r"|(?<=[a-z0-9]) at (?=[a-z0-9])|(?<=[a-z0-9])#(?=[a-z0-9])"
)
_PROVIDER: Final = (
    r"(?:qq|163|126|139|189|gmail|googlemail|hotmail|outlook|yahoo|icloud|foxmail|sina|sohu|yeah|aliyun|live|msn|aol"
    r"|proton)"
)
_DOT: Final = r"(?: ?[.。·] ?| ?[(\[{<] ?(?:dot|\.|点) ?[)\]}>] ?| ?点 ?| dot )"
_TOP: Final = r"(?:com|cn|net|org|edu|gov|io|co|me|info|biz|hk|tw|uk|us|de|fr|jp|vip|top|xyz|cc|tv)"
_PLAIN_DOMAIN: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}")
_DOMAIN: Final = re.compile(
    rf"(?:[a-z0-9-]{{1,40}}{_DOT}){{1,4}}{_TOP}(?![a-z])|{_PROVIDER}(?:邮箱|mail|{_DOT}{_TOP})?(?![a-z0-9])"
)
_SAID_DOT: Final = r"(?: dot | ?点 ?| ?[(\[{<] ?(?:dot|点) ?[)\]}>] ?)"
_SAID_DOMAIN: Final = re.compile(
    rf"(?:[a-z0-9-]{{1,40}}{_SAID_DOT}){{1,4}}{_TOP}(?![a-z])|{_PROVIDER}{_DOT}{_TOP}(?![a-z0-9])"
)
_LOCAL: Final = re.compile(rf"(?:[a-z0-9._%+'-]{{1,64}}|(?:[a-z0-9] ){{2,30}}[a-z0-9]|(?<![{HAN}])[{HAN}]{{2,4}})$")
_LONGEST: Final = 64


def find_emails(text: str) -> Iterator[Span]:
    """The e-mail addresses of a folded text, in order."""
    reached = 0
    for sign in _SIGN.finditer(text):
        domain = _domain(text, sign)
        local = _LOCAL.search(text, max(reached, sign.start() - _LONGEST), sign.start()) if domain else None
        if domain and local:
            yield Span(local.start(), domain.end(), PersonalKind.EMAIL)
            reached = domain.end()


def _domain(text: str, sign: re.Match[str]) -> re.Match[str] | None:
    """The domain behind a sign; behind the word "at" it must be spelled out or a mail provider's, unlike "at x.com"."""
    if sign.group() == " at ":
        return _SAID_DOMAIN.match(text, sign.end())
    plain = _PLAIN_DOMAIN.match(text, sign.end()) if sign.group() == "@" else None
    return plain or _DOMAIN.match(text, sign.end())
