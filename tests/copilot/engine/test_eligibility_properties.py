"""Whatever the library, the customer and the message: no reply is shown that a rule forbids.

The rules are written here a second time, from their description and on the plain facts the library was made of.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from copilot.building import learn_affinity
from copilot.engine.answer import SuggestionAnswer
from copilot.engine.compliance import RuleBook
from copilot.engine.engine import Engine
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.policy import Policy
from copilot.engine.request import SuggestRequest
from copilot.engine.setup import EngineSetup, ShopProfile
from copilot.errors import BadRequestError
from knowledge.index.library_index import LibraryIndex
from knowledge.tables import (
    DEFAULT_TENANT,
    Customer,
    CustomerTag,
    Event,
    Order,
    OrderLine,
    Product,
    Scene,
    Script,
    ScriptStatus,
    ScriptVersion,
    Suggestion,
    Team,
    User,
)
from knowledge.workspace import Workspace
from models.encoders.hashing import HashEncoder

N_LIBRARIES = 4
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
TAGS = ("会员", "敏感肌", "油皮", "等级:金", "等级:银")
QUESTIONS = (
    "敏感肌能用吗",
    "什么时候发货",
    "可以退货吗",
    "有优惠吗",
    "推荐一款面霜",
    "我的订单到哪了",
    "can I return it",
)
THINGS = ("面霜", "精华", "洗面奶", "防晒", "白酒", "电子烟")
SLOTS = ("", "", "{{customer.name}}您好，", "订单{{order.id}}{{order.status}}，", "{{customer.city}}的朋友，")
GIVEN_BACK = {"refunded", "cancelled", "returned"}
TEAM_OF = {"a1": "north", "a2": "south"}
COMPLAINTS = ("过敏了，我要投诉", "东西破了，要退款")


@dataclass(frozen=True)
class Buying:
    """An order of one product."""

    order_id: str
    sku: str
    at: datetime
    status: str


@dataclass(frozen=True)
class Person:
    """A customer, as the rules see one."""

    id: str
    name: str
    city: str
    gender: str
    birthday: date | None
    tags: tuple[str, ...]
    orders: tuple[Buying, ...]


@dataclass(repr=False)
class Library:
    """A workspace with its engine, and the plain facts it was made of."""

    workspace: Workspace
    now: datetime = NOON
    scripts: dict[str, dict[str, object]] = field(default_factory=dict)
    products: dict[str, dict[str, object]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    index: LibraryIndex | None = None
    engine: Engine | None = None

    def clock(self) -> datetime:
        return self.now


# --- the rules, written a second time ---------------------------------------------------------------------------------


def may_see(audience: dict[str, object], person: Person | None, now: datetime) -> bool:
    """Whether an audience includes a person; `None` is somebody unknown."""
    gender, others = audience.get("gender"), set(audience) - {"gender", "unknown_gender"}
    allows_unknown = audience.get("unknown_gender", "deny") == "allow"
    if person is None:
        return not others and (gender is None or allows_unknown)
    held = set(person.tags) | {tag.split(":")[0] for tag in person.tags}
    wanted_age, orders = audience.get("age"), audience.get("orders")
    return all([
        set(audience.get("all", ())) <= held,
        "any" not in audience or bool(set(audience["any"]) & held),
        not set(audience.get("none", ())) & held,
        "segments" not in audience or bool(set(audience["segments"]) & {tag.split(":")[0] for tag in person.tags}),
        gender is None or (person.gender == gender if person.gender else allows_unknown),
        wanted_age is None or (person.birthday is not None and in_age(person.birthday, wanted_age, now.date())),
        orders is None or n_orders(person, orders.get("window_days"), now) in order_range(orders),
    ])  # fmt: skip


def in_age(birthday: date, wanted: list[int], today: date) -> bool:
    years = today.year - birthday.year
    if today < birthday.replace(year=today.year):
        years -= 1
    return wanted[0] <= years <= wanted[1]


def n_orders(person: Person, window_days: int | None, now: datetime) -> int:
    kept = {order.order_id: order.at for order in person.orders if order.status not in GIVEN_BACK}
    return sum(1 for at in kept.values() if at <= now and (window_days is None or now - at <= timedelta(window_days)))


def order_range(rule: dict[str, int]) -> range:
    return range(rule.get("min", 0), rule.get("max", 10_000) + 1)


def script_may_be_shown(
    script: dict[str, object], person: Person | None, agent: str | None, scene: Scene, channel: str, now: datetime
) -> bool:
    scope_kind, _, owner = script["scope"].partition(":")
    return all([
        script["status"] is ScriptStatus.PUBLISHED,
        script["valid_from"] is None or now >= script["valid_from"],
        script["valid_to"] is None or now <= script["valid_to"],
        not script["scenes"] or scene.value in script["scenes"],
        not script["channels"] or not channel or channel in script["channels"],
        scope_kind != "team" or TEAM_OF.get(agent) == owner,
        scope_kind != "private" or agent == owner,
        may_see(script["audience"], person, now),
    ])  # fmt: skip


# --- random libraries -------------------------------------------------------------------------------------------------


def random_audience(random: np.random.Generator) -> dict[str, object]:
    """Often everybody; else one to three rules."""
    rules: list[Callable[[], dict[str, object]]] = [
        lambda: {"all": pick(random, TAGS, 1)},
        lambda: {"any": pick(random, TAGS, 2)},
        lambda: {"none": pick(random, TAGS, 1)},
        lambda: {"gender": pick(random, ("female", "male"), 1)[0]},
        lambda: {"gender": "female", "unknown_gender": "allow"},
        lambda: {"age": [18, int(random.choice([30, 40]))]},
        lambda: {"orders": {"window_days": int(random.integers(1, 60)), "min": int(random.integers(0, 3))}},
        lambda: {"orders": {"max": int(random.integers(0, 3))}},
        lambda: {"segments": pick(random, ("会员", "等级"), 1)},
    ]
    if random.random() < 0.4:
        return {}
    chosen: dict[str, object] = {}
    for index in random.choice(len(rules), int(random.integers(1, 4)), replace=False):
        chosen |= rules[index]()
    return chosen


def random_script(random: np.random.Generator, number: int) -> dict[str, object]:
    question = pick(random, QUESTIONS, 1)[0]
    start, end = (NOON + timedelta(days=int(random.integers(-20, 20))) for _ in range(2))
    slot, thing = pick(random, SLOTS, 1)[0], pick(random, THINGS, 1)[0]
    return {
        "text": f"{slot}关于{question}：第{number}种答法是{thing * (number % 4 + 1)}。",
        "triggers": [question] if random.random() < 0.6 else [f"{question}{number}", thing],
        "scenes": pick(random, ("direct", "group"), int(random.choice([0, 0, 1]))),
        "channels": pick(random, ("web", "wecom"), int(random.choice([0, 0, 0, 1]))),
        "audience": random_audience(random),
        "scope": str(random.choice(["organisation"] * 4 + ["team:north", "team:south", "private:a1", "private:a9"])),
        "valid_from": min(start, end) if random.random() < 0.4 else None,
        "valid_to": max(start, end) if random.random() < 0.4 else None,
        "status": ScriptStatus(random.choice(["published"] * 6 + [status.value for status in ScriptStatus])),
        "stages": [],
        "skus": [],
    }


def random_product(random: np.random.Generator, number: int) -> dict[str, object]:
    thing = pick(random, THINGS, 1)[0]
    return {
        "sku": f"p{number}",
        "name": f"{thing}{number}号",
        "description": f"{thing}，推荐一款{thing}",
        "tags": pick(random, TAGS, 1),
        "price_fen": int(random.choice([5_900, 149_999])),
        "stock": 8,
        "replenish_days": int(random.choice([20, 40])) if random.random() < 0.5 else None,
    }


def random_person(random: np.random.Generator, number: int) -> Person:
    orders = tuple(
        Buying(
            f"订单{number}号{index}",
            f"p{random.integers(24)}",
            NOON - timedelta(days=float(random.uniform(1, 120))),
            str(random.choice(["delivered", "delivered", "paid", "shipped", "refunded", "cancelled"])),
        )
        for index in range(int(random.integers(0, 7)))
    )
    return Person(
        id=f"c{number}",
        name=f"顾客甲{number}",
        city=f"某城{number}",
        gender=str(random.choice(["female", "male", ""])),
        birthday=date(int(random.integers(1970, 2012)), 11, int(random.integers(1, 5)))
        if random.random() < 0.7
        else None,
        tags=tuple(pick(random, TAGS, int(random.integers(0, 4)))),
        orders=orders,
    )


def random_birthday(random: np.random.Generator) -> date:
    """Within the times that are asked for, of somebody who then turns 18, 31 or 41."""
    return date(int(random.choice([2008, 1995, 1985])), 11, int(random.integers(3, 22)))


def pick(random: np.random.Generator, choices: tuple[str, ...], n: int) -> list[str]:
    return [str(each) for each in random.choice(choices, n, replace=False)]


def make_library(folder: Path, seed: int) -> Library:
    random = np.random.default_rng(seed)
    library = Library(Workspace.create(folder))
    library.scripts = {f"s{n}": random_script(random, n) for n in range(40)}
    library.products = {f"p{n}": random_product(random, n) for n in range(24)}
    library.people = {f"c{n}": random_person(random, n) for n in range(12)}
    with library.workspace.database.write() as session:
        session.add_all(rows_of(library))
    affinity, _ = learn_affinity(library.workspace.database, DEFAULT_TENANT)
    encoder = HashEncoder()
    index = LibraryIndex.open(library.workspace.index_folder, library.workspace.database, DEFAULT_TENANT, encoder)
    library.index = index
    setup = EngineSetup(
        tenant_id=DEFAULT_TENANT,
        policy=Policy(reply_threshold=0.02, product_threshold=0.05, max_promotions_per_week=10_000),
        rules=RuleBook.load(),
        models=ProductModels.of(affinity),
        shop=ShopProfile("栖白"),
    )
    library.engine = Engine(library.workspace.database, index, encoder, setup, clock=library.clock)
    return library


def rows_of(library: Library) -> Iterator[object]:
    """All rows of a library."""
    here = {"tenant_id": DEFAULT_TENANT}
    then = NOON - timedelta(days=30)
    for agent_id, team_id in TEAM_OF.items():
        yield Team(**here, id=team_id, name=team_id)
        yield User(**here, id=agent_id, name=agent_id, team_id=team_id)
    for script_id, script in library.scripts.items():
        live = 1 if script["status"] is ScriptStatus.PUBLISHED else None
        yield Script(**here, id=script_id, live_version=live, updated_at=then)
        yield ScriptVersion(**here, script_id=script_id, version=1, created_at=then, published_at=then, **script)
    for product in library.products.values():
        yield Product(**here, updated_at=then, **product)
    for person in library.people.values():
        yield from rows_of_person(person, then)


def rows_of_person(person: Person, then: datetime) -> Iterator[object]:
    here = {"tenant_id": DEFAULT_TENANT}
    known = {"name": person.name, "city": person.city, "gender": person.gender, "birthday": person.birthday}
    yield Customer(**here, id=person.id, updated_at=then, **known)
    for tag in person.tags:
        name, _, value = tag.partition(":")
        yield CustomerTag(**here, customer_id=person.id, tag=name, value=value, valid_from=then)
    for order in person.orders:
        yield Order(**here, id=order.order_id, customer_id=person.id, ordered_at=order.at, status=order.status)
        yield OrderLine(**here, order_id=order.order_id, sku=order.sku)
        seen = {"kind": "view", "at": NOON - timedelta(days=1), "object": f"p{(int(order.sku[1:]) + 5) % 24}"}
        yield Event(**here, id=f"e{order.order_id}", customer_id=person.id, **seen)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Library]]:
    made = [make_library(tmp_path_factory.mktemp("library") / "workspace", seed) for seed in range(N_LIBRARIES)]
    yield made
    for library in made:
        library.index.close()
        library.workspace.close()


# --- the properties ---------------------------------------------------------------------------------------------------

ODD_TEXT = st.text(st.characters(exclude_categories=()), min_size=1, max_size=40)
MESSAGES = st.one_of(
    st.sampled_from(QUESTIONS),
    st.sampled_from([f"{question}{thing}" for question in QUESTIONS for thing in THINGS]),
    st.sampled_from([f"推荐一款{thing}" for thing in THINGS]),
    st.sampled_from(COMPLAINTS),
    st.builds(
        "{}{}".format,
        st.sampled_from(QUESTIONS),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10),
    ),
)
MANY = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def askings(draw: st.DrawFn) -> tuple[int, SuggestRequest, datetime]:
    """A library, a request, and the moment it comes."""
    request = SuggestRequest(
        message=draw(MESSAGES.filter(str.strip)),
        customer_id=draw(st.one_of(st.none(), st.sampled_from([f"c{n}" for n in range(12)]))),
        agent_id=draw(st.sampled_from([None, "a1", "a2", "a9", "stranger"])),
        scene=draw(st.sampled_from(list(Scene))),
        channel=draw(st.sampled_from(["", "web", "wecom"])),
        max_replies=draw(st.integers(0, 10)),
        max_products=draw(st.integers(0, 10)),
    )
    return draw(st.integers(0, N_LIBRARIES - 1)), request, NOON + timedelta(hours=draw(st.integers(0, 21 * 24)))


@MANY
@given(asking=askings())
def test_everything_shown_obeys_every_rule(libraries: list[Library], asking) -> None:
    number, request, now = asking
    library, person = libraries[number], libraries[number].people.get(request.customer_id)
    library.now = now
    answer = library.engine.suggest(request)
    for reply in answer.replies:
        script = library.scripts[reply.script_id]
        assert script_may_be_shown(script, person, request.agent_id, request.scene, request.channel, now), script
    assert not (answer.products and request.message in COMPLAINTS)
    assert_well_formed(answer, request)
    if request.scene is Scene.GROUP:
        assert_nothing_personal(answer, library)


def assert_well_formed(answer: SuggestionAnswer, request: SuggestRequest) -> None:
    for shown, most in ((answer.replies, request.max_replies), (answer.products, request.max_products)):
        assert [one.rank for one in shown] == list(range(1, len(shown) + 1))
        assert len(shown) <= most
        for one in shown:
            assert round(sum(part.contribution for part in one.why), 6) == one.score
            assert 0 < one.propensity <= 1
        assert [one.score for one in shown] == sorted((one.score for one in shown), reverse=True)
    assert all(reply.text.strip() and "{{" not in reply.text for reply in answer.replies)
    assert all(product.reasons for product in answer.products)
    assert answer.abstained == (not answer.replies)
    assert bool(answer.abstain_reason) == answer.abstained
    assert all(one.item_id and one.rule for one in answer.excluded)
    assert not {one.item_id for one in answer.excluded} & {reply.script_id for reply in answer.replies}
    assert not {one.item_id for one in answer.excluded} & {product.sku for product in answer.products}


def assert_nothing_personal(answer: SuggestionAnswer, library: Library) -> None:
    for person in library.people.values():
        personal = {person.name, person.city, *(order.order_id for order in person.orders)}
        assert not [word for word in personal for reply in answer.replies if word in reply.text]


@MANY
@given(asking=askings())
def test_a_rule_that_is_reported_is_one_that_the_item_breaks(libraries: list[Library], asking) -> None:
    number, request, now = asking
    library, person = libraries[number], libraries[number].people.get(request.customer_id)
    library.now = now
    for one in library.engine.suggest(request).excluded:
        if one.item_id not in library.scripts or one.rule.startswith(("slot:", "compliance:", "duplicate")):
            continue
        script = library.scripts[one.item_id]
        assert not script_may_be_shown(script, person, request.agent_id, request.scene, request.channel, now)


def test_the_random_libraries_show_and_hide_a_lot(libraries: list[Library]) -> None:
    n_replies = 0
    rules: set[str] = set()
    for library in libraries:
        library.now = NOON
        for person in (None, "c0", "c1", "c2", "c3"):
            for message in (*QUESTIONS, *(f"推荐一款{thing}" for thing in THINGS)):
                answer = library.engine.suggest(
                    SuggestRequest(message=message, customer_id=person, agent_id="a1", scene=Scene.GROUP)
                )
                n_replies += len(answer.replies)
                rules |= {one.rule.partition(":")[0] for one in answer.excluded}
    assert n_replies > 150
    assert {"scene", "scope", "validity", "slot"} <= rules
    assert {"audience.all", "audience.any", "audience.none", "audience.gender", "audience.anonymous"} <= rules


ADVERSARIAL = (
    "😀👍🏽👨\u200d👩\u200d👧",
    "\u202eتخفيض\u202c 可以退货吗",
    "可\u200b以\u200c退\ufeff货吗",
    "可以\x00退货吗",
    "可以退货吗\ud800",
    "\udfff",
    "'; DROP TABLE script; --",
    "<script>alert(1)</script>可以退货吗",
    "{{customer.name}}{{product.price}}",
    "%s%n${jndi:x}",
    "可以退货吗" * 4_000,
    "\t\n\r可以退货吗\r\n",
    "a\u0300" * 500,
    "ﷺ" * 1_000,
    "\U0010ffff\ufdd0",
)


@pytest.mark.parametrize("message", ADVERSARIAL, ids=lambda message: ascii(message[:12]))
def test_hostile_messages_are_answered_or_refused_clearly(libraries: list[Library], message: str) -> None:
    assert_answered_or_refused(libraries[0], message)


@MANY
@given(message=ODD_TEXT)
def test_any_text_at_all_is_answered_or_refused_clearly(libraries: list[Library], message: str) -> None:
    assert_answered_or_refused(libraries[1], message)


def assert_answered_or_refused(library: Library, message: str) -> None:
    """An answer that can be sent on and is kept, or a refusal that names the field."""
    library.now = NOON
    answer = ask_or_refuse(library.engine, message)
    if isinstance(answer, BadRequestError):
        assert answer.field == "message"
        str(answer).encode()
        return
    answer.message.encode()
    with library.workspace.database.read() as session:
        kept = session.exec(select(Suggestion).where(Suggestion.set_id == answer.set_id)).all()
    assert len(kept) == len(answer.replies) + len(answer.products)


def ask_or_refuse(engine: Engine, message: str) -> SuggestionAnswer | BadRequestError:
    try:
        return engine.suggest(SuggestRequest(message=message, customer_id="c1", agent_id="a1"))
    except BadRequestError as refusal:
        return refusal
