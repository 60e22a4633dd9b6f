"""What goes over the wire, one module per part of the API; unknown fields are refused."""
