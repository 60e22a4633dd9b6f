import json

from typer.testing import CliRunner

from copilot.cli.app import app


def suggest(shop, *arguments: str):
    command = ["suggest", *arguments, "--workspace", str(shop.workspace.folder), "--encoder", "hash", "--json"]
    return CliRunner().invoke(app, command)


def test_an_opening_needs_a_customer_and_no_message(shop) -> None:
    shop.add_customer("c1")
    shop.add_script("hello", "您好，需要帮忙随时叫我。", "在吗")
    shop.add_script("returns", "七天内可以退货。", "可以退货吗")
    answer = json.loads(suggest(shop, "--opening", "--customer", "c1").stdout)
    assert ([one["script_id"] for one in answer["replies"]], answer["message"]) == (["hello"], "")
    assert suggest(shop, "--opening").exit_code != 0
    assert suggest(shop, "在吗", "--opening", "--customer", "c1").exit_code != 0
    assert suggest(shop).exit_code != 0
