"""Which tests pytest would collect from a file, and which fixtures run for them, told from text alone. `testing.tests_map` is the door."""
