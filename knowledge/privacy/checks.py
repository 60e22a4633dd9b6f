"""Check digits and other proofs that a number is what it looks like."""

import re
from typing import Final

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_REGIONS: Final = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}"
_MONTH_DAY: Final = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_RESIDENT_18: Final = re.compile(rf"{_REGIONS}(?:18|19|20)\d\d{_MONTH_DAY}\d{{3}}[\dx]")
_RESIDENT_15: Final = re.compile(rf"{_REGIONS}\d\d{_MONTH_DAY}\d{{3}}")
_SOCIAL_SECURITY: Final = re.compile(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}")
_CARD: Final = re.compile(r"(?:[3-6]|2[2-7]|9)\d{13,18}|4\d{12}|(?:50[0-9]{2}|5[6-8]\d\d|6304|6390|67\d\d)\d{8}")
_TAIWAN_LETTERS: Final = "abcdefghjklmnpqrstuvxywzio"


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the one that bank cards carry (ISO/IEC 7812-1)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def is_bank_card(digits: str) -> bool:
    """Whether these 12 to 19 digits are a payment card's: an issuer's range and a right check digit."""
    return _CARD.fullmatch(digits) is not None and is_luhn(digits)


def is_resident_id(number: str) -> bool:
    """Whether this is a mainland resident's number: region, birthday and, of 18 characters, the check (GB 11643)."""
    if len(number) == 15:
        return _RESIDENT_15.fullmatch(number) is not None
    if _RESIDENT_18.fullmatch(number) is None:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return "10x98765432"[total % 11] == number[-1]


def is_social_security(digits: str) -> bool:
    """Whether nine digits can be a US social security number."""
    return _SOCIAL_SECURITY.fullmatch(digits) is not None


def is_hong_kong_id(letters: str, digits: str, check: str) -> bool:
    """Whether one or two letters, six digits and a check (a digit or "a") are a Hong Kong identity card's."""
    lead = [36, *(ord(letter) - 87 for letter in letters)][-2:]
    values = [*lead, *map(int, digits), 10 if check == "a" else int(check)]
    return sum(weight * value for weight, value in zip(range(9, 0, -1), values, strict=True)) % 11 == 0


def is_taiwan_id(letter: str, digits: str) -> bool:
    """Whether a letter and nine digits are a Taiwanese identity number."""
    tens, ones = divmod(_TAIWAN_LETTERS.index(letter) + 10, 10)
    values = [tens, ones, *map(int, digits)]
    return (
        sum(weight * value for weight, value in zip((1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), values, strict=True)) % 10 == 0
    )


def is_barcode(digits: str) -> bool:
    """Whether 13 digits are the bar code (EAN-13) of goods from mainland China."""
    if len(digits) != 13 or not digits.startswith("69"):
        return False
    return (sum(map(int, digits[::2])) + 3 * sum(map(int, digits[1::2]))) % 10 == 0
