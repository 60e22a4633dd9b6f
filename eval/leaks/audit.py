"""All checks of a run together."""

from collections.abc import Iterable, Sequence

from eval.leaks.later import KIND_OF_FACT, later_facts, later_training
from eval.leaks.leak import Audit, Leak
from eval.leaks.sides import Exchange, LibraryText, copied_scripts, shared_sessions
from eval.runs.run import Run

TODAY = "now"
"""`library_of` in the manifest of a run that answered old messages with the scripts of today."""


def audit_run(
    run: Run, *, library: Sequence[LibraryText] | None = None, training: Iterable[Exchange] | None = None
) -> Audit:
    """Every leak of a run over turns; without the library or the training side, what needs them is left unchecked."""
    unchecked = []
    kinds = set(KIND_OF_FACT)
    if run.manifest.get("library_of") == TODAY:
        kinds.remove("script")
        unchecked.append("future-script: the run was asked to answer with the scripts of today")
    leaks: list[Leak] = [*later_facts(run, kinds), *later_training(run)]
    if library is None:
        unchecked.append("copied-script: no library was given")
    else:
        leaks += copied_scripts(run, library)
    if training is None:
        unchecked.append("shared-session: no training data was given")
    else:
        leaks += shared_sessions(run, training)
    n_untimed = run.table["at"].null_count
    if n_untimed:
        unchecked.append(f"future facts of {n_untimed:,} turns: they have no time")
    return Audit(tuple(leaks), len(run.table), tuple(unchecked))
