"""One reader per document format, each giving a `ParsedDocument`."""
