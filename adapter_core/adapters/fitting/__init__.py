"""Training a low-rank adapter on a repository, and judging it. `adapters.fit` is the door."""
