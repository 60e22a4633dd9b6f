"""The curation desk: pages on which editors keep the library, rendered on the server; a package for each page."""
