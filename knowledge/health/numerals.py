"""Chinese numerals as numbers: 七, 十五, 两百三十, 一千六百八, 百分之五."""

from decimal import Decimal
from itertools import pairwise
from typing import Final

DIGITS: Final = {name: value for value, name in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
POWERS: Final = {"十": 10, "百": 100, "千": 1000}
TEN_THOUSAND: Final = "万"
HALF: Final = "半"
NUMERAL: Final = "[零〇一二两俩三四五六七八九十百千万]+(?:点[零〇一二三四五六七八九]+)?"
"""A pattern; numbers are read in their simplified spelling."""
LARGEST: Final = 10**13
"""From here on a number is an account, a code or a joke, and no amount."""
MAX_SIGNS: Final = 40


def numeral(text: str) -> Decimal | None:
    """The number a numeral names, in digits or in Chinese; None for anything else.

    Neither is a number from ten million million on. A digit after hundreds counts tens, one after thousands hundreds
    (一百二 is 120), unless 零 stands between. Digits side by side name no number, for 两三 is two or three; `digits`
    reads those that are spelled out.
    """
    plain = text.replace(",", "")
    if len(plain) > MAX_SIGNS:
        return None
    value = Decimal(plain) if plain.replace(".", "", 1).isdecimal() and plain.isascii() else _in_chinese(plain)
    return value if value is not None and value < LARGEST else None


def digits(text: str) -> list[int]:
    """Chinese digits one by one, as in 九五 and 两三; empty unless the text is nothing else."""
    return [DIGITS[sign] for sign in text] if all(sign in DIGITS for sign in text) else []


def _in_chinese(text: str) -> Decimal | None:
    whole, _, fraction = text.partition("点")
    if not whole or any(sign not in DIGITS and sign not in POWERS and sign != TEN_THOUSAND for sign in whole):
        return None
    if any(one in DIGITS and other in DIGITS and DIGITS[one] for one, other in pairwise(whole)):
        return None
    if any(sign not in DIGITS for sign in fraction):
        return None
    value = Decimal(_whole(whole))
    return value + Decimal("0." + "".join(str(DIGITS[sign]) for sign in fraction)) if fraction else value


def _whole(text: str) -> int:
    if TEN_THOUSAND in text:
        above, _, below = text.rpartition(TEN_THOUSAND)
        return (_whole(above) if above else 1) * 10_000 + _below(below, last_power=10_000)
    return _below(text, last_power=1)


def _below(text: str, *, last_power: int) -> int:
    """The value of a part without ten thousands, which follows a part counted in `last_power`."""
    total, digit, power, is_spelled_out = 0, None, last_power, False
    for sign in text:
        if sign in POWERS:
            power = POWERS[sign]
            total += (1 if digit is None else digit) * power
            digit, is_spelled_out = None, False
        elif DIGITS[sign] == 0:
            digit, is_spelled_out = None, True
        else:
            digit = DIGITS[sign]
    if digit is None:
        return total
    return total + digit * (1 if is_spelled_out or power < 100 else power // 10)
