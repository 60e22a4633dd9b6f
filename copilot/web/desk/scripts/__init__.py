"""The page on which editors find scripts and change many of them at once."""
