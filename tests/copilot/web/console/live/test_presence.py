import pytest

from copilot.web.console.live.presence import WRITING_S, Other, Person, Presence

ANNA, BEN, NOBODY = Person("page-anna", "a1", "安娜"), Person("page-ben", "a2", "小本"), Person("page-x")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    made = Presence(clock)
    for person in (ANNA, BEN):
        made.enter("c", person)
    return made


def test_two_people_in_one_conversation_see_each_other_and_not_themselves(presence: Presence) -> None:
    assert presence.others("c", ANNA) == (Other("小本", is_writing=False),)
    assert presence.others("c", BEN) == (Other("安娜", is_writing=False),)
    assert presence.others("another", BEN) == ()


def test_somebody_with_two_pages_is_shown_once_and_never_to_themselves(presence: Presence) -> None:
    second = Person("page-anna-2", "a1", "安娜")
    presence.enter("c", second)
    presence.write("c", second.page_id)
    assert presence.others("c", BEN) == (Other("安娜", is_writing=True),)
    assert presence.others("c", second) == (Other("小本", is_writing=False),)


def test_pages_where_nobody_was_chosen_are_shown_together_and_last(presence: Presence) -> None:
    presence.enter("c", NOBODY)
    presence.enter("c", Person("page-y"))
    assert presence.others("c", ANNA) == (Other("小本", is_writing=False), Other("", is_writing=False))
    assert presence.others("c", NOBODY)[-1] == Other("", is_writing=False)


def test_one_who_leaves_is_gone_and_so_is_what_was_being_written(presence: Presence) -> None:
    presence.write("c", BEN.page_id)
    presence.leave("c", BEN)
    assert presence.others("c", ANNA) == ()
    presence.enter("c", BEN)
    assert presence.others("c", ANNA) == (Other("小本", is_writing=False),)


def test_a_page_that_opened_again_stays_when_its_old_stream_ends(presence: Presence) -> None:
    again = Person("page-ben", "a2", "小本")
    presence.enter("c", again)
    presence.leave("c", BEN)
    assert presence.others("c", ANNA) == (Other("小本", is_writing=False),)


def test_writing_is_over_by_itself(presence: Presence, clock: Clock) -> None:
    assert presence.write("c", BEN.page_id)
    assert not presence.write("c", BEN.page_id)
    assert presence.others("c", ANNA) == (Other("小本", is_writing=True),)
    clock.now = WRITING_S
    assert presence.others("c", ANNA) == (Other("小本", is_writing=False),)
    assert presence.write("c", BEN.page_id)


def test_who_has_sent_something_writes_no_more(presence: Presence) -> None:
    presence.write("c", BEN.page_id)
    assert presence.pages_of("c", "a2") == ["page-ben"]
    assert presence.rest("c", BEN.page_id)
    assert not presence.rest("c", BEN.page_id)
    assert presence.others("c", ANNA) == (Other("小本", is_writing=False),)


def test_a_page_that_is_not_there_writes_nothing(presence: Presence) -> None:
    assert not presence.write("c", "page-elsewhere")
    assert not presence.write("another", BEN.page_id)
