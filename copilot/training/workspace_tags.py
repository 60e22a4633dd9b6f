"""The tags of a workspace's customers, each with the time it held."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from knowledge.database import Database
from knowledge.tables import CustomerTag
from models.recommenders.profile_tags import ProfileTags

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class HeldTag:
    """A tag of a customer, by its name and with its value; `to_day` is open while it holds. Days count from 1970."""

    customer_id: str
    names: tuple[str, ...]
    from_day: float
    to_day: float | None


@dataclass(frozen=True)
class TagHistory:
    """All tags that customers ever had."""

    held: Sequence[HeldTag]

    def at(self, customer_ids: Sequence[str], day: float) -> ProfileTags:
        """The tags that these customers had on a day."""
        names: dict[str, set[str]] = {customer_id: set() for customer_id in customer_ids}
        for one in self.held:
            is_on = one.from_day <= day and (one.to_day is None or day < one.to_day)
            if is_on and one.customer_id in names:
                names[one.customer_id].update(one.names)
        return ProfileTags.of_names([names[customer_id] for customer_id in customer_ids])


def workspace_tags(database: Database, tenant_id: str) -> TagHistory:
    """The tags of a tenant's customers, those that have ended too."""
    wanted = (CustomerTag.customer_id, CustomerTag.tag, CustomerTag.value, CustomerTag.valid_from, CustomerTag.valid_to)
    query = select(*(col(one) for one in wanted)).where(col(CustomerTag.tenant_id) == tenant_id)
    with database.read() as session:
        return TagHistory(
            [
                HeldTag(
                    row.customer_id,
                    (row.tag, f"{row.tag}:{row.value}") if row.value else (row.tag,),
                    row.valid_from.timestamp() / DAY_SECONDS,
                    None if row.valid_to is None else row.valid_to.timestamp() / DAY_SECONDS,
                )
                for row in session.execute(query.execution_options(yield_per=10_000))
            ]
        )
