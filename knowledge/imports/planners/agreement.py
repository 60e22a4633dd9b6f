"""Files that name the same thing twice."""

from knowledge.imports.plan import Plan
from knowledge.imports.report import RejectedRow
from knowledge.imports.rows import Row
from knowledge.imports.staging import Group


def agreed_row(group: Group[Row], column: str, plan: Plan) -> Row:
    """The first row of a group; those that repeat it change nothing, those that contradict it are rejected."""
    first = group.rows[0]
    for staged in group.rows[1:]:
        if staged.row == first.row:
            plan.tally.n_unchanged += 1
            plan.tally.warn("repeated_rows", group.key)
        else:
            reason = f"{column}: {group.key!r} already stands on line {first.line} with other values"
            plan.tally.reject(RejectedRow(staged.line, column, group.key, reason, "each id once in a file"))
    return first.row
