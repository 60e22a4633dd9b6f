"""The rules shipped with the product; a workspace may have its own `rules.toml` instead."""
