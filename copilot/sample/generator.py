"""Writes the sample: import files of a whole small brand, and the truth about what made its sales."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file
from pathlib import Path

from copilot.sample.brand import brand_folder
from copilot.sample.conversation import Conversation
from copilot.sample.earned_tags import with_earned_tags
from copilot.sample.events import make_events
from copilot.sample.files import write_conversations, write_customers, write_events, write_orders, write_truth
from copilot.sample.purchases import OrderLine
from copilot.sample.truth import truth_of
from copilot.sample.world import SampleConfig, build_world

__all__ = ["SampleConfig", "SampleSummary", "write_sample"]


@dataclass(frozen=True)
class SampleSummary:
    """How much was written, and where."""

    folder: Path
    n_products: int
    n_scripts: int
    n_customers: int
    n_order_lines: int
    n_events: int
    n_conversations: int
    n_converted: int

    @property
    def conversion_rate(self) -> float:
        """Share of conversations that ended in a sale; 0 without conversations."""
        return self.n_converted / self.n_conversations if self.n_conversations else 0.0


def write_sample(out: Path, config: SampleConfig | None = None) -> SampleSummary:
    """Writes products, scripts, documents, customers, orders, events, conversations and truth.json into a folder.

    The folder is made when missing; files of the same names are replaced.
    """
    config = config or SampleConfig()
    out.mkdir(parents=True, exist_ok=True)
    _copy_content(out)
    world = build_world(config)
    conversations = list(world.conversations())
    orders = _all_orders(world.orders, conversations)
    products = world.brand.products
    customers = with_earned_tags(world.customers, orders, products, config.today)
    events = make_events(config.stream(7), customers, orders, products, first=config.first_day, today=config.today)
    write_customers(out / "customers.csv", customers)
    write_orders(out / "orders.csv", orders)
    write_events(out / "events.csv", events)
    write_conversations(out / "conversations.jsonl", conversations)
    write_truth(out / "truth.json", truth_of(world, conversations))
    return SampleSummary(
        folder=out,
        n_products=len(products),
        n_scripts=len(world.brand.scripts),
        n_customers=len(customers),
        n_order_lines=len(orders),
        n_events=len(events),
        n_conversations=len(conversations),
        n_converted=sum(conversation.converted for conversation in conversations),
    )


def _copy_content(out: Path) -> None:
    """The files written by hand, as they are."""
    with as_file(brand_folder()) as folder:
        for name in ("products.csv", "scripts.csv"):
            shutil.copyfile(folder / name, out / name)
        shutil.copytree(folder / "documents", out / "documents", dirs_exist_ok=True)


def _all_orders(orders: Sequence[OrderLine], conversations: Sequence[Conversation]) -> list[OrderLine]:
    """Orders placed in the shop and in conversations, by time."""
    talked = [line for conversation in conversations for line in conversation.order]
    return sorted([*orders, *talked], key=lambda line: (line.ordered_at, line.order_id, line.sku))
