"""The path from a customer's message to a suggestion; knows nothing of the web."""
