"""One plain sentence on each judgement."""

from eval.effects.evidence import Adjusted, Evidence
from eval.effects.planning import is_contradicted
from eval.statistics.estimate import Estimate


def sentence_of_effect(evidence: Evidence, adjusted: Adjusted) -> str:
    """As in "+8.1 points (5.2 to 11.0) on conversion against an ordinary reply, 812 uses"."""
    return (
        f"{_points(adjusted.effect)} on {evidence.outcome_name} against an ordinary reply, {evidence.n_treated:,} uses"
    )


def sentence_of_cannot_tell(evidence: Evidence, needs_more: int | None, worthwhile: float) -> str:
    """What is missing, with what was seen so far."""
    adjusted = evidence.adjusted
    more = f", needs about {needs_more:,} more uses" if needs_more else ""
    if adjusted is None:
        return f"cannot tell{' yet' if more else ''}{more}: {evidence.too_little}"
    seen = sentence_of_effect(evidence, adjusted)
    if is_contradicted(evidence) and adjusted.within_agent:
        return f"cannot tell: {seen}, but {_points(adjusted.within_agent)} where the same agent sent both"
    if more:
        return f"cannot tell yet{more}: {seen}"
    return f"cannot tell, an effect of {100 * worthwhile:g} points would have shown: {seen}"


def _points(effect: Estimate) -> str:
    return f"{100 * effect.mean:+.1f} points ({100 * effect.low:.1f} to {100 * effect.high:.1f})"
