"""Adapters: low-rank deltas and memories that fit a language model to a repository."""
