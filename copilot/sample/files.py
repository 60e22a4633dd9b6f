"""The import files of the sample, in the columns the importers expect."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from copilot.sample.conversation import Conversation
from copilot.sample.events import Event
from copilot.sample.people import Customer
from copilot.sample.purchases import OrderLine
from copilot.sample.truth import Truth


def write_customers(path: Path, customers: Iterable[Customer]) -> None:
    """customers.csv, in the order given."""
    columns = ("id", "name", "gender", "birthday", "city", "joined_at", "tags", "attributes", "identities")
    _write_csv(path, columns, (_customer_row(customer) for customer in customers))


def write_orders(path: Path, lines: Iterable[OrderLine]) -> None:
    """orders.csv, one row a line of an order."""
    columns = ("order_id", "customer_id", "sku", "ordered_at", "quantity", "amount", "status")
    rows = (
        (
            line.order_id,
            line.customer_id,
            line.sku,
            line.ordered_at.isoformat(),
            str(line.quantity),
            f"{line.amount:.2f}",
            line.status,
        )
        for line in lines
    )
    _write_csv(path, columns, rows)


def write_events(path: Path, events: Iterable[Event]) -> None:
    """events.csv; the value is empty where the kind has none."""
    columns = ("customer_id", "kind", "at", "object", "value")
    rows = (
        (
            event.customer_id,
            event.kind,
            event.at.isoformat(),
            event.obj,
            "" if event.value is None else f"{event.value:g}",
        )
        for event in events
    )
    _write_csv(path, columns, rows)


def write_conversations(path: Path, conversations: Iterable[Conversation]) -> None:
    """conversations.jsonl, one conversation a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for conversation in conversations:
            file.write(json.dumps(conversation.as_row(), ensure_ascii=False) + "\n")


def write_truth(path: Path, truth: Truth) -> None:
    """truth.json, indented for reading."""
    path.write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def _customer_row(customer: Customer) -> tuple[str, ...]:
    return (
        customer.customer_id,
        customer.name,
        customer.gender,
        customer.birthday.isoformat() if customer.birthday else "",
        customer.city,
        customer.joined_at.isoformat(),
        "|".join(customer.tags),
        json.dumps(customer.attributes, ensure_ascii=False),
        "|".join(customer.identities),
    )


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
