"""One module for each source of candidates."""
