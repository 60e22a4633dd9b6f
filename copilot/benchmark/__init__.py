"""`copilot eval bench`: a synthetic library of any size, and the production engine measured on it.

`vocabulary` and `texts` write what customers and shops say, `people` and `library` put a shop into a workspace,
`vectors` fills the cache of vectors, `serving`, `freshness` and `starting` measure, each in a process of its own.
"""
