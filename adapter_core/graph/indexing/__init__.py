"""Indexes files: in batches, in parser processes, incrementally."""
