"""The performance page: how scripts, stages, agents and teams do."""
