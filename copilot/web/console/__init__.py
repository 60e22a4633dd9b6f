"""The agent console: pages and fragments rendered on the server."""
