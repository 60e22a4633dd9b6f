"""The editor of one script: what it says, what stands against it, its versions, and what finds it."""
