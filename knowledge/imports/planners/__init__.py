"""Planners: one per kind of row, each turning a batch of groups into a `Plan`."""
