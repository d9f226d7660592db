"""How loops, `isinstance` and early returns restrict what a name may be."""
