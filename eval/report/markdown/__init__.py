"""The report as Markdown, with the same numbers, for a pull request or a wiki."""
