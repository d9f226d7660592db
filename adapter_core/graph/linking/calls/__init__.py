"""Calls: their callees, results and arguments. `sites` and `parameters` are the entry points."""
