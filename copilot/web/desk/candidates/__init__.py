"""The page on which editors decide about candidates."""
