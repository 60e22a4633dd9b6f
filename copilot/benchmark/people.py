"""Customers of a synthetic shop with their tags, orders and events, and the agents who serve them."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlmodel import SQLModel

from copilot.benchmark.rules import N_AGENTS, N_TEAMS, agent_id, team_id
from copilot.benchmark.vocabulary import CITIES, GIVEN_NAMES, SURNAMES, TAGS
from knowledge.tables import DEFAULT_TENANT, Customer, CustomerTag, Event, Order, OrderLine, Role, Team, User

N_CUSTOMERS = 2_000
Row = dict[str, Any]
"""Column values for one insert."""


def customer_id(number: int) -> str:
    """The id of a customer."""
    return f"c{number:05d}"


def organisation_rows() -> Iterator[tuple[type[SQLModel], list[Row]]]:
    """Teams and agents."""
    yield Team, [{"tenant_id": DEFAULT_TENANT, "id": team_id(n), "name": f"{n + 1}组"} for n in range(N_TEAMS)]
    yield (
        User,
        [
            {
                "tenant_id": DEFAULT_TENANT,
                "id": agent_id(n),
                "name": f"客服{n:03d}",
                "role": Role.AGENT,
                "team_id": team_id(n % N_TEAMS),
                "language": "zh",
            }
            for n in range(N_AGENTS)
        ],
    )


def customer_rows(
    n_customers: int, skus: list[str], rng: np.random.Generator, now: datetime
) -> Iterator[tuple[type[SQLModel], list[Row]]]:
    """Customers with two to six tags, up to seven orders and up to seven events each; a few products sell best."""
    customers: list[Row] = []
    tags: list[Row] = []
    orders: list[Row] = []
    lines: list[Row] = []
    events: list[Row] = []
    for number in range(n_customers):
        who = customer_id(number)
        customers.append(_customer(who, rng, now))
        tags += [_tag(who, tag, now) for tag in rng.choice(TAGS, int(rng.integers(2, 7)), replace=False).tolist()]
        for _ in range(int(rng.integers(0, 8))):
            order = _order(who, f"o{len(orders):06d}", rng, now)
            orders.append(order)
            lines += [_line(order["id"], sku) for sku in _bought(skus, rng)]
        for _ in range(int(rng.integers(0, 8))):
            events.append(_event(who, f"e{len(events):06d}", skus, rng, now))
    yield Customer, customers
    yield CustomerTag, tags
    yield Order, orders
    yield OrderLine, lines
    yield Event, events


def _customer(who: str, rng: np.random.Generator, now: datetime) -> Row:
    surname, given = SURNAMES[int(rng.integers(len(SURNAMES)))], GIVEN_NAMES[int(rng.integers(len(GIVEN_NAMES)))]
    return {
        "tenant_id": DEFAULT_TENANT,
        "id": who,
        "name": surname + given,
        "gender": str(rng.choice(["female", "male", ""], p=[0.6, 0.2, 0.2])),
        "birthday": date(int(rng.integers(1960, 2006)), int(rng.integers(1, 13)), int(rng.integers(1, 28))),
        "city": str(rng.choice(CITIES)),
        "joined_at": now - timedelta(days=int(rng.integers(1, 900))),
        "attributes": {},
        "updated_at": now,
    }


def _tag(who: str, tag: str, now: datetime) -> Row:
    name, _, value = tag.partition(":")
    return {
        "tenant_id": DEFAULT_TENANT,
        "customer_id": who,
        "tag": name,
        "value": value,
        "source": "benchmark",
        "confidence": 1.0,
        "valid_from": now - timedelta(days=30),
    }


def _order(who: str, order_id: str, rng: np.random.Generator, now: datetime) -> Row:
    return {
        "tenant_id": DEFAULT_TENANT,
        "id": order_id,
        "customer_id": who,
        "ordered_at": now - timedelta(days=float(rng.uniform(0.1, 400))),
        "status": str(rng.choice(["delivered", "shipped", "paid", "refunded"], p=[0.8, 0.08, 0.07, 0.05])),
    }


def _bought(skus: list[str], rng: np.random.Generator) -> list[str]:
    """One to three products; the n-th product sells in proportion to 1 / n^0.8 or so."""
    places = (len(skus) * rng.random(int(rng.integers(1, 4))) ** 5).astype(int)
    return sorted({skus[place] for place in places.tolist()})


def _line(order_id: str, sku: str) -> Row:
    return {"tenant_id": DEFAULT_TENANT, "order_id": order_id, "sku": sku, "quantity": 1.0, "amount_fen": 9_900}


def _event(who: str, event_id: str, skus: list[str], rng: np.random.Generator, now: datetime) -> Row:
    return {
        "tenant_id": DEFAULT_TENANT,
        "id": event_id,
        "customer_id": who,
        "kind": str(rng.choice(["view", "click", "share"])),
        "at": now - timedelta(days=float(rng.uniform(0.1, 60))),
        "object": skus[int(rng.integers(len(skus)))],
        "value": "",
    }
