"""What loops, `isinstance` and early returns leave of what a name may be."""
