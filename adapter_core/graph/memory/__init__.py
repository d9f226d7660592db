"""Bounded caches, caches for a request, and the garbage collector."""
