"""Tests and code: which tests there are, and which lead to a symbol. `workspace_tests` and `exercised` are the doors."""
