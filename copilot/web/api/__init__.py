"""The HTTP API, one module per part; everything under `/v1` except what machines ask (`health`)."""
