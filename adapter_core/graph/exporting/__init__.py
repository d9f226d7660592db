"""Everything that a graph knows, as one file for other programs."""
