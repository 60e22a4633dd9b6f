"""`copilot suggest`: what the engine would put in front of an agent."""

import gc
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import EncoderOption, JsonOption, WorkspaceOption, print_json, read_settings

if TYPE_CHECKING:
    from copilot.engine.answer import SuggestionAnswer
    from copilot.engine.request import ProductMode, Said
    from knowledge.tables import Scene


def suggest(
    message: Annotated[str, typer.Argument(help="What the customer wrote; nothing with --opening.")] = "",
    customer: Annotated[str | None, typer.Option("--customer", "-c", help="The customer's id.")] = None,
    context: Annotated[
        Path | None, typer.Option("--context", help="JSON Lines of what was said before: {role, text, at}.")
    ] = None,
    scene: Annotated[str, typer.Option("--scene", help="direct or group.")] = "direct",
    agent: Annotated[str | None, typer.Option("--agent", help="The agent's id.")] = None,
    sku: Annotated[str | None, typer.Option("--sku", help="The product on the customer's screen.")] = None,
    products: Annotated[
        str | None,
        typer.Option("--products", help="any, new (to the customer), complement or answer (to the message)."),
    ] = None,
    complement_of: Annotated[
        str | None, typer.Option("--complement-of", help="Products that go with this one; means --products complement.")
    ] = None,
    opening: Annotated[
        bool, typer.Option("--opening", help="What to say before the customer has written; needs --customer.")
    ] = False,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Suggest replies and products for one message.

    Example: copilot suggest "敏感肌能用吗" --customer c0001
    """
    gc.disable()  # one message and the process ends: collecting among fresh imports would be a tenth of its time
    from copilot.engine.request import SuggestRequest
    from copilot.runtime import Runtime

    request = SuggestRequest(
        message=message,
        context=_read_context(context) if context else (),
        customer_id=customer,
        agent_id=agent,
        scene=_scene(scene),
        sku=sku,
        products=_mode(products, complement_of),
        complement_of=complement_of,
        opening=opening,
    )
    runtime = Runtime.open(read_settings(workspace, encoder))
    try:
        answer = runtime.engine.suggest(request)
    finally:
        runtime.close()
    if as_json:
        print_json(asdict(answer))
    else:
        _show(answer, runtime.degraded)


def _scene(text: str) -> "Scene":
    from copilot.errors import BadRequestError
    from knowledge.tables import Scene

    if text not in list(Scene):
        raise BadRequestError("--scene", text, "direct or group")
    return Scene(text)


def _mode(products: str | None, complement_of: str | None) -> "ProductMode":
    from copilot.engine.request import ProductMode
    from copilot.errors import BadRequestError

    if products is None:
        return ProductMode.COMPLEMENT if complement_of else ProductMode.ANY
    if products not in list(ProductMode):
        raise BadRequestError("--products", products, "any, new, complement or answer")
    return ProductMode(products)


def _read_context(path: Path) -> list["Said"]:
    """The messages of a context file, oldest first."""
    from copilot.errors import BadRequestError

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequestError("--context", str(path), f"a readable UTF-8 file ({error})") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    return [_said(path, number, line) for number, line in lines]


def _said(path: Path, number: int, line: str) -> "Said":
    from datetime import datetime

    from copilot.engine.request import Said
    from copilot.errors import BadRequestError
    from knowledge.tables import MessageRole

    try:
        row = json.loads(line)
        at = datetime.fromisoformat(row["at"]) if row.get("at") else None
        return Said(MessageRole(row["role"]), str(row["text"]), at)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        expected = '{"role": "customer" or "agent", "text": "…", "at": ISO time or absent}'
        raise BadRequestError(f"{path}, line {number}", line, expected) from error


def _show(answer: "SuggestionAnswer", degraded: str) -> None:
    """The answer for a person at a terminal."""
    if degraded:
        typer.echo(f"! words only: {degraded}", err=True)
    if answer.abstained:
        typer.echo(f"No reply suggested: {answer.abstain_reason}")
    for reply in answer.replies:
        typer.echo(f"{reply.rank}. [{reply.probability:.0%}] {reply.text}")
        reasons = ", ".join(f"{part.feature} {part.contribution:+.2f}" for part in reply.why[:5])
        typer.echo(f"   {reply.source}  score {reply.score:.2f} = {reasons}")
        for warning in reply.warnings:
            typer.echo(f"   ! {warning}")
    for product in answer.products:
        price = f"{product.price} {product.currency}" if product.price else "price unknown"
        typer.echo(f"+ {product.name} ({product.sku}, {price}): {'; '.join(one.text for one in product.reasons)}")
    if answer.products_reason:
        prefix = "Products" if answer.products else "No product mentioned"
        typer.echo(f"{prefix}: {answer.products_reason}")
    if answer.ask:
        typer.echo(f"? {answer.ask.question}")
    for one in answer.excluded:
        typer.echo(f"- {one.item_id} left out: {one.rule}")
