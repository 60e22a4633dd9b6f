"""What became of the rows of an orders file."""

from dataclasses import dataclass, fields

from eval.datasets.refusals import KEPT_EXAMPLES


@dataclass(frozen=True)
class OrderCounts:
    """The rows that were kept, and those that were left out for each reason; together they are all rows.

    Attributes:
        n_kept: rows that are lines now.
        n_undone: rows whose status says cancelled, refunded or returned.
        n_refunds: rows with a negative quantity or amount.
        n_taken_back: rows of what was bought and then given back whole, by one of the two before or as a quantity of 0.
        n_repeated: rows that say again what another one says, exactly or with a later status.
        n_future: rows with a time more than a day after the present, where that is known.
        n_rejected: rows that cannot be understood or contradict others; `examples` are the first few.
        n_skewed: of the kept rows, those with a time after the present by up to a day.
        n_other_currency: of the kept rows, those without their amount, which is in another currency than most.
    """

    n_kept: int = 0
    n_undone: int = 0
    n_refunds: int = 0
    n_taken_back: int = 0
    n_repeated: int = 0
    n_future: int = 0
    n_rejected: int = 0
    n_skewed: int = 0
    n_other_currency: int = 0
    examples: tuple[str, ...] = ()

    @property
    def n_nothing(self) -> int:
        """Rows of what came to nothing."""
        return self.n_undone + self.n_refunds + self.n_taken_back

    @property
    def n_left_out(self) -> int:
        return self.n_nothing + self.n_repeated + self.n_future + self.n_rejected

    @property
    def n_rows(self) -> int:
        return self.n_kept + self.n_left_out

    def __add__(self, other: "OrderCounts") -> "OrderCounts":
        counts = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return OrderCounts(**{**counts, "examples": counts["examples"][:KEPT_EXAMPLES]})

    def to_dict(self) -> dict[str, object]:
        """The counts that are not zero, as plain values; `n_kept` always."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        given["examples"] = list(self.examples)
        return {name: value for name, value in given.items() if value or name == "n_kept"}
