"""Tests and code: which tests there are, and which lead to a symbol. `testing.workspace_tests` is the door."""
