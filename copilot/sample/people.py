"""The sample brand's customers: who they are, since when, and how ready to buy."""

import string
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from copilot.sample.archetypes import ARCHETYPES, BY_KEY, INTENTS, Archetype
from copilot.sample.dice import Dice, running_sums
from copilot.sample.names import Gender, Language, name_of
from copilot.sample.season import moment

OLDEST_MEMBERSHIP_DAYS = 1100
MEMBER_ODDS = (0.45, 0.6, 0.75, 0.9)
EXTERNAL_ID_LETTERS = string.ascii_letters + string.digits
ARCHETYPE_SUMS = running_sums([archetype.share for archetype in ARCHETYPES])
EASE_SUMS = {archetype.key: running_sums(archetype.ease_odds) for archetype in ARCHETYPES}


@dataclass(frozen=True)
class Customer:
    """A customer as imported, plus what only the generator knows: `archetype_key` and `ease`.

    The ease tier shows in the intent noted by the team, but not perfectly: one in seven is noted at random. It also
    shows in how much the customer buys, and the hardest ones are mostly tagged as sensitive to prices.
    """

    customer_id: str
    name: str
    gender: Gender
    birthday: date | None
    city: str
    joined_at: datetime
    tags: tuple[str, ...]
    attributes: dict[str, str]
    identities: tuple[str, ...]
    archetype_key: str
    ease: int

    @property
    def archetype(self) -> Archetype:
        """The kind of person this is."""
        return BY_KEY[self.archetype_key]

    @property
    def language(self) -> Language:
        """What this customer writes."""
        return self.archetype.language


def make_customers(rng: np.random.Generator, n_customers: int, today: date, n_history_days: int) -> list[Customer]:
    """Customers c0001 … in the order of their ids; each joined between three years ago and last week."""
    dice = Dice(rng)
    return [_customer(dice, f"c{number:04d}", today, n_history_days) for number in range(1, n_customers + 1)]


def _customer(dice: Dice, customer_id: str, today: date, n_history_days: int) -> Customer:
    archetype = dice.pick_weighted(ARCHETYPES, ARCHETYPE_SUMS)
    gender = _gender(dice, archetype)
    ease = dice.pick_weighted((0, 1, 2, 3), EASE_SUMS[archetype.key])
    birthday = _birthday(dice, archetype, today)
    skin = dice.pick(archetype.skin) if dice.chance(0.7) else ""
    return Customer(
        customer_id=customer_id,
        name=name_of(dice, gender, archetype.language),
        gender=gender,
        birthday=birthday,
        city=dice.pick(archetype.cities),
        joined_at=_joined_at(dice, archetype, ease, today, n_history_days),
        tags=_tags(dice, archetype, ease, skin),
        attributes=_attributes(dice, archetype, ease, skin),
        identities=_identities(dice),
        archetype_key=archetype.key,
        ease=ease,
    )


def _gender(dice: Dice, archetype: Archetype) -> Gender:
    throw = dice.unit()
    if throw < archetype.female:
        return "female"
    return "unknown" if throw < archetype.female + archetype.unknown else "male"


def _birthday(dice: Dice, archetype: Archetype, today: date) -> date | None:
    if dice.chance(0.22):
        return None
    age_days = dice.uniform(archetype.ages[0], archetype.ages[1] + 1) * 365.25
    return today - timedelta(days=int(age_days))


def _joined_at(dice: Dice, archetype: Archetype, ease: int, today: date, n_history_days: int) -> datetime:
    """Loyal and dormant customers joined long ago; the others mostly within the history."""
    latest = max(7, archetype.quiet_days + 60)
    earliest = OLDEST_MEMBERSHIP_DAYS if ease >= 2 or archetype.quiet_days else n_history_days
    days_ago = dice.between(latest, max(latest, earliest))
    return moment(today - timedelta(days=days_ago), dice.between(9, 22), dice.between(0, 3599))


def _tags(dice: Dice, archetype: Archetype, ease: int, skin: str) -> tuple[str, ...]:
    """What the team noted about the person; tags that follow from orders come later."""
    tags = dice.some(archetype.tags, 0.95) + dice.some(archetype.maybe_tags, 0.25)
    if dice.chance(MEMBER_ODDS[ease]):
        tags.append("会员")
    if ease == 0 and dice.chance(0.7):
        tags.append("价格敏感")
    if dice.chance(0.08 if ease == 0 else 0.02):
        tags.append("投诉过")
    if skin and dice.chance(0.6):
        tags.append(skin)
    return tuple(dict.fromkeys(tags))


def _attributes(dice: Dice, archetype: Archetype, ease: int, skin: str) -> dict[str, str]:
    noted = ease if dice.chance(6 / 7) else dice.between(0, len(INTENTS) - 1)
    attributes = {"language": archetype.language, "intent": INTENTS[noted]}
    if skin:
        attributes["skin_type"] = skin
    if archetype.key == "mother" and dice.chance(0.8):
        attributes["baby_age_months"] = str(dice.between(0, 48))
    return attributes | dict(archetype.attributes)


def _identities(dice: Dice) -> tuple[str, ...]:
    wecom = "wecom:wm" + "".join(dice.pick(EXTERNAL_ID_LETTERS) for _ in range(30))
    if dice.chance(0.25):
        return wecom, f"web:u{dice.between(100000, 999999)}{dice.between(100, 999)}"
    return (wecom,)
