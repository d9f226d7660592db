"""Tests and code: which tests there are, and which reach a symbol. `workspace_tests` and `exercised` are the entry points."""
