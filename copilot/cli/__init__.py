"""The command line: `copilot COMMAND`."""

from copilot.cli.app import main

__all__ = ["main"]
