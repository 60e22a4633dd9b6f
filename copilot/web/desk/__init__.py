"""The curation desk: pages on which editors decide about candidates, rendered on the server."""
