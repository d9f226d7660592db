"""Sentences about links between symbols (calls, imports, inheritance, tests, counts), and the look-ups and time budget for them."""
