"""Look-ups: symbols by name and position, imports between modules, occurrences of a text."""
