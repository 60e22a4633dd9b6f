from copilot.engine.request import Said
from copilot.engine.turn import TOLD_CHARACTERS, merge_burst, told
from knowledge.tables import MessageRole

CUSTOMER, AGENT = MessageRole.CUSTOMER, MessageRole.AGENT


def test_what_one_side_says_in_a_row_is_one_of_the_last_turns() -> None:
    turn = merge_burst(
        [
            Said(CUSTOMER, "我买的面霜"),
            Said(CUSTOMER, "还没到"),
            Said(AGENT, "您好"),
            Said(AGENT, "  "),
            Said(AGENT, "我查一下"),
            Said(CUSTOMER, "到哪了"),
        ]
    )
    assert turn.message == "到哪了"
    assert turn.last_turns(2) == ("我买的面霜 还没到", "您好 我查一下")
    assert turn.last_turns(1) == ("您好 我查一下",)
    assert turn.last_turns(9) == ("我买的面霜 还没到", "您好 我查一下")


def test_an_encoder_that_reads_no_turns_gets_none() -> None:
    assert merge_burst([Said(AGENT, "您好"), Said(CUSTOMER, "在吗")]).last_turns(0) == ()


def test_of_a_long_story_the_message_stays_and_the_oldest_words_go() -> None:
    text = told(["早" * TOLD_CHARACTERS, "晚"], "到哪了")
    assert len(text) == TOLD_CHARACTERS
    assert text.endswith("早 晚 到哪了")


def test_without_turns_before_it_a_message_is_told_as_it_is() -> None:
    assert told([], "到哪了") == "到哪了"
