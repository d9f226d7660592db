"""Look-ups: symbols by name and place, modules that import each other, a text in code."""
