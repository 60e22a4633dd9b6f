"""The page on which editors bring files in and take them out."""
