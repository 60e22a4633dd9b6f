"""`copilot eval`: measure it, compare it, and say whether it may be released."""

import typer

from copilot.cli.evaluation import (
    bench,
    experiment,
    ope,
    products,
    regressions,
    replay,
    report,
    robustness,
    runs,
    texts,
)

app = typer.Typer(help="Measure the engine, compare versions, and stop a release that is worse.", no_args_is_help=True)
app.command("run")(runs.run)
app.command("compare")(runs.compare)
app.command("gate")(runs.gate)
app.command("report")(report.report)
app.command("regressions")(regressions.regressions)
app.command("replay")(replay.replay)
app.command("ope")(ope.ope)
app.command("experiment")(experiment.experiment)
app.command("retrieval")(texts.retrieval)
app.command("rerank")(texts.rerank)
app.command("products")(products.products)
app.command("robustness")(robustness.robustness)
app.command("bench")(bench.bench)
