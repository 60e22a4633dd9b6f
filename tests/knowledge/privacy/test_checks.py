import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.privacy.checks import (
    is_bank_card,
    is_barcode,
    is_hong_kong_id,
    is_luhn,
    is_resident_id,
    is_social_security,
    is_taiwan_id,
)


def test_the_check_digit_of_a_card_is_luhns() -> None:
    """79927398713: doubled 1+8+3+2+9+2 … the textbook's example, 70 in all."""
    assert is_luhn("79927398713")
    assert not is_luhn("79927398710")


@given(st.text(alphabet="0123456789", min_size=11, max_size=18))
def test_exactly_one_last_digit_completes_a_number(digits: str) -> None:
    assert sum(is_luhn(digits + last) for last in "0123456789") == 1


@pytest.mark.parametrize("digits", ["4111111111111111", "378282246310005", "6011111111111117", "30569309025904"])
def test_the_issuers_published_test_cards_are_cards(digits: str) -> None:
    assert is_bank_card(digits)


@pytest.mark.parametrize("digits", ["4111111111111112", "1111111111111117", "411111111111"])
def test_a_wrong_check_an_unknown_issuer_or_a_short_number_is_no_card(digits: str) -> None:
    assert not is_bank_card(digits)


@pytest.mark.parametrize("number", ["11010519491231002x", "440524188001010014", "110105491231002"])
def test_the_standards_examples_are_residents_numbers(number: str) -> None:
    assert is_resident_id(number)


@pytest.mark.parametrize(
    "number", ["110105194912310021", "110105194913310021", "990105194912310020", "11010519491231002"]
)
def test_a_wrong_check_month_region_or_length_is_no_residents_number(number: str) -> None:
    assert not is_resident_id(number)


@pytest.mark.parametrize(
    ("digits", "valid"), [("536228745", True), ("000228745", False), ("666228745", False), ("900228745", False)]
)
def test_social_security_numbers_have_no_forbidden_area(digits: str, valid: bool) -> None:
    assert is_social_security(digits) is valid


def test_hong_kongs_check_is_counted_from_the_letter() -> None:
    """A123456(3): 36*9 + 10*8 + 1*7 + 2*6 + 3*5 + 4*4 + 5*3 + 6*2 + 3*1 = 484 = 44 * 11."""
    assert is_hong_kong_id("a", "123456", "3")
    assert not is_hong_kong_id("a", "123456", "4")


def test_taiwans_check_is_counted_from_the_letter() -> None:
    """A123456789: A is 10; 1 + 0*9 + 1*8 + 2*7 + 3*6 + 4*5 + 5*4 + 6*3 + 7*2 + 8*1 + 9 = 130."""
    assert is_taiwan_id("a", "123456789")
    assert not is_taiwan_id("a", "123456788")


def test_a_mainland_bar_code_has_its_check_digit() -> None:
    """690123456789: 3 * (9+1+3+5+7+9) + (6+0+2+4+6+8) = 128, so 2."""
    assert is_barcode("6901234567892")
    assert not is_barcode("6901234567893")
