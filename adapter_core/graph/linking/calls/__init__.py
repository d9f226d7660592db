"""Calls: what they enter, what they give, and what they hand to parameters. `sites` and `parameters` are the doors."""
