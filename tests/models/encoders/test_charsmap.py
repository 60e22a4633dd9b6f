import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.normalizers import Precompiled

from models.encoders.charsmap import compile_charsmap

characters = st.characters(min_codepoint=1, exclude_categories=["Cs", "M", "Cf"])


def test_each_mapped_character_is_replaced_and_others_stay() -> None:
    normalizer = Precompiled(compile_charsmap({"Ａ": "A", "㈱": "(株)", "\t": " ", "\x01": ""}))
    assert normalizer.normalize_str("Ａ\t㈱\x01～B") == "A (株)～B"


@given(st.dictionaries(characters, st.text(characters, max_size=3), max_size=50))
def test_the_compiled_table_does_what_the_mapping_says(replacements: dict[str, str]) -> None:
    normalizer = Precompiled(compile_charsmap(replacements))
    for character, text in replacements.items():
        assert normalizer.normalize_str(character) == text


@pytest.mark.parametrize("bad", [{"": "a"}, {"\0": "a"}, {"a": "\0"}])
def test_what_the_format_cannot_hold_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="cannot store"):
        compile_charsmap(bad)
