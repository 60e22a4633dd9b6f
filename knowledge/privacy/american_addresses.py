"""Addresses as they are written in the United States."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from knowledge.privacy.kinds import PersonalKind, Span
from knowledge.privacy.wordlists import alternatives, words

_UNIT: Final = r"(?:[ ,\n]{1,3}(?:apartment|apt|suite|ste|unit|room|rm|floor|fl|#)(?![a-z])\.? ?#?[a-z0-9-]{1,6})"
_TOWN: Final = r"[a-z][a-z.']{1,20}(?: [a-z][a-z.']{1,20}){0,3}"
_ZIP: Final = r"[0-9]{5}(?:-[0-9]{4})?"
_STREET: Final = r"(?<![0-9a-z.$¥-])[0-9]{1,6}[a-z]?,? (?:[a-z][a-z.'-]{0,20} ){1,4}?"
_SHORT_STREET: Final = r"(?<![0-9a-z.$¥-])[0-9]{3,5} [a-z][a-z'-]{1,20} "
_MILITARY: Final = (
    r"(?:(?:unit|psc) [0-9]{1,5},? box [0-9]{1,5}|us(?:ns|nv|s|cgc) [a-z]+)"
    rf"(?:[ ,\n]{{1,3}}[adf]po,? a[aep] {_ZIP})?"
)
_BOX: Final = r"p\.? ?o\.? ?box [0-9]{1,6}"
_POSSIBLE: Final = re.compile(r"[0-9]{1,6}[a-z]?,? [a-z]|, [a-z]{2} [0-9]{5}|box [0-9]|us[nc]?[nsvg]c? ")


def find_american_addresses(text: str) -> Iterator[Span]:
    """The American addresses of a folded text; finds may overlap."""
    if _POSSIBLE.search(text) is None:
        return
    for form in _streets():
        for match in form.finditer(text):
            if words("not_streets").isdisjoint(match.group().split()[1:3]):
                yield Span(*match.span(), PersonalKind.ADDRESS)
    for match in _places().finditer(text):
        yield Span(*match.span(), PersonalKind.ADDRESS)


@cache
def _streets() -> tuple[re.Pattern[str], ...]:
    """A house number with a name that only streets have; or with one that other things have too and more of an address.

    Of the latter, three digits and a single name in between will do: "345 Richardson Junctions".
    """
    place = rf"(?:[ ,\n]{{1,3}}{_TOWN},? (?:{alternatives('states')})(?: ?,? ?{_ZIP})?(?![a-z0-9]))"
    sure, ambiguous, seldom = (rf"(?:{alternatives('streets', line)})(?![a-z])" for line in (0, 1, 2))
    return (
        re.compile(rf"{_STREET}{sure}\.?{_UNIT}?{place}?"),
        re.compile(rf"{_STREET}{ambiguous}(?:{_UNIT}{place}?|{place})"),
        re.compile(rf"{_SHORT_STREET}(?!{seldom}){ambiguous}"),
    )


@cache
def _places() -> re.Pattern[str]:
    town = rf"{_TOWN}, (?:{alternatives('states')}) {_ZIP}(?![0-9])"
    return re.compile(rf"(?<![a-z])(?:{town}|{_MILITARY}|{_BOX})")
