"""How symbols are linked: calls, imports, inheritance, tests, counts; what is known of it, and the time for finding more."""
