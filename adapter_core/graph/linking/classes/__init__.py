"""Classes: their bases and subclasses, their attributes, also those that are set from outside. `attributes` is the entry point."""
