"""`copilot eval bench` on the command line."""

import pytest
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.errors import BadRequestError


@pytest.mark.parametrize("sizes", ["many", "1000,", "0", "-5", "1000;2000"])
def test_sizes_that_are_no_numbers_are_refused(sizes: str) -> None:
    result = CliRunner().invoke(app, ["eval", "bench", "--sizes", sizes])
    assert isinstance(result.exception, BadRequestError)
    assert "--sizes" in str(result.exception)


def test_help_shows_an_example() -> None:
    result = CliRunner().invoke(app, ["eval", "bench", "--help"])
    assert result.exit_code == 0
    assert "copilot eval bench --sizes" in result.output
