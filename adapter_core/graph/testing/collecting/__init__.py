"""Which tests pytest would collect from a file, and which fixtures run for them, by text alone. `testing.tests_map` is the entry point."""
