"""Products that the message is about."""

from copilot.engine.answer import Reason
from copilot.engine.nextbest.signals import Sight, Signals, Wording

TEXT_FIELD = "text"
N_SEARCHED = 16
MIN_SIMILARITY, MIN_WORDS = 0.2, 0.09
"""A product is about the message only when both its meaning and its words are near."""
FULL_SIMILARITY, FULL_WORDS = 0.5, 0.3
"""A description is so much longer than a message that these count as complete agreement."""
ABOUT: Wording = {"zh": "与客户的问题相关", "en": "Answers the customer's message"}


def search_ahead(sight: Sight) -> None:
    """Search the words, which need no vector; the search remembers what it found."""
    sight.search.find_by_words(TEXT_FIELD, N_SEARCHED)


def from_message(sight: Sight, signals: Signals) -> None:
    """What the catalogue has on the message."""
    search = sight.search
    items = search.find(TEXT_FIELD, N_SEARCHED)
    scores = search.score(TEXT_FIELD, items)
    for item, similarity, words in zip(items, scores.similarity, scores.words, strict=True):
        if similarity < MIN_SIMILARITY or words < MIN_WORDS:
            continue
        sku = search.view.item_id(int(item))
        about = Reason(ABOUT[sight.language], f"product:{sku}")
        signals.add(sku, "message", min(1.0, float(similarity) / FULL_SIMILARITY), about)
        signals.add(sku, "words", min(1.0, float(words) / FULL_WORDS))
