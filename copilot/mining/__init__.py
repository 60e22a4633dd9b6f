"""What the archive teaches: mined scripts, the health of the library, and what became of what was shown."""
