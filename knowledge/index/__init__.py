"""Search inside one collection: by vectors, by words, and by who may see what."""
