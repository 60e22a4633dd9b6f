"""The health page: what is wrong with the library, what it lacks, and what can be done at once."""
