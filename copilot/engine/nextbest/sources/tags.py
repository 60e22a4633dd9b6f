"""Products that suit what the customer is tagged with: what others with the same tag buy, and what is tagged alike."""

from functools import partial
from itertools import islice

from copilot.engine.answer import Reason
from copilot.engine.nextbest.signals import Language, Sight, Signals, Wording
from models.segments import Liked

MAX_TAGS = 12
N_TAGGED_ALIKE = 12
LIKED: Wording = {
    "zh": "「{tag}」的 {n_tagged} 位客户里有 {n_both} 位买过，是一般客户的 {lift:.1f} 倍",
    "en": "{n_both} of {n_tagged} customers tagged {tag} bought it, {lift:.1f} times as many as of all",
}


def from_tags(sight: Sight, signals: Signals) -> None:
    """What customers with the same tags buy more than others do, and products that share words with the tags."""
    names = sorted(sight.customer.tag_names)[:MAX_TAGS]
    if not names:
        return
    for tag in names:
        _from_segment(tag, sight, signals)
    alike = filter(sight.is_allowed, sight.places.tagged_alike(sight.search.view, names))
    for sku in islice(alike, N_TAGGED_ALIKE):
        _ = signals.features[sku]  # a candidate; what its tags are worth is seen with its card


def _from_segment(tag: str, sight: Sight, signals: Signals) -> None:
    for liked in sight.models.segments.liked(tag):
        signals.add(liked.sku, "segment", liked.strength, partial(_reason, tag, liked, sight.language))


def _reason(tag: str, liked: Liked, language: Language) -> Reason:
    text = LIKED[language].format(tag=tag, n_tagged=liked.n_tagged, n_both=liked.n_both, lift=liked.lift)
    counts = f"{liked.n_both}/{liked.n_tagged}:{liked.n_buyers}/{liked.n_customers}"
    return Reason(text, f"segment:{tag}+{liked.sku}:{counts}")
